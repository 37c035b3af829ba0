import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createBundle, type HashedImage, hashFromHex } from '../../../src/index.js';
import { LANGUAGES } from '../../../src/page/parts/language.js';
import { describeEngine, ENGINES, enginesFor } from '../../browser/engines/engines.js';
import { ROOT } from '../../project/package.js';
import { press, shown, speak } from '../demo-page.js';
import { click, isCovered, outcome, over, post, reading, type } from './over-screen.js';
import { openService, type Service } from './service.js';

let service: Service;
beforeEach(async () => {
  service = await openService();
});
afterEach(() => service.close());

/** A file of one number, as the page makes it. */
function made() {
  const hash = hashFromHex('pdq', '5a'.repeat(32));
  const image: HashedImage = { hash, quality: 80, variants: [] };
  return createBundle([image], { day: '2026-11-29' });
}

/** Each state as the service has it, with the title and words of its screen. */
const STATES: [state: object, title: string, words: string[]][] = [
  [{ state: 'received', reports: [] }, 'Your numbers have arrived.', ['not on the list yet']],
  [{ state: 'looked-at', reports: [] }, 'Someone has looked at your numbers.', []],
  [
    {
      state: 'listed',
      listing: {
        ...{ of: 1234, listed: 1230 },
        left: [
          { why: 'too-plain', count: 3 },
          { why: 'unknown-algorithm', count: 1 },
          { why: 'of a later version', count: 9 },
        ],
      },
      reportsUntil: '2026-11-28',
      reports: [
        { platform: 'example.org', atLeast: 10 },
        { platform: '<b>forum</b>', atLeast: 0 },
      ],
    },
    'Your numbers are on the list.',
    [
      'On the list: 1,230 of 1,234.',
      'Too plain to be found by: 3',
      'Of a kind that cannot be used there: 1',
      'example.org: at least 10',
      '<b>forum</b>: fewer than 5',
      'Counted until November 28.',
    ],
  ],
  [
    { state: 'listed', listing: { of: 1, listed: 1, left: [] }, reports: [] },
    'Your numbers are on the list.',
    ['No platform has reported five copies or more yet.'],
  ],
  [
    { state: 'refused', reason: `<img src=x onerror=alert(1)>${'x'.repeat(600)}` },
    'Your numbers were not taken.',
    ['gave this reason:<img src=x onerror=alert(1)>xxx'],
  ],
  [{ state: 'withdrawn' }, 'Your numbers were taken back.', ['no longer uses them']],
  [{ state: 'dropped' }, 'HOST no longer has your numbers.', ['They were deleted there.']],
  [{ state: 'of a later version' }, 'HOST cannot do this now. Try again later.', []],
];

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('each state of a case is told in words; a code that is not known is told apart', async () => {
      const page = await open.page();
      const { host, states, next } = service;
      const { bundle, withdrawToken } = await made();
      await page.goto(service.url);
      await press(page, 'What became of my numbers?');
      await over(page, 'What became of my numbers?');
      await type(page, withdrawToken);
      await click(page, `Ask ${host}`);
      expect(await outcome(page)).toContain('found nothing for this code');
      // Firefox repeats a dropped GET up to ten times.
      next.push(...Array<'drop'>(50).fill('drop'));
      await over(page, 'What became of my numbers?');
      await click(page, `Ask ${host}`);
      expect(await outcome(page)).toContain('was not reached');
      next.length = 0;
      for (const [state, title, words] of STATES) {
        states.set(bundle.case, { ...state, proofDigest: bundle.state });
        await over(page, 'What became of my numbers?');
        await type(page, withdrawToken);
        await click(page, `Ask ${host}`);
        const heading = title.replace('HOST', host);
        const text = await over(
          page,
          heading.includes('later') ? `${heading} Nothing is lost.` : heading,
        );
        for (const each of words) expect(text).toContain(each);
        expect(text).not.toMatch(/undefined|NaN|x{500}|later version/);
        expect(
          await page.top.evaluate(() => document.querySelector('main :is(img, b)')),
        ).toBeNull();
        await click(page, 'Back');
        await shown(page, 'This is not your fault.');
        await press(page, 'What became of my numbers?');
      }
    });
  });
}

