import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lowerMedian } from '../../src/kernels/median.js';

const sorted = (values: Float64Array) => values.slice().sort()[(values.length - 1) >> 1]!;

test('the 128th smallest of 256', () => {
  const values = Float64Array.from({ length: 256 }, (_, i) => (i * 77) % 256);
  expect(lowerMedian(values, new Float64Array(256))).toBe(127);
});

test('any values, ties and sorted ones too: as sorting gives it; values are only read', () => {
  const value = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.double({ noNaN: true }).map((x) => x + 0),
  );
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 300 }),
      fc.boolean(),
      (list, ordered) => {
        const values = Float64Array.from(list);
        if (ordered) values.sort();
        const before = values.slice();
        expect(lowerMedian(values, new Float64Array(values.length)) + 0).toBe(sorted(values) + 0);
        expect(values).toEqual(before);
      },
    ),
    { numRuns: 2000, seed: 1 },
  );
});
