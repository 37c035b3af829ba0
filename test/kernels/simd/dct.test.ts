import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { DCT_MATRIX } from '../../../src/kernels/pdq/dct.js';
import { dctFolded } from '../../../src/kernels/pdq/dct-folded.js';
import { kernelsOf } from '../../../src/kernels/simd/arena.js';
import { DCT_KERNELS } from '../../../src/kernels/simd/pdq.js';
import { runs } from '../../seed.js';
import { differenceOf, expectSame, inGuardedArena, type Make } from './guarded.js';

/** Planes of noise, of few values, of one spot, and mirrored ones, whose sums cancel. */
const planes = fc
  .tuple(fc.constantFrom('noise', 'few', 'spot', 'mirrored'), fc.integer({ min: 1, max: 2 ** 30 }))
  .map(([kind, seed]) => {
    const next = random(seed);
    const plane = new Float64Array(4096);
    const value = () => (next() / 2 ** 32) * 255 - 127;
    if (kind === 'spot') plane[next() % 4096] = value();
    else if (kind === 'few') for (let i = 0; i < 4096; i++) plane[i] = next() % 3;
    else for (let i = 0; i < 4096; i++) plane[i] = value();
    if (kind === 'mirrored') {
      for (let i = 0; i < 4096; i++) if ((i & 63) > 31) plane[i] = plane[i ^ 63]!;
    }
    return plane;
  });

function dct(plane: Float64Array, make: Make) {
  const [input, folds] = [make(plane), make(new Float64Array(4096).fill(3))];
  const middle = make(new Float64Array(1024).fill(Number.NaN));
  const out = make(new Float64Array(256).fill(Number.NaN));
  dctFolded(input, folds, middle, out);
  return [out, middle, input];
}

test('the same coefficients, of the plane itself', () => {
  inGuardedArena((make) => expect(kernelsOf(make(new Float64Array(1)), DCT_KERNELS)).toBeDefined());
  fc.assert(
    fc.property(planes, (plane) => {
      expectSame((make) => dct(plane, make));
      expect(differenceOf(dct(plane, (values) => values.slice() as typeof values)[2]!, plane)).toBe(
        -1,
      );
    }),
    { numRuns: runs(300) },
  );
});

/** The sums of products, one coefficient after another. */
function naive(plane: Float64Array): number[] {
  const rows = new Float64Array(16 * 64);
  for (let u = 0; u < 16; u++) {
    for (let x = 0; x < 64; x++) {
      for (let y = 0; y < 64; y++)
        rows[64 * u + x]! += DCT_MATRIX[64 * u + y]! * plane[64 * y + x]!;
    }
  }
  return Array.from({ length: 256 }, (_, i) => {
    const [u, v] = [i >> 4, i & 15];
    let sum = 0;
    for (let x = 0; x < 64; x++) sum += rows[64 * u + x]! * DCT_MATRIX[64 * v + x]!;
    return sum;
  });
}

test('they are within 1e-9 of the true ones', () => {
  fc.assert(
    fc.property(planes, (plane) => {
      const out = inGuardedArena((make) => Array.from(dct(plane, make)[0]!));
      const apart = naive(plane).map((value, i) => Math.abs(value - out[i]!));
      expect(Math.max(...apart)).toBeLessThan(1e-9);
    }),
    { numRuns: runs(60) },
  );
});
