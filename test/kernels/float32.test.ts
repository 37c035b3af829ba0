import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { float32 } from '../../src/kernels/float32.js';

/** Odd numbers of 25 bits: each, but for its exponent, a tie between two float32. */
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
    { numRuns: 20_000, seed: 3 },
  );
});

test('quotients by small counts: the product with the inverse is the same float32', () => {
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
