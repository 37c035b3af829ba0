import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chatScreenshot } from '../../docs/making/walk.js';
import { distance, hashFromHex, hashToHex } from '../../src/hash.js';
import { readBundle } from '../../src/index.js';
import { hash as hashFile } from '../../src/node/index.js';
import { describeEngine, ENGINES, type EnginePage } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { gifAnimation, photoFrame } from '../node/decode/animations.js';
import { buildDemo, choose, photo, press, screen, shown, toChoosing, toCode } from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const inner = photo('acanthus-mollis.jpg');
const chat = await chatScreenshot(inner, folder);
const sides = { width: 320, height: 240 };
const photos = ['dust-bowl-home.jpg', 'locomotion-house-cat.jpg', 'acanthus-mollis.jpg'];
const film = join(folder, 'film.gif');
writeFileSync(
  film,
  await gifAnimation(await Promise.all(photos.map((name) => photoFrame(name, sides))), sides),
);
const VIDEO = photo('../images/film.mp4');

/** The file as it would be saved now; returns to the pictures. */
async function fileOf(page: EnginePage) {
  await toCode(page);
  await press(page, 'See every byte');
  await shown(page, 'Your file');
  const text = await page.evaluate(() => document.querySelector('.verbatim')!.textContent!);
  while (!(await page.evaluate(() => document.querySelector('.pictures') !== null))) {
    await press(page, 'Back');
  }
  return readBundle(text, { padded: true });
}

const rows = (page: EnginePage) =>
  page.evaluate(() =>
    [...document.querySelectorAll('article')].map(
      (row) =>
        `${row.querySelector('h2')!.textContent}: ${row.querySelector('.state')!.textContent}`,
    ),
  );

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    test('of a screenshot, the picture in it goes into the file, unless she says otherwise', async () => {
      const { hash, variants } = await hashFile(chat, { exact: true, inner: true });
      const [whole, part] = [hash, variants.find((each) => each.name === 'inner')!.hash].map(
        hashToHex,
      );
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp'), chat]);
      await screen(page, '1 of 2 ready');
      expect(await rows(page)).toEqual(['Picture 2: A screenshot?', 'Picture 1: Ready']);
      await page.waitFor(() => document.querySelectorAll('canvas.blurred').length === 2);
      const listed = async () => {
        const { hashes } = await fileOf(page);
        return hashes
          .filter((each) => [whole, part].includes(each.hash))
          .map((each) => [each.hash, each.variant, each.group])
          .sort(([, a], [, b]) => (a! < b! ? 1 : -1));
      };
      // Without an answer.
      expect(await listed()).toEqual([[part, 'original', undefined]]);
      const photoAlone = (await hashFile(inner)).hash;
      expect(distance(hashFromHex('pdq', part!), photoAlone)).toBeLessThanOrEqual(31);
      expect(distance(hash, photoAlone)).toBeGreaterThan(80);

      await press(page, 'Both');
      await shown(page, '2 of 2 ready');
      expect(await listed()).toEqual([
        [whole, 'original', undefined],
        [part, 'inner', whole],
      ]);
      await press(page, 'No, the whole');
      expect(await listed()).toEqual([[whole, 'original', undefined]]);
      await press(page, 'Yes');
      expect(await listed()).toEqual([[part, 'original', undefined]]);
    });

    test('of an animation, frames are in the file, as the program lists them', async () => {
      const { hash, variants } = await hashFile(film, { exact: true, inner: true });
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [film]);
      await screen(page, '1 of 1 ready');
      const { hashes } = await fileOf(page);
      const group = hashToHex(hash);
      const expected = [
        [group, 'original', undefined],
        ...variants.map((each) => [hashToHex(each.hash), each.name, group]),
      ];
      expect(expected.map(([, name]) => name)).toEqual(['original', 'frame', 'frame']);
      const listed = hashes.map((each) => [each.hash, each.variant, each.group]);
      expect(listed.sort()).toEqual(expected.sort());
    });

    test('a video is in the file by its digest if she says so, also alone', async () => {
      const digest = createHash('sha256').update(readFileSync(VIDEO)).digest('hex');
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [VIDEO]);
      await screen(page, '0 of 1 ready');
      expect(await rows(page)).toEqual(['Picture 1: A video']);
      await choose(page, 'Include its number');
      await shown(page, '1 of 1 ready');
      const bundle = await fileOf(page);
      expect(bundle.hashes).toEqual([]);
      expect(bundle.digests).toEqual([{ algorithm: 'sha256', digest }]);
      await press(page, 'Leave it out');
      await shown(page, '0 of 1 ready');
      expect(await page.evaluate(() => document.querySelector('.foot')!.textContent)).toBe(
        'Add more pictures',
      );
    });
  });
}
