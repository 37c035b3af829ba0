import { join } from 'node:path';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { createBlocklist } from '../../../src/blocklist/blocklist.js';
import { distance, type Hash } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { createFloodGuard } from '../../../src/matching/flood-guard.js';
import { match } from '../../../src/matching/match.js';
import { flipBits } from '../../arbitraries.js';
import { runs } from '../../seed.js';

const PHOTOS = join(import.meta.dirname, '../../../fixtures/photos');
const SEPIA: [[number, number, number], [number, number, number], [number, number, number]] = [
  [0.393, 0.769, 0.189],
  [0.349, 0.686, 0.168],
  [0.272, 0.534, 0.131],
];
/** What apps and people do to a whole picture, by a number from 0 to 1. */
const FILTERS: readonly ((picture: Sharp, amount: number) => Sharp)[] = [
  (picture) => picture,
  (picture, amount) => picture.modulate({ brightness: 0.7 + 0.7 * amount }),
  (picture, amount) => picture.modulate({ saturation: 2 * amount }),
  (picture, amount) => picture.linear(0.6 + amount, 128 * (0.4 - amount)),
  (picture, amount) => picture.gamma(1 + 1.2 * amount),
  (picture, amount) => picture.blur(0.5 + 2.5 * amount),
  (picture, amount) => picture.sharpen({ sigma: 0.5 + 2.5 * amount }),
  (picture) => picture.greyscale(),
  (picture, amount) => picture.modulate({ hue: Math.round(360 * amount) }),
  (picture) => picture.recomb(SEPIA),
];
const KERNELS = ['nearest', 'cubic', 'lanczos3', 'mitchell'] as const;

async function hashOf(picture: Sharp): Promise<Hash> {
  const { data, info } = await picture
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const channels = info.channels === 1 ? 1 : 3;
  return pdq({ data: new Uint8Array(data), width, height, channels }).hash;
}

/** Hashes of copies of a photo: resized, filtered and encoded again at many qualities. */
async function copiesOf(path: string, count: number): Promise<Hash[]> {
  const next = random(count);
  const share = () => (next() % 1000) / 1000;
  const { width = 0 } = await sharp(path).metadata();
  const copies: Hash[] = [];
  while (copies.length < count) {
    const resized =
      share() < 0.7
        ? sharp(path).resize({
            width: Math.round(160 + share() * Math.max(0, width - 160)),
            kernel: KERNELS[next() % KERNELS.length]!,
          })
        : sharp(path);
    const filtered = FILTERS[next() % FILTERS.length]!(resized, share());
    const quality = 5 + (next() % 96);
    const file =
      share() < 0.8
        ? filtered.jpeg({ quality })
        : filtered.webp({ quality: Math.max(20, quality), effort: 0 });
    copies.push(await hashOf(sharp(await file.toBuffer())));
  }
  return copies;
}

// Of the photos of the fixtures, the copies of these lie farthest from each other.
describe.each(['locomotion-house-cat-w301.jpg', 'march-pastoral-w500.webp'])(
  '1,000 ordinary copies of %s',
  async (name) => {
    const path = join(PHOTOS, name);
    const entry = await hashOf(sharp(path));
    const copies = await copiesOf(path, 1000);

    test('raise no alarm, in any order', () => {
      const near = copies.filter((hash) => distance(hash, entry) <= 31);
      expect(near.length).toBeGreaterThan(500);
      expect(Math.max(...near.map((hash) => distance(hash, near[0]!)))).toBeGreaterThan(31);
      fc.assert(
        fc.property(fc.shuffledSubarray(copies, { minLength: copies.length }), (uploads) => {
          const floodGuard = createFloodGuard();
          const blocklist = createBlocklist([{ hash: entry, labels: [] }]);
          for (const hash of uploads) match({ hash, variants: [] }, blocklist, { floodGuard });
          expect(floodGuard.flooded).toEqual([]);
        }),
        { numRuns: runs(10) },
      );
    });

    test('hide no chosen hashes, which raise it among them', () => {
      const all = Array.from({ length: 256 }, (_, bit) => bit);
      const chosen = fc
        .shuffledSubarray(all, { minLength: 20, maxLength: 31 })
        .map((bits) => flipBits(entry, bits, bits.length));
      const some = fc.shuffledSubarray(copies, { maxLength: 200 });
      fc.assert(
        fc.property(fc.array(chosen, { minLength: 25, maxLength: 25 }), some, (hashes, before) => {
          const floodGuard = createFloodGuard();
          for (const hash of before) {
            if (distance(entry, hash) <= 31) floodGuard.count(entry, hash);
          }
          expect(floodGuard.isFlooded(entry)).toBe(false);
          for (const hash of hashes) floodGuard.count(entry, hash);
          expect(floodGuard.isFlooded(entry)).toBe(true);
        }),
        { numRuns: runs(50) },
      );
    });
  },
);
