import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { describeEngine, type EnginePage, enginesFor } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { buildDemo, copiesOf, photo, screen, toChoosing } from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const PHOTO = photo('acanthus-mollis.jpg');
const { width: across = 0, height: down = 0 } = await sharp(PHOTO).metadata();
/** Stored on its side; no browser turns such a file by itself. */
const webp = join(folder, 'on-its-side.webp');
await sharp(PHOTO).rotate(270).withMetadata({ orientation: 6 }).webp({ quality: 90 }).toFile(webp);

/** What the page shows of its first picture. */
async function blurred(page: EnginePage) {
  return await page.waitFor(() => {
    const canvas = document.querySelector<HTMLCanvasElement>('canvas.blurred');
    if (!canvas) return undefined;
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, width, height);
    return { width, height, data: Array.from(data) };
  });
}

for (const name of enginesFor('webkit')) {
  describeEngine(name, (open) => {
    test('a WebP stored on its side: its copies match, and its blurred view is upright', async () => {
      const page = await open.page();
      await page.goto(demo.url);
      await toChoosing(page);
      await page.setFiles('#files', [webp]);
      await screen(page, '1 of 1 ready');
      expect(await copiesOf(page, 1)).toMatchObject({
        again: ['match', 'match'],
        smaller: ['match', 'match'],
        mirrored: ['none', 'match'],
      });
      const view = (await blurred(page))!;
      expect([view.width, view.height]).toEqual(
        across > down
          ? [10, Math.round((10 * down) / across)]
          : [Math.round((10 * across) / down), 10],
      );
      const expected = await sharp(PHOTO)
        .resize(view.width, view.height, { fit: 'fill' })
        .ensureAlpha()
        .raw()
        .toBuffer();
      const away = view.data.map((sample, i) => Math.abs(sample - expected[i]!));
      expect(away.reduce((sum, one) => sum + one) / away.length).toBeLessThan(8);
    });
  });
}
