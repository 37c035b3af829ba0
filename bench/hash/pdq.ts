import { hashToHex } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import type { CheckedPixels, Pixels } from '../../src/pixels.js';
import type { Bench } from '../harness.js';
import { type Contender, race } from '../race.js';
import { detailedPixels } from '../workloads.js';
import { blockhashCore } from './blockhash.js';
import { photos, resampled } from './photos.js';

export const PDQ_SIZES = [
  [512, 512],
  [1024, 768],
  [4000, 3000],
] as const;

/**
 * The whole and the four quarters: nine photos are too few to count fallbacks by, 45 parts are
 * enough.
 */
export function wholeAndQuarters({ width, height }: Pixels) {
  const half = { width: width >> 1, height: height >> 1 };
  return [
    { left: 0, top: 0, width, height },
    { left: 0, top: 0, ...half },
    { left: half.width, top: 0, ...half },
    { left: 0, top: half.height, ...half },
    { left: half.width, top: half.height, ...half },
  ];
}

/**
 * The photos as RGBA of this size, at 512 x 512 also their quarters; three seeded pictures if there
 * are no photos.
 */
export function picturesAt(
  photos: readonly CheckedPixels[],
  width: number,
  height: number,
): Pixels[] {
  if (photos.length === 0) return [1, 2, 3].map((seed) => detailedPixels(width, height, seed, 4));
  return photos.flatMap((photo) => {
    const parts = width === 512 ? wholeAndQuarters(photo) : wholeAndQuarters(photo).slice(0, 1);
    return parts.map((part) => resampled(photo, part, width, height, 4));
  });
}

/** `pdq`: hashing of RGBA pixels. The mean over the photos includes fallbacks to the exact path. */
export const pdqBench: Bench = {
  name: 'pdq',
  about:
    'PDQ of RGBA pixels, against blockhash-core: nine photos, at 512 x 512 also their quarters',
  async run(context) {
    const { report, note, figure } = context;
    const core = await blockhashCore(context);
    const originals = await photos();
    if (originals.length === 0)
      note('the photos or sharp are not installed; seeded pictures are used instead');
    for (const [width, height] of PDQ_SIZES) {
      const pictures = picturesAt(originals, width, height);
      for (const picture of pictures) {
        const [fast, exact] = [pdq(picture), pdq(picture, { exact: true })];
        if (hashToHex(fast.hash) !== hashToHex(exact.hash) || fast.quality !== exact.quality) {
          throw new Error(`fast and exact differ at ${width} x ${height}`);
        }
      }
      const operations = pictures.length;
      const all = (name: string, hash: (picture: Pixels) => unknown): Contender => ({
        name,
        operations,
        run() {
          for (const picture of pictures) hash(picture);
          return operations;
        },
      });
      const contenders = [
        all('onlyhashes', (picture) => pdq(picture)),
        all('onlyhashes, exact: true', (picture) => pdq(picture, { exact: true })),
      ];
      if (core !== undefined) {
        const hash = (picture: Pixels) => core.bmvbhash(picture, 16).length;
        contenders.push(all(`${core.name} (another hash)`, hash));
      }
      const rounds = width * height > 2e6 ? 5 : 15;
      const result = await race(`PDQ, ${width} x ${height} RGBA`, contenders, { rounds });
      report(result);
      const [fast, exact, other] = result.timings;
      if (other) {
        figure(`${width} x ${height}, of blockhash-core's time`, 1 / other.ratio);
        figure(`${width} x ${height}, exact, of blockhash-core's time`, exact!.ratio / other.ratio);
      }
      figure(`${width} x ${height}, milliseconds`, fast!.microseconds / 1000);
    }
  },
};
