import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { LANGUAGES } from '../../../src/page/parts/language.js';
import {
  describeEngine,
  ENGINES,
  type EnginePage,
  enginesFor,
  testIn,
} from '../../browser/engines/engines.js';
import { serve } from '../../browser/engines/serve.js';
import { testFolder } from '../../folder.js';
import {
  buildDemo,
  focusedLabel,
  focusNothing,
  photo,
  screen,
  speak,
  toChoosing,
} from '../demo-page.js';
import { STATED_GAPS } from './stated-gaps.js';

const folder = testFolder();
const demo = buildDemo(folder);

/** Presses Shift `presses` times. */
async function shift(page: EnginePage, presses: number): Promise<void> {
  for (let press = 0; press < presses; press++) await page.press('Shift');
}

/** Holds the timers that the shell sets from now on, in `held`: it is the test's turn to end them. */
const holdTime = (page: EnginePage) =>
  page.top.evaluate(() => {
    const held: unknown[] = [];
    const setTimeout = (...timer: unknown[]) => held.push(timer);
    Object.assign(window, { held, setTimeout });
  });

const dots = (page: EnginePage) =>
  page.top.evaluate(() => document.getElementById('exit')!.getAttribute('data-presses'));

const left = (page: EnginePage) => expect.poll(() => page.url()).toBe('about:blank');

/** Presses the exit. Gives what is left right after, before another page loads. */
const pressExit = (page: EnginePage) =>
  page.top.evaluate(() => {
    const within = document.querySelector('iframe')!.contentWindow!;
    document.getElementById('exit')!.click();
    const cover = document.querySelector('.exit-cover')!.getBoundingClientRect();
    return {
      text: document.body.textContent,
      title: document.title,
      covers: cover.width >= innerWidth && cover.height >= innerHeight,
      children: document.body.childElementCount,
      frames: window.length,
      ended: within.closed,
    };
  });