for (const name of enginesFor('chromium')) {
  describeEngine(name, (open) => {
    test('each screen that sends is in each language, and fits a small phone', async () => {
      const page = await open.page();
      const { host, states } = service;
      const { bundle, withdrawToken } = await made();
      await page.goto(service.url);
      const wrong: string[] = [];
      const titles: string[][] = [];
      const check = async () => {
        const all: string[] = [];
        for (const [width, height] of [
          [320, 568],
          [1280, 800],
        ] as const) {
          await page.resize(width, height);
          for (const tag of Object.keys(LANGUAGES)) {
            await speak(page, tag);
            await page.top.waitFor((lang: string) => document.documentElement.lang === lang, [tag]);
            const { title, faults } = await page.top.evaluate(() => {
              const main = document.querySelector('main')!;
              const heading = main.querySelector('h1')!;
              const faults: string[] = [];
              if (main.scrollWidth > main.clientWidth) faults.push('too wide');
              const texts = [...main.querySelectorAll(':is(h1, h2, p, li, .button, summary)')];
              const odd = texts.filter((each) => /[{}]|undefined|NaN/.test(each.textContent!));
              faults.push(...odd.map((each) => `odd: ${each.textContent}`));
              main.scrollTo(0, 0);
              for (const each of [heading, main.querySelector('.foot .button')!]) {
                const { top, bottom } = each.getBoundingClientRect();
                if (top < 48 || bottom > innerHeight)
                  faults.push(`not in view: ${each.textContent}`);
              }
              for (const each of main.querySelectorAll('.button, .field, summary')) {
                const { height } = each.getBoundingClientRect();
                if (height < 48) faults.push(`${height} high: ${each.textContent}`);
              }
              return { title: heading.textContent!, faults };
            });
            all.push(title);
            wrong.push(...faults.map((fault) => `${tag}, ${width}, ${title}: ${fault}`));
          }
        }
        titles.push(all.slice(0, 5));
        await speak(page, 'en');
      };
      await page.evaluate((text: string) => parent.postMessage({ send: text }, '*'), bundle.text);
      await over(page, `Send it to ${host}?`);
      await check();
      await reading();
      await click(page, `Send 1 number to ${host}`);
      await over(page, `${host} has your numbers.`);
      await check();
      await click(page, 'Next');
      await press(page, 'What became of my numbers?');
      await over(page, 'What became of my numbers?');
      await check();
      await type(page, withdrawToken);
      for (const [state] of STATES.slice(0, 7)) {
        states.set(bundle.case, { ...state, proofDigest: bundle.state });
        await reading();
        await click(page, `Ask ${host}`);
        await page.top.waitFor(
          () => document.querySelector('main .primary')?.textContent === 'Back',
        );
        await check();
        await click(page, 'Back');
        await page.top.waitFor(() => document.querySelector('main') === null);
        await page.evaluate(() => parent.postMessage({ open: 'ask' }, '*'));
        await over(page, 'What became of my numbers?');
        await type(page, withdrawToken);
      }
      await click(page, 'Back');
      await page.top.waitFor(() => document.querySelector('main') === null);
      await page.evaluate(() => parent.postMessage({ open: 'takeBack' }, '*'));
      await over(page, `Take it back from ${host}`);
      await check();
      await reading();
      await type(page, withdrawToken);
      await click(page, 'Next');
      await over(page, 'Take your numbers back?');
      await check();
      expect(wrong).toEqual([]);
      for (const all of titles) expect(new Set(all).size, all.join()).toBe(5);
    });

    test('a press too many, or at once another, leads nowhere else', async () => {
      const page = await open.page();
      const { host, got, states, next } = service;
      const { bundle, withdrawToken } = await made();
      await page.goto(service.url);
      const clickAll = (...labels: string[]) =>
        page.top.evaluate((texts: string[]) => {
          const all = [...document.querySelectorAll<HTMLElement>('main .button')];
          for (const text of texts) all.find((each) => each.textContent === text)!.click();
        }, labels);
      const title = `Take it back from ${host}`;
      await post(page, { open: 'takeBack' });
      await over(page, title);
      await type(page, withdrawToken);
      await clickAll('Next', 'Next');
      await over(page, 'Take your numbers back?');
      await click(page, 'No');
      await over(page, title);
      // She left before the code was read.
      await clickAll('Next', 'Back');
      await reading();
      expect(await isCovered(page)).toBe(false);
      await post(page, { open: 'ask' });
      await over(page, 'What became of my numbers?');
      await type(page, withdrawToken);
      await clickAll(`Ask ${host}`, 'Back');
      await reading();
      expect(await isCovered(page)).toBe(false);
      expect(got).toEqual([]);

      // She stops while the answer comes.
      states.set(bundle.case, { state: 'received', reports: [], proofDigest: bundle.state });
      await post(page, { open: 'ask' });
      await over(page, 'What became of my numbers?');
      await type(page, withdrawToken);
      next.push('begin');
      await click(page, `Ask ${host}`);
      await over(page, 'One moment');
      await click(page, 'Stop');
      expect(await outcome(page)).toContain('Stopped.');

      // No letter of her code is wrong where the browser has no digests.
      await page.top.evaluate(() => Object.defineProperty(crypto, 'subtle', { value: undefined }));
      await over(page, 'What became of my numbers?');
      await click(page, `Ask ${host}`);
      expect(await outcome(page)).toContain('cannot do this now');
    });

    test('the first screen says who takes the file; the sealed page has nothing of it', async () => {
      const page = await open.page();
      const { host } = service;
      await page.goto(service.url);
      const textOf = () => page.evaluate(() => document.querySelector('main')!.textContent!);
      expect(await textOf()).toContain(`This page belongs to ${host}.`);
      expect(await textOf()).toContain(`${host} takes the file`);
      expect(await textOf()).not.toContain('practice page');
      await press(page, 'I want to make the numbers');
      await press(page, 'No, I was 18 or older');
      expect(await textOf()).toContain(`can reach ${host} alone`);
      expect(await textOf()).not.toContain('All of this page but the exit button');

      const other = await openService(readFileSync(join(ROOT, 'dist/page.html'), 'utf8'));
      try {
        await page.goto(other.url);
        expect(await textOf()).toContain('practice page');
        expect(await textOf()).not.toContain(other.host);
        expect(await textOf()).not.toContain('What became of my numbers?');
        await page.evaluate(() => {
          parent.postMessage({ open: 'ask' }, '*');
          parent.postMessage({ language: 'fr' }, '*');
        });
        await page.top.waitFor(() => document.documentElement.lang === 'fr');
        expect(await page.top.evaluate(() => document.querySelector('main'))).toBeNull();
      } finally {
        await other.close();
      }
    });
  });
}
