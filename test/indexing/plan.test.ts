import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bits } from '../../src/hash.js';
import { bandWidths, chooseBands, searchPlan } from '../../src/indexing/plan.js';

const bitsSet = (value: number) => value.toString(2).replaceAll('0', '').length;

describe.each([256, 64] as const)('bands of %i bits', (bits: Bits) => {
  const bands = fc.integer({ min: bits / 16, max: bits / 8 });

  test('cover the hash, none wider than 16 bits', () => {
    for (let count = bits / 16; count <= bits / 8; count++) {
      const widths = bandWidths(bits, count);
      expect(widths.reduce((sum, width) => sum + width, 0)).toBe(bits);
      expect(Math.max(...widths)).toBeLessThanOrEqual(16);
    }
  });

  test('any hash within the distance passes the test of some band: nothing is missed', () => {
    // A pair is its differing bits; which of them differ is all that the tests see.
    const differing = fc
      .tuple(fc.integer({ min: 0, max: bits }), fc.boolean(), fc.nat(bits - 1))
      .chain(([count, together, start]) =>
        together
          ? fc.constant(Array.from({ length: count }, (_, i) => (start + i) % bits))
          : fc.shuffledSubarray([...Array(bits).keys()], { minLength: count, maxLength: count }),
      );
    fc.assert(
      fc.property(differing, bands, fc.nat(6), (flips, count, slack) => {
        const maxDistance = Math.min(bits, flips.length + slack);
        const { probes, probeCount } = searchPlan(
          { bits, bands: count, count: 1000, kind: 'mih' },
          maxDistance,
        );
        const masks = probes!.reduce((sum, ring) => sum + ring.masks.length, 0);
        expect(probeCount).toBe(masks);
        const differs = new Set(flips);
        const within = (from: number, length: number) => {
          let sum = 0;
          for (let i = 0; i < length; i++) if (differs.has((from + i) % bits)) sum++;
          return sum;
        };
        const passes = probes!.some(({ start, width, masks, limit }) => {
          const inBand = within(start, width);
          return bitsSet(masks[0]!) === inBand && within(start + width, 32) <= limit;
        });
        expect(passes).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('a kind asked for is obeyed, and short lists or long distances are scanned', () => {
    expect(chooseBands({ bits, maxDistance: 31, kind: 'flat' }, 1e6)).toBe(0);
    expect(chooseBands({ bits, maxDistance: bits, kind: 'mih' }, 1)).toBeGreaterThan(0);
    expect(chooseBands({ bits, maxDistance: bits / 8 }, 5)).toBe(0);
    expect(chooseBands({ bits, maxDistance: bits / 2 }, 1e6)).toBe(0);
    expect(chooseBands({ bits, maxDistance: bits / 8 - 1 }, 1e6)).toBe(bits / 16);
  });
});
