import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { DCT_MATRIX, dctInOrder } from '../../../src/kernels/pdq/dct.js';
import { dctFolded } from '../../../src/kernels/pdq/dct-folded.js';
import { cosine, dct } from '../../oracles/pixels/pdq.js';

const PLANES = {
  noise: (next: () => number) => Math.fround((next() / 2 ** 32) * 255),
  'black and white': (next: () => number) => 255 * (next() & 1),
  white: () => 255,
  'nearly white': (next: () => number) => Math.fround(255 - (next() % 3) * 1e-5),
};

test('every entry of the matrix is the formula rounded to float32', () => {
  const matrix = DCT_MATRIX;
  expect(matrix).toHaveLength(16 * 64);
  for (let i = 0; i < 16; i++) {
    for (let k = 0; k < 64; k++) expect(matrix[64 * i + k], `${i}, ${k}`).toBe(cosine(i, k));
  }
});

describe.each(Object.entries(PLANES))('%s', (_name, value) => {
  for (let seed = 0; seed < 10; seed++) {
    const next = random(seed);
    const plane = Float64Array.from({ length: 64 * 64 }, () => value(next));

    test(`in order: the reference's 256 coefficients bit by bit, seed ${seed}`, () => {
      const out = new Float64Array(256);
      dctInOrder(plane, new Float64Array(16 * 64), out);
      expect([...out].map((x) => x + 0)).toEqual([...dct(plane)].map((x) => x + 0));
    });

    test(`folded: within 1e-9 of the plain double sum, seed ${seed}`, () => {
      const matrix = DCT_MATRIX;
      const out = new Float64Array(256);
      const before = plane.slice();
      dctFolded(plane, new Float64Array(64 * 64), new Float64Array(64 * 16), out);
      expect(plane).toEqual(before);
      const rows = Array.from({ length: 16 }, (_, i) =>
        Array.from({ length: 64 }, (_, x) => {
          let sum = 0;
          for (let k = 0; k < 64; k++) sum += matrix[64 * i + k]! * plane[64 * k + x]!;
          return sum;
        }),
      );
      for (let i = 0; i < 16; i++) {
        for (let j = 0; j < 16; j++) {
          let sum = 0;
          for (let k = 0; k < 64; k++) sum += rows[i]![k]! * matrix[64 * j + k]!;
          expect(Math.abs(out[16 * i + j]! - sum)).toBeLessThan(1e-9);
        }
      }
    });
  }
});
