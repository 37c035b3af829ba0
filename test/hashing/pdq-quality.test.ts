import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { qualityOf, qualityWithin } from '../../src/hashing/pdq-quality.js';
import { quality } from '../oracles/pdq.js';

/**
 * Planes from flat to full of edges, many with differences at a whole hundredth of the range (2.55,
 * 51 …). Often only some rows have any, so that every quality from 0 to 100 comes up.
 */
const plane = fc
  .tuple(
    fc.constantFrom(0.01, 1, 2.55, 3, 6, 7.65, 51, 255),
    fc.constantFrom(1, 2, 3, 101),
    fc.integer({ min: 1, max: 64 }),
    fc.infiniteStream(fc.nat({ max: 1000 })),
  )
  .map(([step, kinds, rows, stream]) =>
    Float64Array.from({ length: 64 * 64 }, (_, at) =>
      at < 64 * rows ? Math.min(255, Math.fround(step * (stream.next().value % kinds))) : 0,
    ),
  );

test('any plane: the quality of the line-by-line twin', () => {
  const told = new Set<number>();
  fc.assert(
    fc.property(plane, (values) => {
      told.add(quality(values));
      expect(qualityOf(values)).toBe(quality(values));
    }),
    { numRuns: 200, seed: 1 },
  );
  expect(told.size).toBeGreaterThan(20);
});

describe('within a band', () => {
  test('the quality whatever differences within the band are, or -1', () => {
    const told = new Set<number>();
    fc.assert(
      fc.property(plane, fc.double({ min: -1, max: 1, noNaN: true }), (values, shift) => {
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
      { numRuns: 200, seed: 2 },
    );
    // In doubt, flat, full of edges, and between.
    expect([...told]).toEqual(expect.arrayContaining([-1, 0, 100]));
    expect(told.size).toBeGreaterThan(20);
  });

  test.each([
    ['rows', 6],
    ['columns', 0],
  ])('in doubt where one hundredth decides, of alternating %s', (_, shift) => {
    // They make 63 x 64 differences of a hundredth each, 2.55: a quality of 44 in all, or none.
    const stripes = (value: number) =>
      Float64Array.from({ length: 4096 }, (_, at) => ((at >> shift) & 1 ? value : 0));
    // Within the band below the hundredth, and above it.
    expect(qualityWithin(stripes(2.5495), 0.001)).toBe(-1);
    expect(qualityWithin(stripes(2.5505), 0.001)).toBe(-1);
    expect(qualityWithin(stripes(2.54), 0.001)).toBe(0);
    expect(qualityWithin(stripes(2.56), 0.001)).toBe(44);
  });
});
