import { expect, test } from 'vitest';
import { histogram } from '../../../../bench/robustness/report/metrics.js';
import { fitTail, foretold } from '../../../../bench/robustness/report/tail.js';

/** Counts that fall tenfold in `bits` bits, from `most` at distance 128, rounded. */
function straight(bits: number, most: number) {
  const counts = histogram();
  for (let distance = 0; distance <= 128; distance++) {
    counts[distance] = Math.round(most * 10 ** ((distance - 128) / bits));
  }
  return counts;
}

test('a straight tail is recovered, and extrapolated beyond the data', () => {
  const counts = straight(6, 1e8);
  const tail = fitTail(counts)!;
  expect(Math.LN10 / tail.slope).toBeCloseTo(6, 1);
  expect(tail.pairs).toBeGreaterThanOrEqual(1e4);
  const tried = counts.reduce((a, b) => a + b, 0);
  expect(tail.tried).toBe(tried);
  // The exact sum of the line up to 60, which is 0.004 pairs: none was counted.
  let pairs = 0;
  for (let distance = 0; distance <= 60; distance++) {
    pairs += 1e8 * 10 ** ((distance - 128) / 6);
  }
  expect(counts.slice(0, 61).every((count) => count === 0)).toBe(true);
  expect(foretold(tail, 60, 1e6) / ((pairs / tried) * 1e6)).toBeGreaterThan(0.8);
  expect(foretold(tail, 60, 1e6) / ((pairs / tried) * 1e6)).toBeLessThan(1.25);
});

test('of a normal tail, the line predicts too much rather than too little', () => {
  // Distances of random hashes: mean 128, deviation 8.
  const counts = histogram();
  const density = (distance: number) => Math.exp(-((distance - 128) ** 2) / 128) / (8 * 2.5066);
  for (let distance = 0; distance <= 256; distance++) {
    counts[distance] = Math.round(1e7 * density(distance));
  }
  const tail = fitTail(counts)!;
  let true60 = 0;
  for (let distance = 0; distance <= 60; distance++) true60 += density(distance) * 1e6;
  expect(foretold(tail, 60, 1e6)).toBeGreaterThan(true60);
});

test('more entries and a longer distance give more', () => {
  const tail = fitTail(straight(5, 1e9))!;
  expect(foretold(tail, 31, 2e6)).toBeCloseTo(2 * foretold(tail, 31, 1e6), 12);
  expect(foretold(tail, 60, 1e6)).toBeGreaterThan(foretold(tail, 31, 1e6));
});

test('too few distances are not fitted', () => {
  const counts = histogram();
  expect(fitTail(counts)).toBeUndefined();
  counts[90] = 1000;
  expect(fitTail(counts)).toBeUndefined();
});

/** The fit of counts at 60, 61 …, which are a hundredth of all. */
function fitOf(near: readonly number[]) {
  const counts = histogram();
  counts.set(near, 60);
  counts[128] = 99 * near.reduce((a, b) => a + b);
  return fitTail(counts);
}

test('fewer than a hundred pairs are not fitted', () => {
  expect(fitOf([9, 20, 30, 40])).toBeUndefined();
  expect(fitOf([10, 20, 30, 40])).toMatchObject({ from: 60, to: 63, pairs: 100 });
});

test('counts that fall with distance are not fitted', () => {
  expect(fitOf([40, 30, 20, 10])).toBeUndefined();
  expect(fitOf([400, 1, 1, 1])).toBeUndefined();
});
