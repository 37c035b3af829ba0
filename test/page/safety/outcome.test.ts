import { expect, test } from 'vitest';
import { describeEngine, type EnginePage, enginesFor } from '../../browser/engines/engines.js';
import { testFolder } from '../../folder.js';
import { buildDemo, choose, photo, screen, tabTo, toChoosing, toCode } from '../demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);

/** Goes from the first screen to the one with the code, with two pictures. */
async function withTwo(page: EnginePage): Promise<string> {
  await page.goto(demo.url);
  await toChoosing(page);
  await page.setFiles('#files', [
    photo('locomotion-house-cat-w301.jpg'),
    photo('march-pastoral-w500.webp'),
  ]);
  await screen(page, '2 of 2 ready');
  return await toCode(page);
}

/** The message, once it is visible, and whether it was announced to a screen reader. */
async function told(page: EnginePage) {
  return await page.waitFor(() => {
    const told = document.getElementById('outcome');
    const { top = -1, bottom = 0 } = told?.getBoundingClientRect() ?? {};
    if (!told || top < 0 || bottom > innerHeight) return undefined;
    const announced = document.getElementById('status')!.textContent === told.textContent;
    return { text: told.textContent!, how: told.dataset.how, announced };
  });
}

const mainText = (page: EnginePage) =>
  page.evaluate(() => document.querySelector('main')!.textContent!);

for (const name of enginesFor('chromium')) {
  describeEngine(name, (open) => {
    test('states whether the code was copied and, if not, what to do', async () => {
      const page = await open.page();
      await page.resize(360, 740);
      await withTwo(page);
      await choose(page, 'Copy the code');
      expect(await told(page)).toEqual({
        text: 'The code was copied.',
        how: 'done',
        announced: true,
      });
      await page.evaluate(() => {
        Clipboard.prototype.writeText = async () => Promise.reject(new Error('not allowed'));
      });
      // The button still has the focus.
      await page.press('Enter');
      await page.waitFor(() => document.getElementById('outcome')!.dataset.how === 'failed');
      expect(await told(page)).toEqual({
        text: 'The code could not be copied. Please write it down on paper.',
        how: 'failed',
        announced: true,
      });
      await choose(page, 'See every byte');
      await screen(page, 'Your file');
      expect(await page.evaluate(() => document.getElementById('outcome'))).toBeNull();
    });

    test('prints the case, the day, the count and what to do next, and no numbers', async () => {
      const page = await open.page();
      const code = await withTwo(page);
      const [text, printed] = await page.evaluate(() => {
        // As the browser prints it.
        const sheet = document.styleSheets[0]!;
        const print = [...sheet.cssRules].find(
          (rule) => rule instanceof CSSMediaRule && rule.conditionText === 'print',
        ) as CSSMediaRule;
        for (const { cssText } of print.cssRules) sheet.insertRule(cssText, sheet.cssRules.length);
        const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const seen: string[] = [];
        while (texts.nextNode()) {
          const { parentElement, textContent } = texts.currentNode;
          if (parentElement!.getClientRects().length > 0) seen.push(textContent!);
        }
        return [document.querySelector('.print')!.textContent!, seen.join(' ')];
      });
      for (const part of ['2 numbers.', 'Case number:', 'My code, by hand:', 'stopncii.org']) {
        expect(printed).toContain(part);
        expect(text).toContain(part);
      }
      for (const other of [code, 'Save the file', 'English', 'Exit']) {
        expect(printed).not.toContain(other);
      }
      expect(printed).toMatch(/\b([\da-f]{8} ){3}[\da-f]{8}\b/);
      expect(printed).not.toMatch(/[\da-f]{64}/);
    });

    test('asks before it clears an unsaved file, and reports saving and clearing', async () => {
      const page = await open.page();
      await page.resize(360, 740);
      const code = await withTwo(page);
      await choose(page, 'Next');
      await screen(page, 'Your file is not saved yet.');
      await choose(page, 'Clear everything');
      await screen(page, 'The file is not saved');
      await choose(page, 'Back to the file');
      await screen(page, 'Your code');
      expect(await mainText(page)).toContain(code);
      await tabTo(page, 'I have written it down');
      await page.press(' ');
      await choose(page, 'Save the file');
      expect(await told(page)).toEqual({
        text: 'Your browser was asked to save the file. Look for numbers.json in your downloads.',
        how: 'done',
        announced: true,
      });
      await choose(page, 'Next');
      await screen(page, 'Your file is saved.');
      await choose(page, 'Clear everything');
      await screen(page, 'This is not your fault.');
      expect(await told(page)).toMatchObject({
        text: expect.stringMatching(/^Everything on this page was cleared\./),
        how: 'done',
        announced: true,
      });
    });

    test('clears everything without saving on request', async () => {
      const page = await open.page();
      await withTwo(page);
      await choose(page, 'Next');
      await screen(page, 'Your file is not saved yet.');
      await choose(page, 'Clear everything');
      await screen(page, 'The file is not saved');
      await choose(page, 'Clear everything');
      await screen(page, 'This is not your fault.');
      await toChoosing(page);
      // Nothing to go on with.
      expect(await mainText(page)).not.toContain('Next');
      await choose(page, 'Back');
      await screen(page, 'Were you under 18 in it?');
    });

    test('the same pictures keep their file and code; others get new ones, as the page states', async () => {
      const page = await open.page();
      const first = await withTwo(page);
      const toPictures = async () => {
        await choose(page, 'Back');
        await choose(page, 'Back');
        await screen(page, '2 of 2 ready');
      };
      await toPictures();
      expect(await toCode(page)).toBe(first);
      // A file that could not be read is in no file: it changes nothing.
      await toPictures();
      await choose(page, 'Add more pictures');
      await page.setFiles('#files', [photo('../images/half.jpg')]);
      await screen(page, '2 of 3 ready');
      expect(await toCode(page)).toBe(first);
      await choose(page, 'Back');
      await choose(page, 'Back');
      await screen(page, '2 of 3 ready');
      await choose(page, 'Take out picture 3');
      expect(await toCode(page)).toBe(first);
      await tabTo(page, 'I have written it down');
      await page.press(' ');
      await choose(page, 'Save the file');
      await toPictures();
      await choose(page, 'Take out picture 1');
      await page.waitFor(() => document.querySelector('h1')!.textContent === '1 of 1 ready');
      expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('Picture 2');
      expect(await page.evaluate(() => document.getElementById('status')!.textContent)).toBe(
        'Picture 1 was taken out.',
      );
      expect(await toCode(page)).not.toBe(first);
      expect(await mainText(page)).toContain('so this code is new');
    });

    test('reports a file that could not be made', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await page.evaluate(() => {
        crypto.subtle.digest = async () => Promise.reject(new Error('no digests'));
      });
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 of 1 ready');
      await choose(page, 'Next');
      await screen(page, 'How widely should copies be found?');
      await choose(page, 'Only this picture');
      expect(await told(page)).toEqual({
        text: 'The file could not be made. Go back and try again, or use another browser.',
        how: 'failed',
        announced: true,
      });
    });
  });
}
