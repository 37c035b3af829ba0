import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { describeEngine, enginesFor } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { buildDemo, photo, screen, toChoosing } from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const empty = join(folder, 'empty.jpg');
writeFileSync(empty, '');
/** One byte over the limit. */
const tooLarge = join(folder, 'too-large.jpg');
writeFileSync(tooLarge, '');
truncateSync(tooLarge, 64 * 2 ** 20 + 1);
/** 50 megapixels, as the largest phone cameras take. */
const huge = join(folder, 'huge.jpg');
await sharp(photo('french-alpine-landscape.jpg'))
  .resize(8660, 5774, { fit: 'fill' })
  .jpeg()
  .toFile(huge);

for (const name of enginesFor('firefox')) {
  describeEngine(name, (open) => {
    test('each file has a hash, or the page states what to do', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      const files = [
        photo('../heic/photo.heic'),
        empty,
        tooLarge,
        huge,
        photo('expected.json'),
        photo('../images/film.mp4'),
        photo('../images/half.jpg'),
      ];
      await page.setFiles('#files', files);
      await screen(page, '7 pictures', 60_000);
      const words = await page.evaluate(() =>
        [...document.querySelectorAll('article > p:first-of-type')].map((p) => p.textContent),
      );
      expect(words).toEqual([
        expect.stringMatching(/HEIC photo.*save or export a copy as JPEG/),
        'The file is empty. Choose another copy.',
        expect.stringMatching(/^The file is too large for this page\. Save a smaller copy/),
        '8,660 × 5,774 pixels',
        expect.stringMatching(/^This kind of file cannot be read here/),
        'This is a video. This page reads pictures only. For videos, use StopNCII.org.',
        'The file is damaged or is not a picture. Choose another copy.',
      ]);
    });

    test('a picture that fails for an unknown reason is reported too', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await page.evaluate(() => {
        // The Worker answers as if it had run out of memory.
        const post = Worker.prototype.postMessage;
        Worker.prototype.postMessage = function (this: Worker, message: object, ...rest: never[]) {
          const error = { name: 'RangeError', message: 'Array buffer allocation failed' };
          if ('bytes' in message)
            this.dispatchEvent(new MessageEvent('message', { data: { error } }));
          else post.call(this, message, ...rest);
        };
      });
      await toChoosing(page);
      await page.setFiles('#files', [photo('march-pastoral-w500.webp')]);
      await screen(page, '1 picture');
      expect(await page.evaluate(() => document.querySelector('article > p')!.textContent)).toMatch(
        /^It could not be read\. Choose it again/,
      );
    });
  });
}
