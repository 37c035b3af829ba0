import { expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { readBundle } from '../../src/index.js';
import { hash as hashFile } from '../../src/node/index.js';
import { LIST_CROP_NAMES } from '../../src/variant.js';
import { describeEngine, type EnginePage, enginesFor } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { buildDemo, choose, photo, screen, toChoosing } from './demo-page.js';

const demo = buildDemo(testFolder());
const PHOTO = 'march-pastoral-w700.png';

/** Goes on from the pictures with an answer, and makes the file: its text. */
async function made(page: EnginePage, answer: string): Promise<string> {
  await choose(page, 'Next');
  await screen(page, 'How widely should copies be found?');
  expect(await page.evaluate(() => document.querySelectorAll('.pair .outline').length)).toBe(2);
  const words = await page.evaluate(() => document.querySelector('main')!.textContent!);
  for (const part of ['4 more numbers', 'the shape of', 'could draw', 'belong together']) {
    expect(words).toContain(part);
  }
  await choose(page, answer);
  await screen(page, 'Your code');
  await choose(page, 'See every byte');
  await screen(page, 'Your file');
  const text = await page.evaluate(() => document.querySelector('.verbatim')!.textContent!);
  expect(text).toHaveLength(16_384);
  return text;
}

const codeOf = (page: EnginePage) =>
  page.evaluate(() => document.querySelector('#code')!.textContent);

for (const name of enginesFor('firefox')) {
  describeEngine(name, (open) => {
    test('more numbers are her choice, after the pictures, and can be taken back', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [photo(PHOTO), photo('acanthus-mollis.jpg')]);
      await screen(page, '2 of 2 ready');
      const plain = readBundle(await made(page, 'Only this picture'), { padded: true });
      expect(plain.hashes.map(({ variant }) => variant)).toEqual(['original', 'original']);

      const back = async () => {
        await choose(page, 'Back to the code');
        await screen(page, 'Your code');
        const code = await codeOf(page);
        await choose(page, 'Back');
        await choose(page, 'Back');
        await screen(page, '2 of 2 ready');
        return code;
      };
      const code = await back();
      const wide = readBundle(await made(page, 'Cut-out shapes too'), { padded: true });
      const hashes: string[] = [];
      for (const file of [PHOTO, 'acanthus-mollis.jpg']) {
        const { hash, variants } = await hashFile(photo(file), { exact: true, crops: true });
        hashes.push(...[hash, ...variants.map((variant) => variant.hash)].map(hashToHex));
      }
      expect(wide.hashes.map(({ hash }) => hash).sort()).toEqual([...new Set(hashes)].sort());
      expect(wide.hashes.map(({ variant }) => variant)).toEqual(
        expect.arrayContaining([...LIST_CROP_NAMES]),
      );
      // Another file has another code; the same one keeps its own.
      const second = await back();
      expect(second).not.toBe(code);
      await made(page, 'Cut-out shapes too');
      expect(await back()).toBe(second);
    });
  });
}
