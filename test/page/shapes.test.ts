import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { readBundle, readWithdrawal } from '../../src/index.js';
import { hash as hashFile } from '../../src/node/index.js';
import { LIST_CROP_NAMES } from '../../src/variant.js';
import { describeEngine, type EnginePage, enginesFor } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { buildDemo, choose, photo, press, screen, toChoosing } from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const TICK = 'Also make numbers for copies cut to another shape';
const WARNING = 'They show the shape of a picture';
const PHOTO = 'march-pastoral-w700.png';

const ticked = (page: EnginePage) =>
  page.evaluate(() => document.querySelector<HTMLInputElement>('#shapes')!.checked);
const mainText = (page: EnginePage) =>
  page.evaluate(() => document.querySelector('main')!.textContent!);

/** Goes on from the pictures, and makes the file: its text, and the code. */
async function made(page: EnginePage): Promise<{ text: string; code: string; told: string }> {
  await choose(page, 'Next');
  await screen(page, 'Before you make the file');
  const told = await mainText(page);
  await choose(page, 'Make the file');
  await screen(page, 'Your code');
  const code = await page.evaluate(() => document.querySelector('#code')!.textContent!);
  await choose(page, 'Next');
  await screen(page, 'Your file');
  const text = await page.evaluate(() => document.querySelector('.verbatim')!.textContent!);
  return { text, code, told };
}

for (const name of enginesFor('firefox')) {
  describeEngine(name, (open) => {
    test('more numbers are her choice: off by default, explained, and counted in the file', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      expect(await ticked(page)).toBe(false);
      const words = await page.evaluate(
        () =>
          document.getElementById(
            document.querySelector('#shapes')!.getAttribute('aria-describedby')!,
          )!.textContent!,
      );
      for (const part of ['4 more numbers', 'the shape of', 'sharper parts', 'belong together']) {
        expect(words).toContain(part);
      }
      await page.setFiles('#files', [photo(PHOTO)]);
      await screen(page, '1 picture');
      const { text, told } = await made(page);
      expect(readBundle(text).hashes.map(({ variant }) => variant)).toEqual(['original']);
      expect(text).toHaveLength(16_384);
      expect(told).not.toContain(WARNING);
    });

    test('with more numbers a square copy is found, and what they reveal is shown', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await tick(page);
      await page.setFiles('#files', [photo(PHOTO)]);
      await screen(page, '1 picture');
      await page.waitFor(() => document.querySelector('[data-copy]') !== null);
      const found = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('.good + ul [data-copy]')].map(
          ({ dataset }) => dataset.copy,
        ),
      );
      expect(found).toContain('square');
      await page.evaluate(() => {
        for (const details of document.querySelectorAll('details')) details.open = true;
      });
      await page.waitFor(() => document.querySelectorAll('.outline').length === 5);
      const { hash, variants } = await hashFile(photo(PHOTO), { exact: true, crops: true });
      const hashes = [hash, ...variants.map((variant) => variant.hash)].map(hashToHex);
      const shown = await page.evaluate(() =>
        [...document.querySelectorAll('.hash')].map(({ textContent }) => textContent),
      );
      expect(shown).toEqual(hashes);

      // The choice is kept, and can be taken back for the next pictures.
      await choose(page, 'Add more pictures');
      await screen(page, 'Choose your pictures');
      expect(await ticked(page)).toBe(true);
      await tick(page, false);
      await page.setFiles('#files', [photo('acanthus-mollis.jpg')]);
      await screen(page, '2 pictures');

      const { text, code, told } = await made(page);
      expect(told).toContain(WARNING);
      const bundle = readBundle(text, { padded: true });
      expect(text).toHaveLength(16_384);
      expect(bundle.hashes.map(({ variant }) => variant).sort()).toEqual(
        ['original', 'original', ...LIST_CROP_NAMES].sort(),
      );
      expect(bundle.hashes.map((each) => each.hash)).toEqual(expect.arrayContaining(hashes));

      // Its code takes all of them back.
      const path = join(folder, `${name}-shapes.json`);
      writeFileSync(path, text);
      await choose(page, 'Next');
      await choose(page, 'Clear everything');
      await choose(page, 'Clear everything');
      await screen(page, 'This is not your fault.');
      await press(page, 'Take a file back');
      await page.setFiles('#withdraw-file', [path]);
      await page.waitFor(() => document.activeElement?.id === 'withdraw-code');
      for (const digit of code.toLowerCase().replaceAll('-', '')) await page.press(digit);
      await press(page, 'Make the take-back file');
      await page.waitFor(() => document.querySelector('.verbatim') !== null);
      const back = await page.evaluate(() => document.querySelector('.verbatim')!.textContent!);
      expect(await readWithdrawal(back, { bundleOf: () => bundle })).toMatchObject({
        case: bundle.case,
        token: code,
      });

      // Clearing forgets the choice.
      await press(page, 'Back');
      await toChoosing(page);
      expect(await ticked(page)).toBe(false);
    });
  });
}

/** Ticks or unticks the choice by its label's click, as a finger does. */
async function tick(page: EnginePage, on = true): Promise<void> {
  await page.evaluate((label: string) => {
    const labels = [...document.querySelectorAll('label')];
    labels.find(({ textContent }) => textContent === label)!.click();
  }, TICK);
  expect(await ticked(page)).toBe(on);
}
