import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { describeEngine, type EnginePage, enginesFor } from '../browser/engines/engines.js';
import { testFolder } from '../folder.js';
import { buildDemo, photo, screen, toChoosing } from './demo-page.js';

const folder = testFolder();
const demo = buildDemo(folder);
const PHOTO = photo('acanthus-mollis.jpg');
const { width: across = 0, height: down = 0 } = await sharp(PHOTO).metadata();
/** Stored on its side; no browser turns such a file by itself. */
const webp = join(folder, 'on-its-side.webp');
await sharp(PHOTO).rotate(270).withMetadata({ orientation: 6 }).webp({ quality: 90 }).toFile(webp);

/** What the page shows of its first picture on request. */
async function blurred(page: EnginePage) {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('article details')) {
      (details as HTMLDetailsElement).open = true;
    }
  });
  await page.waitFor(() => {
    const show = [...document.querySelectorAll<HTMLElement>('.button')].find(
      (button) => button.textContent === 'Show it, very blurred',
    );
    show?.click();
    return show !== undefined;
  });
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
      await screen(page, '1 picture');
      await page.waitFor(() => document.querySelectorAll('[data-copy]').length === 8);
      const found = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>('.good + ul [data-copy]')].map(
          ({ dataset }) => dataset.copy,
        ),
      );
      expect(found).toContain('jpeg30');
      expect(found).toContain('half');
      expect(found).not.toContain('mirror');

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
