import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { distance, hashToHex } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqDihedral } from '../../src/hashing/pdq-dihedral.js';
import type { CheckedPixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES } from '../../src/variant.js';
import { dihedral } from '../../src/variants/forms.js';
import { pixelsOf } from '../arbitraries.js';
import { naivePdqDihedral } from '../oracles/pixels/pdq.js';
import { runs } from '../seed.js';

function noise(width: number, height: number, seed: number): CheckedPixels {
  const next = random(seed);
  const data = new Uint8Array(width * height * 3).map(() => next() & 255);
  return { data, width, height, channels: 3 };
}

test('eight hashes from one filtering', () => {
  const pixels = noise(200, 150, 1);
  const { hashes, ...facts } = pdqDihedral(pixels);
  expect(Object.keys(hashes)).toEqual([...DIHEDRAL_NAMES]);
  expect({ hash: hashes.original, ...facts }).toEqual(pdq(pixels));
});

test('any pixels, exact and by default: the eight hashes and the quality of the line-by-line twin', () => {
  const mask = fc.constantFrom(255, 128, 3);
  fc.assert(
    fc.property(pixelsOf(80), mask, (pixels, kept) => {
      const hard = { ...pixels, data: pixels.data.map((value) => value & kept) };
      const before = hard.data.slice();
      const wanted = naivePdqDihedral(hard);
      for (const exact of [true, false]) {
        const { hashes, quality } = pdqDihedral(hard, { exact });
        const hexes = Object.fromEntries(DIHEDRAL_NAMES.map((n) => [n, hashToHex(hashes[n])]));
        expect({ hexes, quality }).toEqual(wanted);
      }
      expect(hard.data).toEqual(before);
    }),
    { numRuns: runs(150) },
  );
});

test('over 512: both size conventions', () => {
  const pixels = noise(600, 90, 2);
  for (const resample of [512, 'none'] as const) {
    for (const exact of [true, false]) {
      const { hashes, quality } = pdqDihedral(pixels, { resample, exact });
      const hexes = Object.fromEntries(DIHEDRAL_NAMES.map((n) => [n, hashToHex(hashes[n])]));
      expect({ hexes, quality }).toEqual(naivePdqDihedral(pixels, resample));
    }
  }
});

describe('turned or mirrored pixels', () => {
  // At 64 x 64 the filter is symmetric: each sample is its own tile.
  test.each(DIHEDRAL_NAMES)('%s of 64 x 64: exactly the hash of the moved pixels', (name) => {
    for (let seed = 0; seed < runs(20); seed++) {
      const pixels = noise(64, 64, seed);
      const moved = pdqDihedral(dihedral(pixels, name)).hashes.original;
      expect(distance(pdqDihedral(pixels).hashes[name], moved)).toBe(0);
    }
  });

  // At other sizes a window has a longer side, and only the flip about the diagonal keeps it.
  test.each(DIHEDRAL_NAMES)(
    '%s of a photo-like picture: within 31 bits; the diagonal, 2',
    (name) => {
      for (let seed = 0; seed < runs(10); seed++) {
        const next = random(seed);
        const [width, height] = [300, 220];
        const waves = Array.from({ length: 20 }, () =>
          [next(), next(), next()].map((u) => u / 2 ** 32),
        );
        const data = new Uint8Array(width * height).map((_, i) => {
          const [x, y] = [(i % width) / width, Math.floor(i / width) / height];
          let sum = 128;
          for (const [a, b, c] of waves) sum += 20 * Math.sin(60 * (a! * x + b! * y) + 9 * c!);
          return Math.max(0, Math.min(255, sum));
        });
        const pixels = { data, width, height, channels: 1 } as const;
        const moved = pdqDihedral(dihedral(pixels, name)).hashes.original;
        const apart = distance(pdqDihedral(pixels).hashes[name], moved);
        expect(apart).toBeLessThanOrEqual(name === 'flipPlus1' || name === 'original' ? 2 : 31);
      }
    },
  );

  test('mirroring twice, or turning back, gives the forms of the original', () => {
    const pixels = noise(64, 64, 3);
    const original = pdqDihedral(pixels).hashes;
    const turned = pdqDihedral(dihedral(pixels, 'rotate90')).hashes;
    expect(distance(turned.rotate270, original.original)).toBe(0);
    expect(distance(turned.rotate90, original.rotate180)).toBe(0);
    expect(distance(turned.rotate180, original.rotate270)).toBe(0);
  });
});

test('64 x 64 pixels are filtered here but not by pdq: close to ties the hashes differ', () => {
  // 64 x 64: one sample a window, so the filter only rounds.
  const pixels = noise(64, 64, 4);
  expect(distance(pdqDihedral(pixels).hashes.original, pdq(pixels).hash)).toBeLessThanOrEqual(2);
});

test.each([
  [4, 9],
  [9, 4],
])('%d x %d: eight hashes without a bit, quality 0', (width, height) => {
  const { hashes, quality } = pdqDihedral(noise(width, height, 1));
  expect(quality).toBe(0);
  expect(new Set(DIHEDRAL_NAMES.map((name) => hashToHex(hashes[name])))).toEqual(
    new Set(['0'.repeat(64)]),
  );
});
