import { expect, test } from 'vitest';
import { lanczosWeights } from '../../../src/kernels/pixels/lanczos.js';

/** The table as one list of weights per output. */
function outputs(size: number, count: number) {
  const table = lanczosWeights(size, count);
  const found: { first: number; weights: number[] }[] = [];
  for (let at = 0; found.length < count; ) {
    const [first, taps] = [table[at]!, table[at + 1]!];
    found.push({ first, weights: Array.from(table.slice(at + 2, at + 2 + taps)) });
    at += 2 + taps;
  }
  return found;
}

test('weights add up to one, up to rounding, and lie inside the line', () => {
  for (const size of [1, 2, 7, 8, 9, 63, 64, 65, 500, 4000, 10_001]) {
    for (const count of [8, 9, 16, 17, 32, 64]) {
      for (const { first, weights } of outputs(size, count)) {
        const total = weights.reduce((a, b) => a + b);
        expect(Math.abs(total / 2 ** 22 - 1)).toBeLessThanOrEqual(weights.length / 2 ** 23);
        expect(first).toBeGreaterThanOrEqual(0);
        expect(first + weights.length).toBeLessThanOrEqual(size);
        // This keeps a sum of 255 times each weight inside 32 bits.
        const room = weights.reduce((a, b) => a + Math.abs(b), 0) / 2 ** 22;
        expect(room).toBeLessThan(2);
      }
    }
  }
});

test('a line of the same size stays unchanged', () => {
  for (const [i, { first, weights }] of outputs(32, 32).entries()) {
    for (const [tap, weight] of weights.entries()) {
      expect(weight + 0).toBe(first + tap === i ? 2 ** 22 : 0);
    }
  }
});

test('a filter of three lobes reaches three widths to each side', () => {
  const { first, weights } = outputs(320, 32)[16]!;
  expect([first, weights.length]).toEqual([135, 60]);
  expect(weights.slice(0, 30)).toEqual(weights.slice(30).reverse());
});
