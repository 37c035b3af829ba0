import { describe, expect, test } from 'vitest';
import type { Bits } from '../../src/hash.js';
import { chooseBands, searchPlan } from '../../src/indexing/plan.js';

describe.each(
  ([256, 64] as Bits[]).flatMap((bits) =>
    (['js', 'simd'] as const).map((kernel) => ({ bits, kernel })),
  ),
)('plans for $bits bits in $kernel', ({ bits, kernel }) => {
  const purpose = { bits, kernel, sketchBits: 32 } as const;

  test('a requested kind is used, and short lists or long distances are scanned', () => {
    expect(chooseBands({ ...purpose, kind: 'flat' }, 1e6, 31)).toBe(0);
    expect(chooseBands({ ...purpose, kind: 'mih' }, 1, bits)).toBeGreaterThan(0);
    expect(chooseBands(purpose, 5, bits / 8)).toBe(0);
    expect(chooseBands(purpose, 1e6, bits / 2)).toBe(0);
    expect(chooseBands(purpose, 1e6, bits / 8 - 1)).toBe(bits / 16);
  });

  test('a plan counts its buckets, and is a scan unless it costs less', () => {
    for (const count of [10, 1e3, 1e5, 1e7]) {
      for (const max of [0, 8, bits / 8, bits / 4, bits]) {
        const scan = searchPlan({ ...purpose, bands: 0 }, count, max);
        const plan = searchPlan({ ...purpose, bands: bits / 16 }, count, max);
        expect(plan.nanoseconds).toBeLessThanOrEqual(scan.nanoseconds);
        if (!plan.probes) continue;
        const { rings, count: probes, worth, weight } = plan.probes;
        expect(probes).toBe(rings.reduce((sum, ring) => sum + ring.masks.length, 0));
        expect(worth).toBeGreaterThanOrEqual(0);
        expect(weight).toBeGreaterThan(1);
      }
    }
  });

  test('more hashes or a longer distance cost less only where a small gain is left', () => {
    for (const bands of [0, bits / 16, bits / 12]) {
      const cost = (count: number, max: number) =>
        searchPlan({ ...purpose, bands }, count, max).nanoseconds;
      for (const max of [0, 8, 31, 48, 64]) {
        for (const count of [10, 1e3, 1e5, 1e6]) {
          expect(cost(2 * count, max)).toBeGreaterThanOrEqual(0.85 * cost(count, max));
          const further = cost(count, Math.min(bits, max + 1));
          expect(further).toBeGreaterThanOrEqual(0.85 * cost(count, max));
        }
      }
    }
  });
});

test.each(['js', 'simd'] as const)('near searches in %s get the bands of their rule', (kernel) => {
  const purpose = { bits: 256, kernel, sketchBits: 32 } as const;
  expect(chooseBands(purpose, 16_384, 60)).toBe(16);
  expect(chooseBands(purpose, 100_000, 60)).toBe(16);
  expect(chooseBands(purpose, 100_000, 31)).not.toBe(16);
  expect(chooseBands(purpose, 16_383, 60)).toBe(chooseBands(purpose, 16_383, 31));
  expect(chooseBands({ ...purpose, kind: 'flat' }, 1e6, 60)).toBe(0);
});
