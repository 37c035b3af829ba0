import { expect, test } from 'vitest';
import { hardPicture, hardSize } from '../../../bench/hash/pdq-images.js';
import { photos } from '../../../bench/hash/photos.js';
import { hashToHex } from '../../../src/hash.js';
import { pdq } from '../../../src/hashing/pdq.js';
import { pdqDihedral } from '../../../src/hashing/pdq-dihedral.js';
import { DIHEDRAL_NAMES } from '../../../src/variant.js';

/**
 * Numbers of 20,000 of the pictures that the guard band was measured on: the first ones, and one in
 * eight of the large ones.
 */
const NUMBERS: number[] = [];
for (let n = 0; NUMBERS.length < 20_000; n++) {
  const [width, height] = hardSize(n);
  if (width * height < 8000 || n % 8 === 0) NUMBERS.push(n);
}

const crops = await photos();

test('the nine photos are installed, for crops', () => {
  expect(crops).toHaveLength(9);
});

test.each(Array.from({ length: 10 }, (_, part) => part))(
  '2,000 hard pictures, part %d: the fast path gives the answers of the exact path',
  (part) => {
    const wrong: string[] = [];
    for (const n of NUMBERS.slice(2000 * part, 2000 * (part + 1))) {
      const { kind, pixels } = hardPicture(n, crops);
      const { width, height } = pixels;
      for (const resample of width > 512 || height > 512
        ? ([512, 'none'] as const)
        : ([512] as const)) {
        const main = pdq(pixels, { resample });
        const eight = pdqDihedral(pixels, { resample });
        const exact = pdqDihedral(pixels, { resample, exact: true });
        // Only the eight forms filter 64 x 64 pixels.
        const plain =
          width === 64 && height === 64
            ? pdq(pixels, { resample, exact: true })
            : { hash: exact.hashes.original, quality: exact.quality };
        const same =
          hashToHex(main.hash) === hashToHex(plain.hash) &&
          main.quality === plain.quality &&
          eight.quality === exact.quality &&
          DIHEDRAL_NAMES.every(
            (name) => hashToHex(eight.hashes[name]) === hashToHex(exact.hashes[name]),
          );
        if (!same) wrong.push(`${n} ${kind} ${resample}`);
      }
    }
    expect(wrong).toEqual([]);
  },
);
