import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import type { HashFileOptions } from '../../src/browser/hash-image-file.js';
import { hashToHex } from '../../src/hash.js';
import type { HashFileOptions as NodeOptions } from '../../src/node/hash-file.js';
import { variantsOfFile } from '../node/variants-of-file.js';
import { ROOT } from '../project/package.js';
import { describeEngine, ENGINES, testIn } from './engines/engines.js';
import { hashInPage, hashingSite, type PageHash } from './hashing-page.js';
import { difference, FILES, HEIC_FILES, inNode } from './node-hash.js';

/** A photo of 12 megapixels, with noise that JPEG keeps, stored on its side. */
function twelveMegapixels(): Promise<Buffer> {
  return sharp(join(ROOT, 'fixtures/photos/french-alpine-landscape.jpg'))
    .resize(4032, 3024, { fit: 'fill' })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 88 })
    .toBuffer();
}

const large = await twelveMegapixels();
const node = new Map<string, PageHash>();
for (const file of [...FILES, ...HEIC_FILES]) node.set(file, await inNode(join(ROOT, file)));

for (const name of ENGINES) {
  describeEngine(name, (open) => {
    const opened = hashingSite(open, (path) =>
      path === '/large.jpg' ? { body: large } : undefined,
    );

    // Options are the library's, the same in every engine.
    const inOne = testIn('chromium', name);

    test('gives the hash of Node for every kind of file', async () => {
      const { page, workerUrl } = await opened();
      expect(await page.evaluate(() => window.onlyhashes.checkPixelReadback())).toBe('exact');
      const results = await hashInPage(page, [...FILES], { workerUrl });
      const problems = FILES.flatMap((file, i) => difference(file, node.get(file)!, results[i]!));
      expect(problems).toEqual([]);
    });

    test('reads HEIC by the optional decoder as Node does, and reports if it is missing', async () => {
      const { page, workerUrl } = await opened();
      const results = await hashInPage(page, [...HEIC_FILES], { workerUrl });
      expect(
        HEIC_FILES.flatMap((file, i) => difference(file, node.get(file)!, results[i]!)),
      ).toEqual([]);
      const told = await page.evaluate(async () => {
        const file = await (await fetch('fixtures/heic/photo.heic')).blob();
        return await window.onlyhashes.hash(file).catch(({ code, message }) => ({
          code,
          message,
        }));
      });
      expect(told).toEqual({
        code: 'decoder-missing',
        message: expect.stringMatching(/HEIC.*heic-decode.*save the picture as JPEG/),
      });
    });

    test('gives the hash of Node for 12 megapixels stored on their side', async () => {
      const { page } = await opened();
      const [result] = await hashInPage(page, ['/large.jpg']);
      expect(result).toEqual(await inNode(large));
      expect(result!.variants!.map(([variant]) => variant)).toEqual(['stored']);
      expect([result!.width, result!.height]).toEqual([3024, 4032]);
    });

    inOne('takes the options of Node', async () => {
      const { page } = await opened();
      const files = [
        'fixtures/photos/locomotion-house-cat.jpg',
        'fixtures/images/orientation-6.jpg',
        'fixtures/images/cut-out.png',
        'fixtures/images/cut-out.gif',
      ];
      const choices: HashFileOptions[] = [
        { resample: 'none' },
        { exact: true },
        { orientation: 'stored' },
        { variants: 'none' },
        { variants: 'dihedral' },
        { variants: 'thorough' },
        { crops: true },
        { inner: true },
        { algorithm: 'blockhash' },
        { algorithm: 'phash', bits: 64 },
        { algorithm: 'dhash' },
        { algorithm: 'ahash' },
      ];
      for (const options of choices) {
        const results = await hashInPage(page, files, options);
        for (const [i, file] of files.entries()) {
          const expected = await inNode(join(ROOT, file), options as NodeOptions);
          expect(difference(file, expected, results[i]!, options.algorithm)).toEqual([]);
        }
      }
    });

    test('gives variants one by one, as Node does, and frees its Worker when the reader stops', async () => {
      const { page } = await opened();
      const file = 'fixtures/images/cut-out-turned.png';
      const taken = await page.evaluate(async (url: string) => {
        const { hash: hashImageFile, variantsOfImageFile } = window.onlyhashes;
        const blob = await (await fetch(url)).blob();
        const options = { variants: 'thorough', crops: true, concurrency: 1 } as const;
        const opened = await variantsOfImageFile(blob, options);
        const some: [string, string][] = [];
        for await (const { name, hash } of opened.variants) {
          some.push([
            name,
            Array.from(hash.bytes, (b) => b.toString(16).padStart(2, '0')).join(''),
          ]);
          if (some.length === 7) break;
        }
        const { width, height } = await hashImageFile(blob, { concurrency: 1 });
        return { some, sides: [opened.width, opened.height, width, height] };
      }, file);
      const node = await variantsOfFile(join(ROOT, file), { variants: 'thorough', crops: true });
      const all = [...node.variants].map(({ name, hash }) => [name, hashToHex(hash)]);
      expect(taken.some).toEqual(all.slice(0, 7));
      expect(taken.sides).toEqual([node.width, node.height, node.width, node.height]);
    });

    inOne('refuses invalid options, and files over a limit', async () => {
      const { page } = await opened();
      const choices = [
        { algorithm: 'md5' },
        { algorithm: 'pdq', bits: 64 },
        { resample: 100 },
        { variants: 'all' },
        { orientation: 'up' },
        { maxPixels: 0.5 },
        { maxBytes: 0 },
        { timeoutSeconds: 0 },
        { concurrency: 0 },
        { maxBytes: 100 },
        { maxPixels: 100 },
        { workerUrl: '/nothing-here.js' },
      ];
      const errors: (string | undefined)[] = [];
      for (const options of choices) {
        const [result] = await hashInPage(page, ['fixtures/images/rgb.png'], options as never);
        errors.push(result!.error?.split(':')[0]);
      }
      expect(errors).toEqual([
        ...Array(9).fill('RangeError'),
        ...['too-many-bytes', 'too-many-pixels', 'decoder-missing'],
      ]);
      const notAFile = await page.evaluate(() =>
        window.onlyhashes.hash('photo.jpg' as never).catch((error: Error) => error.name),
      );
      expect(notAFile).toBe('TypeError');
    });
  });
}
