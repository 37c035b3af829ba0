import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { float32, lumaOf, lumaProducts, lumaRows } from '../../../src/kernels/pixels/luma.js';
import { pixelsOf } from '../../arbitraries.js';
import { lumaPlane } from '../../oracles/pixels/pdq.js';
import { runs } from '../../seed.js';

const [reds, greens, blues] = [lumaProducts(0.299), lumaProducts(0.587), lumaProducts(0.114)];

test('rounds as the reference does, for a lattice of colours with all sample values', () => {
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

test('takes four rows side by side, with any number of samples a pixel; repeats the last row below', () => {
  fc.assert(
    fc.property(pixelsOf(12), fc.nat({ max: 3 }), (pixels, top) => {
      const { width, height, channels = 1 } = pixels;
      const bytes = new Uint8Array(pixels.data);
      const columns = Int32Array.from({ length: width }, (_, x) => width - 1 - x);
      const rows = Int32Array.from({ length: height }, (_, y) => (y * 7) % height);
      const out = new Float64Array(5 + 6 * width).fill(-1);
      const raster = { bytes, words: null, channels, stride: width, columns, rows };
      lumaRows(raster, top, out, 5, 6);
      const { values } = lumaPlane(pixels, 'none');
      for (let x = 0; x < width; x++) {
        for (let r = 0; r < 4; r++) {
          const row = rows[Math.min(top + r, height - 1)]!;
          expect(out[5 + 6 * x + r]).toBe(values[row * width + columns[x]!]);
        }
        expect([out[5 + 6 * x + 4], out[5 + 6 * x + 5]]).toEqual([-1, -1]);
      }
    }),
    { numRuns: runs(300) },
  );
});

describe('rounding to float32', () => {
  /** Odd numbers of 25 bits. Up to its exponent, each is a tie between two float32. */
  test('ties go to even, as in Math.fround', () => {
    const next = random(1);
    const wrong: number[] = [];
    for (let n = 0; n < 1e6; n++) {
      const tie = ((next() % 2 ** 24) + 2 ** 24) | 1;
      const scaled = tie * 2 ** ((next() % 100) - 60);
      if (float32(scaled) !== Math.fround(scaled)) wrong.push(scaled);
      if (float32(-scaled) !== Math.fround(-scaled)) wrong.push(-scaled);
    }
    expect(wrong).toEqual([]);
  });

  test('next to a tie, and next to a float32, as Math.fround', () => {
    const next = random(2);
    const value = new Float64Array(1);
    const bits = new BigInt64Array(value.buffer);
    const wrong: number[] = [];
    for (let n = 0; n < 3e5; n++) {
      value[0] = ((next() % 2 ** 24) + 2 ** 24) * 2 ** ((next() % 100) - 60);
      bits[0]! += BigInt((next() % 7) - 3);
      const x = value[0]!;
      if (float32(x) !== Math.fround(x)) wrong.push(x);
    }
    expect(wrong).toEqual([]);
  });

  test('any number in its range, as Math.fround', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.integer({ min: -60, max: 90 }),
        (fraction, exponent) => {
          const x = fraction * 2 ** exponent;
          fc.pre(x === 0 || Math.abs(x) >= 2 ** -126);
          expect(float32(x) + 0).toBe(Math.fround(x) + 0);
        },
      ),
      { numRuns: runs(20_000) },
    );
  });

  test('dividing by a small count gives the same float32 as multiplying by its inverse', () => {
    const next = random(4);
    const wrong: string[] = [];
    for (let n = 0; n < 1e6; n++) {
      const sum = Math.fround((next() / 2 ** 32) * 2 ** (next() % 20));
      const count = 1 + (next() % (n % 2 === 0 ? 16 : 2 ** 20));
      const quotient = Math.fround(sum / count);
      if (float32(sum * (1 / count)) !== quotient) wrong.push(`${sum} / ${count}`);
    }
    expect(wrong).toEqual([]);
  });
});
