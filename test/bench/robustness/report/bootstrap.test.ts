import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Grid, macroMean } from '../../../../bench/robustness/report/bootstrap.js';
import { random } from '../../../../bench/workloads.js';
import { runs } from '../../../seed.js';

const filled = (
  families: readonly number[],
  photos: number,
  hit: (edit: number, photo: number) => number,
): Grid => ({
  families,
  photos,
  hits: families.flatMap((_, edit) => Array.from({ length: photos }, (_, at) => hit(edit, at))),
});

test('families weigh the same, whatever the number of their edits', () => {
  const grid = filled([0, 0, 0, 1], 5, (edit) => (edit === 3 ? 1 : 0));
  expect(macroMean(grid, 1, 100).value).toBe(0.5);
});

test('pairs that were not tried do not count', () => {
  const grid = filled([0, 0, 1], 4, (edit, photo) =>
    edit === 1 ? Number.NaN : photo === 0 ? 1 : Number.NaN,
  );
  const { value, low, high } = macroMean(grid, 1, 200);
  expect([value, low, high]).toEqual([1, 1, 1]);
});

test('without any difference, the interval is a point', () => {
  const grid = filled([0, 0, 1, 1], 6, () => 1);
  expect(macroMean(grid, 7, 200)).toEqual({ value: 1, low: 1, high: 1 });
});

/** Half of the photos, or of each family's edits, are found by a seeded toss. */
const tossed = (count: number, seed: number) => {
  const next = random(seed);
  return Array.from({ length: count }, () => next() & 1);
};

test('if all depends on the photo, the interval is that of a mean of the photos', () => {
  const found = tossed(100, 3);
  const grid = filled([0, 0, 0, 0, 1, 1, 1, 1], 100, (_, photo) => found[photo]!);
  const { value, low, high } = macroMean(grid, 5);
  const deviation = Math.sqrt((value * (1 - value)) / 100);
  expect((high - low) / (2 * 1.96 * deviation)).toBeCloseTo(1, 0);
  expect((high - low) / (2 * 1.96 * deviation)).toBeGreaterThan(0.9);
  expect((high - low) / (2 * 1.96 * deviation)).toBeLessThan(1.1);
});

test('if all depends on the edit, the interval is that of a mean of the edits', () => {
  const found = tossed(100, 4);
  const grid = filled(new Array(100).fill(0), 30, (edit) => found[edit]!);
  const { value, low, high } = macroMean(grid, 5);
  const deviation = Math.sqrt((value * (1 - value)) / 100);
  expect((high - low) / (2 * 1.96 * deviation)).toBeGreaterThan(0.9);
  expect((high - low) / (2 * 1.96 * deviation)).toBeLessThan(1.1);
});

test('any grid: the same seed gives the same interval, from 0 to 1, low to high', () => {
  const grids = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
    .chain(([edits, photos]) =>
      fc.record({
        families: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: edits, maxLength: edits }),
        photos: fc.constant(photos),
        hits: fc.array(fc.constantFrom(0, 1, Number.NaN), {
          minLength: edits * photos,
          maxLength: edits * photos,
        }),
      }),
    );
  fc.assert(
    fc.property(grids, fc.integer(), (grid, seed) => {
      const estimate = macroMean(grid, seed, 50);
      expect(macroMean(grid, seed, 50)).toEqual(estimate);
      if (Number.isNaN(estimate.value)) return;
      expect(estimate.low).toBeGreaterThanOrEqual(0);
      expect(estimate.high).toBeGreaterThanOrEqual(estimate.low);
      expect(estimate.high).toBeLessThanOrEqual(1);
    }),
    { numRuns: runs(100) },
  );
});
