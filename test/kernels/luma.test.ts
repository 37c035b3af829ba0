import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lumaOf, lumaProducts, lumaRows } from '../../src/kernels/luma.js';
import { pixelsOf } from '../arbitraries.js';
import { lumaPlane } from '../oracles/pdq.js';

const [reds, greens, blues] = [lumaProducts(0.299), lumaProducts(0.587), lumaProducts(0.114)];

test('every colour of a lattice that meets all sample values: as the reference rounds it', () => {
  const f = Math.fround;
  const wrong: number[][] = [];
  for (let r = 0; r < 256; r++) {
    for (let g = 0; g < 256; g++) {
      const b = (r * 7 + g * 31) & 255;
      const wanted = f(f(f(f(0.299) * r) + f(f(0.587) * g)) + f(f(0.114) * b));
      if (lumaOf(r, g, b, reds, greens, blues) !== wanted) wrong.push([r, g, b]);
    }
  }
  expect(wrong).toEqual([]);
});

test('four rows side by side, of any number of samples a pixel', () => {
  fc.assert(
    fc.property(pixelsOf(12), fc.nat({ max: 3 }), (pixels, first) => {
      const { width, height, channels = 1 } = pixels;
      const bytes = new Uint8Array(pixels.data);
      const columns = Int32Array.from({ length: width }, (_, x) => width - 1 - x);
      const rows = [0, 1, 2, 3].map((r) => (first + r) % height);
      const at = Float64Array.from(rows, (row) => row * width * channels);
      const out = new Float64Array(5 + 6 * width).fill(-1);
      lumaRows(bytes, channels, at, columns, reds, greens, blues, out, 5, 6);
      const { values } = lumaPlane(pixels, 'none');
      for (let x = 0; x < width; x++) {
        for (let r = 0; r < 4; r++) {
          expect(out[5 + 6 * x + r]).toBe(values[rows[r]! * width + columns[x]!]);
        }
        expect([out[5 + 6 * x + 4], out[5 + 6 * x + 5]]).toEqual([-1, -1]);
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});
