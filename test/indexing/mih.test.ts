import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Bits } from '../../src/hash.js';
import { bandWidths, ringsWithin } from '../../src/indexing/mih.js';
import { spread } from '../../src/kernels/search/bands.js';
import { runs } from '../seed.js';

const bitsSet = (value: number) => value.toString(2).replaceAll('0', '').length;

describe.each([256, 64] as const)('bands of %i bits', (bits: Bits) => {
  const sketches = fc.constantFrom<16 | 32>(16, 32);
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
      fc.property(differing, bands, fc.nat(6), sketches, (flips, count, slack, sketchBits) => {
        const maxDistance = Math.min(bits, flips.length + slack);
        const rings = ringsWithin({ bits, bands: count, sketchBits }, maxDistance);
        const differs = new Set(flips);
        const within = (from: number, length: number) => {
          let sum = 0;
          for (let i = 0; i < length; i++) if (differs.has((from + i) % bits)) sum++;
          return sum;
        };
        const passes = rings.some(({ start, width, masks, limit }) => {
          const inBand = within(start, width);
          return bitsSet(masks[0]!) === inBand && within(start + width, sketchBits) <= limit;
        });
        expect(passes).toBe(true);
      }),
      { numRuns: runs(3000) },
    );
  });

  test('spreading moves each bit to a place of its own, away from its neighbours', () => {
    const perHash = bits / 32;
    const placeOf = (bit: number) => {
      const words = new Int32Array(perHash);
      words[bit >> 5] = 1 << (bit & 31);
      const out = new Int32Array(perHash);
      spread(words, 0, perHash, out, 0);
      const set = [...Array(bits).keys()].filter((i) => (out[i >> 5]! >>> (i & 31)) & 1);
      expect(set).toHaveLength(1);
      return set[0]!;
    };
    const places = Array.from({ length: bits }, (_, bit) => placeOf(bit));
    expect(new Set(places).size).toBe(bits);
    // Of a run of 16 bits, no band of 16 gets more than a third.
    for (let start = 0; start + 16 <= bits; start++) {
      const perBand = new Map<number, number>();
      for (const place of places.slice(start, start + 16)) {
        perBand.set(place >> 4, (perBand.get(place >> 4) ?? 0) + 1);
      }
      expect(Math.max(...perBand.values())).toBeLessThanOrEqual(bits === 64 ? 8 : 5);
    }
  });

  test('spreading keeps distances, wherever the hashes lie', () => {
    const words = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), {
      minLength: bits / 32,
      maxLength: bits / 32,
    });
    const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
      Array.from(a, (word, i) => bitsSet((word ^ b[i]!) >>> 0)).reduce((x, y) => x + y);
    fc.assert(
      fc.property(words, words, fc.nat(3), (a, b, skip) => {
        const spreadOf = (hash: readonly number[]) => {
          const out = new Int32Array(bits / 32 + skip);
          spread(Int32Array.from([...Array(skip).fill(7), ...hash]), skip, bits / 32, out, skip);
          return out.subarray(skip);
        };
        expect(distance(spreadOf(a), spreadOf(b))).toBe(distance(a, b));
      }),
    );
  });
});
