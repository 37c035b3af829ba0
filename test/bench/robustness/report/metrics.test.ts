import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  falsePairs,
  histogram,
  quantileOf,
  upperBound,
  within,
  wordDistance,
} from '../../../../bench/robustness/report/metrics.js';

const distances = fc.array(fc.integer({ min: 0, max: 256 }), { minLength: 1, maxLength: 30 });

function counted(values: readonly number[]) {
  const counts = histogram();
  for (const value of values) counts[value]!++;
  return counts;
}

test('the upper 95 % bounds of a Poisson mean agree with the tables', () => {
  // Garwood (1936), one-sided: 2.996, 4.744, 6.296, 7.754 for 0, 1, 2, 3 events; 15.71 for 9.
  for (const [count, bound] of [
    [0, 2.996],
    [1, 4.744],
    [2, 6.296],
    [3, 7.754],
    [9, 15.705],
  ] as const) {
    expect(upperBound(count)).toBeCloseTo(bound, 2);
  }
});

test('quantiles and counts agree with the sorted values', () => {
  fc.assert(
    fc.property(distances, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const counts = counted(values);
      const sorted = [...values].sort((a, b) => a - b);
      const place = Math.max(1, Math.ceil((percent / 100) * values.length - 1e-9));
      expect(quantileOf(counts, percent / 100)).toBe(sorted[place - 1]);
      expect(within(counts, 31)).toBe(values.filter((value) => value <= 31).length);
    }),
  );
});

test('false pairs with their bound', () => {
  const unrelated = counted([40, ...new Array(999).fill(120)]);
  expect(falsePairs(unrelated, 31)).toMatchObject({ falsePairs: 0, pairs: 1000, perMillion: 0 });
  expect(falsePairs(unrelated, 31).perMillionAtMost).toBeCloseTo(2995.7, 0);
  expect(falsePairs(unrelated, 40).perMillion).toBe(1000);
});

test('the distance of packed hashes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      (a, b) => {
        let bits = 0;
        for (const [at, byte] of a.entries()) {
          for (let x = byte ^ b[at]!; x > 0; x >>= 1) bits += x & 1;
        }
        const words = (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer);
        expect(wordDistance(words(a), 0, words(b), 0, 8)).toBe(bits);
      },
    ),
  );
});
