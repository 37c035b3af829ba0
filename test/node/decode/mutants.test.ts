import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { DecodeError } from '../../../src/errors.js';
import { hashFromHex } from '../../../src/hash.js';
import { decode } from '../../../src/node/decode/decode.js';
import { check as checkUpload, createHashPool } from '../../../src/node/pool/create-hash-pool.js';
import { mutant } from '../../pictures/mutant.js';
import { runs } from '../../seed.js';
import { FORMATS } from '../../shown/formats.js';
import { featuresBy, oddFile } from '../../shown/grammar.js';
import { heicPath, imagePath } from '../fixtures.js';
import { ownScripts } from '../pool/hash-process.js';
import {
  avifWithExif,
  exifAtItself,
  gifOfFrames,
  jpegWithExif,
  pngOfFrames,
  tiffOfPages,
  webpOfFrames,
} from './costly-files.js';

/** One small file of each coding. */
const SEEDS = [
  'baseline.jpg',
  'progressive.jpg',
  'cmyk.jpg',
  'orientation-6.jpg',
  'rgb.png',
  'palette-alpha.png',
  'orientation-6.png',
  'lossless.webp',
  'lossy.webp',
  'animated.webp',
  'orientation-6.webp',
  'animated.gif',
  'cut-out.gif',
  'two-pages.tiff',
  'fax-g4.tiff',
  'rgb.tiff',
  'cut-out.avif',
  'lossy.avif',
  'turned.avif',
];
const MUTANTS = 8 * runs(250);
/** Decoders decide by headers what to allocate, so half of the changes fall there. */
const REGIONS = [200, Number.POSITIVE_INFINITY];

ownScripts('hash-process', 'heic-worker');

test(`${MUTANTS} damaged files give pixels or a DecodeError, and no hang`, async () => {
  const paths = [...SEEDS.map(imagePath), heicPath('mosaic.heic')];
  const seeds = paths.map((path) => readFileSync(path));
  const next = random(20);
  let decoded = 0;
  const codes: Record<string, number> = {};
  const one = async (bytes: Uint8Array, lenient: boolean) => {
    try {
      const { pixels } = await decode(bytes, {
        lenient,
        maxPixels: 2 ** 22,
        timeoutSeconds: 3600,
      });
      expect(pixels.data.length).toBe(pixels.width * pixels.height * (pixels.channels ?? 0));
      decoded++;
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      codes[error.code] = (codes[error.code] ?? 0) + 1;
    }
  };
  for (let i = 0; i < MUTANTS; i += 8) {
    const batch = Array.from({ length: 8 }, (_, k) =>
      mutant(seeds[(i + k) % seeds.length]!, next, REGIONS),
    );
    await Promise.all(batch.map((bytes, k) => one(bytes, k >= 4)));
  }
  const refused = Object.values(codes).reduce((sum, n) => sum + n, 0);
  expect(decoded + refused).toBe(MUTANTS);
  // The mutants are neither all harmless nor all hopeless.
  expect(decoded).toBeGreaterThan(MUTANTS / 20);
  expect(codes.corrupt).toBeGreaterThan(MUTANTS / 10);
});

/*
 * One upload costs what one upload may cost. `MUTANTS=2000` tries as many damaged files of each
 * format, and a tenth as many that are odd or costly; by default it is 1 in 100 of that.
 */
const COUNT = Number(process.env.MUTANTS ?? runs(20));
/** A busy machine does half as much in a second of CPU: 2 s are for a run of its own. */
const CPU_SECONDS = process.env.MUTANTS === undefined ? 5 : 2;
const MIB = 2 ** 20;

describe(`${COUNT} damaged files of each format`, () => {
  const pool = createHashPool({ workers: 1, cpuSeconds: CPU_SECONDS, timeoutSeconds: 3600 });
  afterAll(() => pool.close());

  const check = (bytes: Uint8Array) => checkUpload(bytes, list, { pool });
  const list = createBlocklist([{ hash: hashFromHex('pdq', '0f'.repeat(32)), labels: ['a'] }]);
  const next = random(28);
  const exif = exifAtItself(1000);
  const costly: Record<string, () => Promise<Uint8Array>> = {
    jpeg: () => jpegWithExif(exif),
    png: () => pngOfFrames(3000),
    webp: () => webpOfFrames(3000),
    gif: () => gifOfFrames(3000),
    avif: () => avifWithExif(exif),
    tiff: () => tiffOfPages(3000),
    heic: async () => readFileSync(heicPath('grid.heic')),
  };
  const small: Record<string, RegExp> = {
    jpeg: /jpg$/,
    png: /png$/,
    webp: /webp$/,
    gif: /gif$/,
    avif: /avif$/,
    tiff: /tiff$/,
    heic: /heic$/,
  };

  test.each(Object.keys(small))(
    `%s: ${CPU_SECONDS} s of CPU, the memory of a worker, and the next answer is right`,
    async (name) => {
      const paths = [...SEEDS.map(imagePath), heicPath('mosaic.heic')];
      const seeds = paths
        .filter((path) => small[name]!.test(path))
        .map((path) => readFileSync(path));
      const format = FORMATS.find((one) => one.name === name);
      const odd = async (i: number) =>
        format ? (await oddFile(format, featuresBy(format, next), i)).bytes : costly[name]!();
      const control = readFileSync(imagePath('rgb.png'));
      const { upload } = await check(control);
      const { restarts } = pool.stats();
      const one = async (bytes: Uint8Array) => {
        const { reason } = await check(bytes);
        expect(['too-costly', 'crashed', 'timeout', 'decoder-missing']).not.toContain(reason);
      };
      for (let i = 0; i < COUNT; i++) {
        await one(mutant(seeds[i % seeds.length]!, next, REGIONS));
        if (i % 10 > 0) continue;
        const bytes = i % 20 > 0 ? await odd(i) : await costly[name]!();
        await one(bytes);
        await one(mutant(bytes, next, REGIONS));
        expect((await check(control)).upload!.hash).toEqual(upload!.hash);
        for (const pid of pool.stats().pids) {
          const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
          expect(1024 * Number(peak)).toBeLessThan(1024 * MIB);
        }
      }
      expect(pool.stats().restarts).toBe(restarts);
    },
  );
});