/** Only a cover is left: the frame is gone, with its pictures, hashes and Workers. */
const COVERED = {
  text: 'Loading.',
  title: '…',
  covers: true,
  children: 1,
  frames: 0,
  ended: true,
};

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    const inOne = testIn('chromium', name);

    test('from file:, the exit covers and empties the page at once, and Back does not return', async () => {
      const page = await open.page();
      const before = join(folder, 'before.html');
      writeFileSync(before, '<title>before</title>');
      await page.goto(pathToFileURL(before).href);
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 of 1 ready');
      const length = await page.top.evaluate(() => history.length);
      expect(await pressExit(page)).toEqual(COVERED);
      await left(page);
      expect(await page.top.evaluate(() => history.length)).toBe(length);
      expect(await page.top.evaluate(() => document.body?.childElementCount ?? 0)).toBe(0);
      await page.back();
      // Read from the page: Firefox's driver keeps the address of the page left.
      const title = () => page.top.evaluate(() => document.title).catch(() => '');
      await expect.poll(title).toBe('before');
    });

    test('the exit works by keyboard', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await page.top.evaluate(() => document.getElementById('exit')!.focus());
      await page.press('Enter');
      await left(page);
    });

    test('offline, it leads to an empty page: an error page would show the address', async () => {
      const site = await serve((path) => (path === '/' ? { body: demo.html } : undefined));
      try {
        const page = await open.page();
        await page.goto(`${site.url}/`);
        await page.top.evaluate(() => {
          Object.defineProperty(navigator, 'onLine', { get: () => false });
        });
        expect(await pressExit(page)).toEqual(COVERED);
        await left(page);
      } finally {
        await site.close();
      }
    });

    inOne('a file dropped beside the frame is not opened', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      const opened = await page.top.evaluate(() =>
        ['dragenter', 'dragover', 'drop'].filter((type) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(['x'], 'x.png', { type: 'image/png' }));
          const options = { bubbles: true, cancelable: true, dataTransfer };
          return document.getElementById('exit')!.dispatchEvent(new DragEvent(type, options));
        }),
      );
      expect(opened).toEqual([]);
    });

    test('Shift pressed three times leaves from anywhere; dots and a message count the presses', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await holdTime(page);
      await shift(page, 1);
      expect(await dots(page)).toBe('1');
      await page.top.waitFor(() =>
        document.getElementById('status')!.textContent!.includes('2 more times'),
      );
      await shift(page, 1);
      expect(await dots(page)).toBe('2');
      await shift(page, 1);
      await left(page);
    });

    test('Shift for a capital does not count, and two presses expire after 5 s', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      for (let press = 0; press < 3; press++) await page.press('A', { shift: true });
      expect(await page.url()).toBe(demo.url);
      expect(await dots(page)).toBeNull();
      await holdTime(page);
      await shift(page, 2);
      expect(await dots(page)).toBe('2');
      await page.top.evaluate(() => {
        const { held } = window as unknown as { held: [work: () => void, milliseconds: number][] };
        held.find(([, milliseconds]) => milliseconds === 5000)![0]();
      });
      expect(await dots(page)).toBe('0');
      await shift(page, 2);
      expect(await dots(page)).toBe('2');
      expect(await page.url()).toBe(demo.url);
    });

    test('each language has its texts and direction, fits a phone, and has the exit first', async () => {
      const page = await open.page();
      await page.resize(360, 740);
      await page.goto(demo.url);
      for (const [tag, strings] of Object.entries(LANGUAGES)) {
        // Texts are the same in every engine, directions are its own.
        if (tag !== 'ar' && !enginesFor('chromium').includes(name)) continue;
        await speak(page, tag);
        const found = await page.evaluate(() => {
          const root = document.documentElement;
          return {
            lang: root.lang,
            direction: getComputedStyle(document.querySelector('h1')!).direction,
            heading: document.querySelector('h1')!.textContent,
            machine: document.querySelector('.machine')?.textContent ?? '',
            tooWide: root.scrollWidth > innerWidth,
          };
        });
        expect(found).toEqual({
          lang: tag,
          direction: tag === 'ar' ? 'rtl' : 'ltr',
          heading: strings.welcomeTitle,
          machine: strings.machine,
          tooWide: false,
        });
        await page.top.waitFor((lang: string) => document.documentElement.lang === lang, [tag]);
        const around = await page.top.evaluate(() => {
          const exit = document.getElementById('exit')!.getBoundingClientRect();
          return {
            words: document.getElementById('exit')!.textContent,
            label: document.getElementById('exit')!.ariaLabel,
            hint: document.getElementById('exit')!.title,
            height: exit.height,
            title: document.title,
            frame: document.querySelector('iframe')!.title,
            side: exit.left + exit.width / 2 < innerWidth / 2 ? 'left' : 'right',
            tooLarge:
              document.documentElement.scrollWidth > innerWidth ||
              document.documentElement.scrollHeight > innerHeight,
          };
        });
        expect(around).toEqual({
          words: strings.exitShort,
          label: strings.exit,
          hint: strings.exitHint,
          height: 48,
          title: strings.title,
          frame: strings.title,
          side: tag === 'ar' ? 'left' : 'right',
          tooLarge: false,
        });
        await focusNothing(page);
        await page.press('Tab');
        expect(await focusedLabel(page)).toBe(strings.exit);
      }
    });

    test('Hindi is displayed: its letters join, which they do not without a font', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await speak(page, 'hi');
      const widths = await page.evaluate(() => {
        const context = document.createElement('canvas').getContext('2d')!;
        context.font = getComputedStyle(document.querySelector('h1')!).font;
        const widthOf = (text: string) => context.measureText(text).width;
        return { joined: widthOf('क्ष'), apart: widthOf('क') + widthOf('ष') };
      });
      expect(widths.joined).toBeGreaterThan(0);
      expect(widths.joined).toBeLessThan(widths.apart);
    });

    // test/browser/exfiltration.test.ts measures that these are the gaps, and the only ones.
    inOne('the page names each gap of its policy in every language', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      for (const [tag, strings] of Object.entries(LANGUAGES)) {
        await speak(page, tag);
        const named = await page.evaluate(() =>
          [...document.querySelectorAll('#gaps li')].map((gap) => gap.textContent),
        );
        const stated = Object.keys(STATED_GAPS) as (keyof typeof STATED_GAPS)[];
        expect(named).toEqual(stated.map((gap) => strings[gap]));
      }
    });
  });
}
