import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histogram } from '../../../src/node/pool/hash-pool.js';

test('each latency is in the one bucket whose bounds enclose it', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (all) => {
      const histogram = new Histogram();
      for (const each of all) histogram.add(each);
      const { count, counts, bounds, milliseconds } = histogram.toLatencies();
      expect(count).toBe(all.length);
      expect(milliseconds).toBeCloseTo(
        all.reduce((sum, each) => sum + each, 0),
        3,
      );
      for (const [at, inBucket] of counts.entries()) {
        const low = bounds[at - 1] ?? -1;
        const high = bounds[at] ?? Number.POSITIVE_INFINITY;
        expect(inBucket).toBe(all.filter((each) => each > low && each <= high).length);
      }
    }),
  );
});

test('a quantile is estimated within its bucket', () => {
  const latency = fc.double({ min: 0, max: 60_000, noNaN: true });
  fc.assert(
    fc.property(fc.array(latency, { minLength: 1 }), (all) => {
      const histogram = new Histogram();
      for (const each of all) histogram.add(each);
      const { median, p90, p99, bounds } = histogram.toLatencies();
      const ascending = all.toSorted((a, b) => a - b);
      for (const [share, estimate] of [
        [0.5, median],
        [0.9, p90],
        [0.99, p99],
      ] as const) {
        const exact = ascending[Math.ceil(share * all.length) - 1]!;
        const at = bounds.findIndex((bound) => exact <= bound);
        expect(estimate).toBeGreaterThanOrEqual(bounds[at - 1] ?? 0);
        expect(estimate).toBeLessThanOrEqual(bounds[at]!);
      }
    }),
  );
});

test('all is zero without data, and the longest time has the last bound', () => {
  const histogram = new Histogram();
  expect(histogram.toLatencies()).toMatchObject({ count: 0, median: 0, p99: 0 });
  histogram.add(1e9);
  expect(histogram.toLatencies()).toMatchObject({ count: 1, median: 65_536, p99: 65_536 });
});
