import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { DecodeOptions } from '../../src/browser/decode-image-file.js';
import { ROOT } from '../project/package.js';
import { isDeep } from '../seed.js';
import { describeEngine, ENGINES, type EnginePage, type Running } from './engines/engines.js';
import { hashingSite, type PageHash } from './hashing-page.js';
import { difference, FILES, HEIC_FILES, inNode } from './node-hash.js';

const PHOTO = 'fixtures/photos/french-alpine-landscape.jpg';
/** Stored on its side and displayed upright; no browser turns it by itself. */
const onItsSide = await sharp(join(ROOT, PHOTO))
  .rotate(270)
  .withMetadata({ orientation: 6 })
  .webp({ quality: 95 })
  .toBuffer();
/** Blue; its right half is transparent, with red underneath. */
const halfSeen = await sharp(
  Uint8Array.from({ length: 4 * 64 * 32 }, (_, i) => {
    const seen = (i >> 2) % 64 < 32;
    return (seen ? [0, 0, 255, 255] : [255, 0, 0, 0])[i & 3]!;
  }),
  { raw: { width: 64, height: 32, channels: 4 } },
)
  .png()
  .toBuffer();

const ALL = ['/on-its-side.webp', ...HEIC_FILES, ...FILES];
const node = new Map<string, PageHash>();
for (const file of ALL) {
  node.set(file, await inNode(file.startsWith('/') ? onItsSide : join(ROOT, file)));
}

/** What the page decodes from a file of the site, as the `pdq` of its pixels. */
async function decodedInPage(
  page: EnginePage,
  paths: readonly string[],
  options: DecodeOptions = {},
): Promise<PageHash[]> {
  return await page.evaluate(
    async (urls: readonly string[], given: DecodeOptions) => {
      const { pdq, hashToHex } = window.onlyhashesCore;
      const results: PageHash[] = [];
      for (const url of urls) {
        const file = await (await fetch(url)).blob();
        try {
          const pixels = await window.onlyhashes.decode(file, given);
          const { width, height } = new ImageData(pixels.data, pixels.width, pixels.height);
          const { hash, quality, resample } = pdq(pixels);
          results.push({
            hash: hashToHex(hash),
            quality,
            ...(resample === undefined ? {} : { resample }),
            width,
            height,
            variants: [],
          });
        } catch (error) {
          const { name, code, message } = error as Error & { code?: string };
          results.push({ error: code ?? `${name}: ${message}` });
        }
      }
      return results;
    },
    paths,
    options as never,
  );
}

/** Samples of a picture of the site, shrunk while decoding. */
const samplesInPage = (page: EnginePage, path: string, longestSide: number) =>
  page.evaluate(
    async (url: string, longest: number) => {
      const file = await (await fetch(url)).blob();
      const { data, width, height } = await window.onlyhashes.decode(file, {
        longestSide: longest,
      });
      return { data: Array.from(data), width, height };
    },
    path,
    longestSide,
  );

const siteOf = (open: Running) =>
  hashingSite(open, (path) => {
    if (path === '/half-seen.png') return { body: halfSeen };
    return path === '/on-its-side.webp' ? { body: onItsSide } : undefined;
  });

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    const opened = siteOf(open);

    test('gives the displayed picture of every kind of file, with the hash of the file', async () => {
      const { page, workerUrl } = await opened();
      // By default a third of them in each engine; hashing tries all in each.
      const files = ALL.filter((_, i) => isDeep || i % 3 === ENGINES.indexOf(name));
      const results = await decodedInPage(page, files, { workerUrl });
      const problems = files.flatMap((file, i) =>
        difference(file, { ...node.get(file)!, variants: [] }, results[i]!),
      );
      expect(problems).toEqual([]);
    });

    test('shrinking gives the mean of the pixels, and turns the picture', async () => {
      const { page } = await opened();
      const { data, width, height } = await samplesInPage(page, '/on-its-side.webp', 10);
      const { width: across = 0, height: down = 0 } = await sharp(join(ROOT, PHOTO)).metadata();
      expect([width, height]).toEqual([10, Math.round((10 * down) / across)]);
      const expected = await sharp(join(ROOT, PHOTO))
        .resize(width, height, { fit: 'fill', kernel: 'cubic' })
        .ensureAlpha()
        .raw()
        .toBuffer();
      const away = data.map((sample, i) => Math.abs(sample - expected[i]!));
      expect(away.reduce((sum, one) => sum + one) / away.length).toBeLessThan(6);
      // Never enlarged.
      const [whole] = await decodedInPage(page, ['/on-its-side.webp'], { longestSide: 100_000 });
      expect([whole!.width, whole!.height]).toEqual([across, down]);
    });

    test('shrinking takes no colour from transparent pixels', async () => {
      const { page } = await opened();
      const { data, width, height } = await samplesInPage(page, '/half-seen.png', 1);
      expect([width, height]).toEqual([1, 1]);
      expect(data.slice(0, 3)).toEqual([0, 0, 255]);
      expect(data[3]).toBeGreaterThanOrEqual(127);
      expect(data[3]).toBeLessThanOrEqual(128);
    });

    test('enforces its limits', async () => {
      const { page } = await opened();
      const file = ['fixtures/images/rgb.png'];
      const errors: (string | undefined)[] = [];
      for (const options of [
        { maxBytes: 100 },
        { maxPixels: 100 },
        { timeoutSeconds: 1e-4 },
        { longestSide: 0 },
        { longestSide: 1.5 },
        { maxPixels: 0 },
        { concurrency: 0 },
      ]) {
        const [result] = await decodedInPage(page, file, options);
        errors.push(result!.error?.split(':')[0]);
      }
      expect(errors).toEqual([
        ...['too-many-bytes', 'too-many-pixels', 'timeout'],
        ...['RangeError', 'RangeError', 'RangeError', 'RangeError'],
      ]);
      const others = await page.evaluate(async () => {
        const { decode } = window.onlyhashes;
        const told = (file: unknown, signal?: AbortSignal) =>
          decode(file as Blob, signal ? { signal } : {}).then(
            () => 'decoded',
            (error) => error.code ?? error.name ?? error,
          );
        return [
          await told('photo.jpg'),
          await told(new Blob([])),
          await told(new Blob(['no picture'])),
          await told(new Blob(['no picture']), AbortSignal.abort('before')),
        ];
      });
      expect(others).toEqual(['TypeError', 'empty', 'not-a-picture', 'before']);
    });
  });
}

describeEngine(
  'firefox',
  (open) => {
    const opened = siteOf(open);

    test('if the canvas alters pixels, our own decoder gives the right picture, or none', async () => {
      const { page, workerUrl } = await opened();
      const files = [
        'fixtures/photos/locomotion-house-cat.jpg',
        'fixtures/images/orientation-6.jpg',
        'fixtures/images/palette.png',
        '/on-its-side.webp',
        'fixtures/images/animated.gif',
      ];
      const results = await decodedInPage(page, files, { workerUrl });
      expect(results.at(-1)).toEqual({ error: 'poisoned' });
      const problems = files
        .slice(0, -1)
        .flatMap((file, i) => difference(file, { ...node.get(file)!, variants: [] }, results[i]!));
      expect(problems).toEqual([]);
    });
  },
  { title: 'firefox, against tracking', preferences: { 'privacy.resistFingerprinting': true } },
);
