import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { DecodeError } from '../../src/errors.js';
import { decode } from '../../src/node/decode.js';
import { mutant } from '../mutant.js';
import { heicPath, imagePath } from './fixtures.js';
import { heicWorkerUrl } from './heic-worker.js';

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
const MUTANTS = 2_000;
/** Decoders decide by headers what to allocate, so half of the changes fall there. */
const REGIONS = [200, Number.POSITIVE_INFINITY];

test(`${MUTANTS} damaged files give pixels or a DecodeError, and no hang`, async () => {
  const paths = [...SEEDS.map(imagePath), heicPath('mosaic.heic')];
  const seeds = paths.map((path) => readFileSync(path));
  const workerUrl = heicWorkerUrl({ decoder: true });
  const next = random(20);
  let decoded = 0;
  const codes: Record<string, number> = {};
  const one = async (bytes: Uint8Array, lenient: boolean) => {
    try {
      const { pixels } = await decode(bytes, {
        lenient,
        maxPixels: 2 ** 22,
        timeoutSeconds: 10,
        workerUrl,
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
  // The mutants are neither all harmless nor all hopeless, and none hits the deadline.
  expect(decoded).toBeGreaterThan(MUTANTS / 20);
  expect(codes.corrupt).toBeGreaterThan(MUTANTS / 10);
  expect(codes.timeout ?? 0).toBe(0);
}, 60_000);
