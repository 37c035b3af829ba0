import { expect, test } from 'vitest';
import { chatScreenshot } from '../../docs/making/walk.js';
import { LANGUAGES } from '../../src/page/parts/language.js';
import { describeEngine, type EnginePage, enginesFor } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import {
  buildDemo,
  choose,
  photo,
  press,
  screen,
  speak,
  toChoosing,
  toCode,
  walkThrough,
} from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const chat = await chatScreenshot(photo('acanthus-mollis.jpg'), folder);
const PHONES = [
  { width: 320, height: 568 },
  { width: 360, height: 640 },
];

/** What answers the question of a screen: its rows, its two answers, or its main button. */
const MAIN = 'main .row, main .answers .button, main .foot .button, main .foot a';
const TARGETS = 'button, a[href], select, summary, label.button, .tick label';

/**
 * Whatever is wrong with the shown screen: its question or a main button not in full view, at the
 * top; a target that is too small; the header not 48 pixels high, or under the exit.
 */
async function faults(page: EnginePage): Promise<string[]> {
  const exit = await page.top.evaluate(() => {
    const { left, right, top, bottom } = document.getElementById('exit')!.getBoundingClientRect();
    return { left, right, top, bottom };
  });
  return await page.evaluate(
    (main: string, targets: string, exit) => {
      scrollTo(0, 0);
      const wrong: string[] = [];
      const name = (element: Element) => `${element.className} ${element.textContent}`.slice(0, 60);
      const header = document.querySelector('header')!.getBoundingClientRect();
      if (header.height !== 48) wrong.push(`header of ${header.height} pixels`);
      if (exit.top !== 0 || exit.bottom !== 48)
        wrong.push(`exit from ${exit.top} to ${exit.bottom}`);
      for (const within of document.querySelectorAll('#language, .step')) {
        const range = document.createRange();
        range.selectNodeContents(within);
        const { left, right } =
          within.tagName === 'P' ? range.getBoundingClientRect() : within.getBoundingClientRect();
        if (left < exit.right && right > exit.left) wrong.push(`under the exit: ${name(within)}`);
      }
      const buttons = [...document.querySelectorAll(main)];
      if (buttons.length === 0) wrong.push('no main button');
      for (const each of [document.querySelector('h1')!, ...buttons]) {
        const { top, bottom, left, right } = each.getBoundingClientRect();
        const inView = top >= header.bottom && bottom <= innerHeight && left >= 0;
        if (!inView || right > innerWidth) wrong.push(`not in view: ${name(each)}`);
        const middle = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        if (!middle || !(each.contains(middle) || middle.parentElement === each.parentElement)) {
          wrong.push(`covered: ${name(each)}`);
        }
      }
      for (const target of document.querySelectorAll(targets)) {
        const { height, width } = target.getBoundingClientRect();
        if (height > 0 && (height < 48 || width < 44)) {
          wrong.push(`${width} by ${height}: ${name(target)}`);
        }
      }
      return wrong;
    },
    MAIN,
    TARGETS,
    exit,
  );
}

const heading = (page: EnginePage) =>
  page.evaluate(() => document.querySelector('h1')!.textContent!);
const stepWords = (page: EnginePage) =>
  page.evaluate(() => document.querySelector('.step')!.textContent!);
/** True if the browser would ask before the page is left. */
const asks = (page: EnginePage) =>
  page.top.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));

for (const name of enginesFor('chromium')) {
  describeEngine(name, (open) => {
    test('on a small phone, in every language, each screen shows its question and main button', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      const broken: string[] = [];
      const steps: Record<string, string> = {};
      const check = async (which: string) => {
        for (const { width, height } of PHONES) {
          await page.resize(width, height);
          for (const tag of Object.keys(LANGUAGES)) {
            await speak(page, tag);
            await page.top.waitFor((lang: string) => document.documentElement.lang === lang, [tag]);
            const found = await faults(page);
            broken.push(...found.map((fault) => `${which}, ${tag}, ${width}: ${fault}`));
          }
        }
        await speak(page, 'en');
        steps[which] = await stepWords(page);
      };
      await walkThrough(page, chat, check);
      expect(broken).toEqual([]);
      const stepOf = (name: string) => /\d/.exec(steps[name]!)?.[0];
      const names = ['age', 'child', 'choose', 'working', 'pictures', 'wide', 'code', 'done'];
      expect(names.map(stepOf)).toEqual([...'11233455']);
      expect(stepOf('start') ?? stepOf('withdraw') ?? stepOf('threat')).toBe(undefined);
    });

    test('Back leads over all previous screens, and loses nothing', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      const entries = () => page.top.evaluate(() => history.length);
      const before = await entries();
      await toChoosing(page);
      await page.setFiles('#files', [photo('acanthus-mollis.jpg')]);
      await screen(page, '1 of 1 ready');
      await press(page, 'Add more pictures');
      await press(page, 'Back');
      expect(await heading(page)).toBe('1 of 1 ready');
      await press(page, 'Next');
      await press(page, 'Only this picture');
      await screen(page, 'Your code');
      const code = () => page.evaluate(() => document.querySelector('#code')!.textContent);
      const first = await code();
      await press(page, 'Next');
      const seen: string[] = [];
      for (let presses = 0; presses < 8; presses++) {
        await press(page, 'Back');
        seen.push(await heading(page));
        if (seen.at(-1) === 'This is not your fault.') break;
      }
      expect(seen).toEqual([
        ...['Your code', 'How widely should copies be found?', '1 of 1 ready'],
        ...['Choose your pictures', 'Were you under 18 in it?', 'This is not your fault.'],
      ]);
      // The pictures are still there, and their file with its code.
      await toChoosing(page);
      await choose(page, 'Next');
      await screen(page, '1 of 1 ready');
      expect(await toCode(page)).toBe(first);
      // The exit's Back must not lead here: see the way in `navigation.ts`.
      expect(await entries()).toBe(before);
    });

    test("the browser's own request to close a screen is Back", async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      if (!(await page.evaluate(() => 'CloseWatcher' in window))) return;
      await page.press('Escape');
      await screen(page, 'Were you under 18 in it?');
      await page.press('Escape');
      await screen(page, 'This is not your fault.');
      await page.press('Escape');
      expect(await heading(page)).toBe('This is not your fault.');
      expect(await page.url()).toBe(demo.url);
    });

    test('leaving asks while pictures are chosen and no file is saved; the exit never asks', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      expect(await asks(page)).toBe(false);
      await page.setFiles('#files', [photo('acanthus-mollis.jpg')]);
      await screen(page, '1 of 1 ready');
      expect(await asks(page)).toBe(true);
      await toCode(page);
      expect(await asks(page)).toBe(true);
      await press(page, 'I have written it down');
      await press(page, 'Save the file');
      await expect.poll(() => asks(page)).toBe(false);
      await press(page, 'Back');
      await press(page, 'Back');
      await press(page, 'Add more pictures');
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '2 of 2 ready');
      expect(await asks(page)).toBe(true);
      const askedAfter = await page.top.evaluate(() => {
        document.getElementById('exit')!.click();
        return !dispatchEvent(new Event('beforeunload', { cancelable: true }));
      });
      expect(askedAfter).toBe(false);
    });
  });
}
