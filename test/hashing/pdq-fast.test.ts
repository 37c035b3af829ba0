import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { qualityOf } from '../../src/hashing/pdq.js';
import { qualityWithin } from '../../src/hashing/pdq-fast.js';
import { gradientPlane } from '../arbitraries.js';
import { runs } from '../seed.js';

describe('quality within a band', () => {
  test('gives the quality if no shift within the band changes it, else -1', () => {
    const told = new Set<number>();
    fc.assert(
      fc.property(gradientPlane, fc.double({ min: -1, max: 1, noNaN: true }), (values, shift) => {
        const band = 0.01;
        const within = qualityWithin(values, band);
        // Each sample moves by half the band at most.
        const moved = values.map((value, at) => value + 0.49 * band * shift * (at % 2 ? 1 : -1));
        told.add(within);
        if (within >= 0) {
          expect(qualityOf(moved)).toBe(within);
          expect(qualityOf(values)).toBe(within);
        }
      }),
      { numRuns: runs(200) },
    );
    // In doubt, flat, full of edges, and in between.
    expect([...told]).toEqual(expect.arrayContaining([-1, 0, 100]));
    expect(told.size).toBeGreaterThan(runs(20));
  });

  test.each([
    ['rows', 6],
    ['columns', 0],
  ])('in doubt where one hundredth decides, of alternating %s', (_, shift) => {
    // They make 63 x 64 differences of one hundredth each, 2.55: a quality of 44 in all, or none.
    const stripes = (value: number) =>
      Float64Array.from({ length: 4096 }, (_, at) => ((at >> shift) & 1 ? value : 0));
    // Within the band below the hundredth, and above it.
    expect(qualityWithin(stripes(2.5495), 0.001)).toBe(-1);
    expect(qualityWithin(stripes(2.5505), 0.001)).toBe(-1);
    expect(qualityWithin(stripes(2.54), 0.001)).toBe(0);
    expect(qualityWithin(stripes(2.56), 0.001)).toBe(44);
  });
});
