import { expect, test } from 'vitest';
import { describeEngine, type EnginePage, enginesFor } from '../../browser/engines/engines.js';
import { testFolder } from '../../folder.js';
import { buildDemo, choose, photo, screen, toChoosing } from '../demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);

/** Goes from the first screen to the one with the code, with two pictures. */
async function toCode(page: EnginePage): Promise<string> {
  await page.goto(demo.url);
  await toChoosing(page);
  await page.setFiles('#files', [
    photo('locomotion-house-cat-w301.jpg'),
    photo('march-pastoral-w500.webp'),
  ]);
  await screen(page, '2 pictures');
  await choose(page, 'Next');
  await screen(page, 'Before you make the file');
  await choose(page, 'Make the file');
  await screen(page, 'Your code');
  return await code(page);
}

const code = (page: EnginePage) =>
  page.evaluate(() => document.getElementById('code')!.textContent!);

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
      await toCode(page);
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
      await page.evaluate(() => document.querySelector<HTMLElement>('.primary')!.click());
      await screen(page, 'Your file');
      expect(await page.evaluate(() => document.getElementById('outcome'))).toBeNull();
    });

    test('asks before it clears an unsaved file, and reports saving and clearing', async () => {
      const page = await open.page();
      await page.resize(360, 740);
      await toCode(page);
      await choose(page, 'Next');
      await screen(page, 'Your file');
      const text = await page.evaluate(() => document.querySelector('.verbatim')!.textContent);
      await choose(page, 'Next');
      await screen(page, 'You did it. What now?');
      expect(await mainText(page)).toContain('You have not saved the file.');
      await choose(page, 'Clear everything');
      await screen(page, 'The file is not saved');
      await choose(page, 'Back to the file');
      await screen(page, 'Your file');
      expect(await page.evaluate(() => document.querySelector('.verbatim')!.textContent)).toBe(
        text,
      );
      await choose(page, 'Save the file');
      expect(await told(page)).toEqual({
        text: 'Your browser was asked to save the file. Look for numbers.json in your downloads.',
        how: 'done',
        announced: true,
      });
      await choose(page, 'Next');
      await screen(page, 'You did it. What now?');
      expect(await mainText(page)).not.toContain('You have not saved the file.');
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
      await toCode(page);
      await choose(page, 'Next');
      await choose(page, 'Next');
      await screen(page, 'You did it. What now?');
      await choose(page, 'Clear everything');
      await screen(page, 'The file is not saved');
      await choose(page, 'Clear everything');
      await screen(page, 'This is not your fault.');
      await toChoosing(page);
      expect(await mainText(page)).not.toContain('2 pictures');
      await choose(page, 'Back');
      await screen(page, 'Were you under 18 in it?');
    });

    test('the same pictures keep their file and code; others get new ones, as the page states', async () => {
      const page = await open.page();
      const first = await toCode(page);
      await choose(page, 'Back');
      await screen(page, 'Before you make the file');
      await choose(page, 'Back');
      await screen(page, '2 pictures');
      await choose(page, 'Next');
      await screen(page, 'Before you make the file');
      expect(await mainText(page)).toContain('So its code stays the same.');
      expect(await mainText(page)).not.toContain('Make the file');
      await choose(page, 'Next');
      await screen(page, 'Your code');
      expect(await code(page)).toBe(first);
      await choose(page, 'Back');
      await choose(page, 'Back');
      await screen(page, '2 pictures');
      await choose(page, 'Take out');
      await screen(page, '1 picture');
      expect(await told(page)).toMatchObject({ text: 'Picture 1 was taken out.' });
      await choose(page, 'Next');
      await screen(page, 'Before you make the file');
      expect(await mainText(page)).toContain('fits only the file that you made before');
      await choose(page, 'Make the file');
      await screen(page, 'Your code');
      expect(await code(page)).not.toBe(first);
    });

    test('reports a file that could not be made', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await page.evaluate(() => {
        crypto.subtle.digest = async () => Promise.reject(new Error('no digests'));
      });
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 picture');
      await choose(page, 'Next');
      await screen(page, 'Before you make the file');
      await choose(page, 'Make the file');
      expect(await told(page)).toEqual({
        text: 'The file could not be made. Go back and try again, or use another browser.',
        how: 'failed',
        announced: true,
      });
    });
  });
}
