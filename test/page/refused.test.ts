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
      await screen(page, '1 of 7 ready', 60_000);
      const words = await page.evaluate(() =>
        [...document.querySelectorAll('article')].map((row) =>
          [...row.querySelectorAll('h2, .state, .row-body > p')].map((p) => p.textContent),
        ),
      );
      const failed = (number: number, advice: string) => [
        `Picture ${number}`,
        'Could not be read',
        expect.stringContaining(advice),
      ];
      // What needs her comes first, and keeps its number.
      expect(words).toEqual([
        failed(1, 'save or export a copy as JPEG'),
        failed(2, 'The file is empty. Choose another copy.'),
        failed(3, 'The file is too large for this page. Save a smaller copy'),
        failed(5, 'This kind of file cannot be read here'),
        ['Picture 6', 'A video', expect.stringContaining('Only this very file can be found')],
        failed(7, 'The file is damaged or is not a picture. Choose another copy.'),
        ['Picture 4', 'Ready'],
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
      await screen(page, '0 of 1 ready');
      expect(await page.evaluate(() => document.querySelector('.problem')!.textContent)).toMatch(
        /^It could not be read\. Choose it again/,
      );
    });
  });
}
