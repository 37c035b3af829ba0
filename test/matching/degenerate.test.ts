import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hash, hashFromHex, isDegenerate } from '../../src/hash.js';
import { flipBits, hashOf } from '../arbitraries.js';
import { runs } from '../seed.js';

const order = Array.from({ length: 256 }, (_, bit) => (bit * 37) % 256);
const zero = (bytes: number): Hash => ({ algorithm: 'dhash', bytes: new Uint8Array(bytes) });

test('a PDQ hash with fewer than 32 or more than 224 ones', () => {
  const none: Hash = { algorithm: 'pdq', bytes: new Uint8Array(32) };
  expect(
    [0, 31, 32, 128, 224, 225, 256].map((ones) => isDegenerate(flipBits(none, order, ones))),
  ).toEqual([true, true, false, false, false, true, true]);
});

test('a PDQ hash of at most 4 distinct 16-bit words', () => {
  const words = ['00ff', 'ff00', '0f0f', 'f0f0', '3333'];
  const of = (count: number) =>
    hashFromHex('pdq', Array.from({ length: 16 }, (_, i) => words[i % count]).join(''));
  expect([1, 2, 4, 5].map((count) => isDegenerate(of(count)))).toEqual([true, true, true, false]);
  // Other algorithms are not judged by 16-bit words.
  expect(isDegenerate({ ...of(4), algorithm: 'blockhash' })).toBe(false);
});

describe('other algorithms: under an eighth of the bits set or unset', () => {
  for (const [bytes, counts] of [
    [8, [7, 8, 56, 57]],
    [32, [31, 32, 224, 225]],
  ] as const) {
    test(`of ${bytes * 8}`, () => {
      const bits = order.filter((bit) => bit < bytes * 8);
      expect(counts.map((ones) => isDegenerate(flipBits(zero(bytes), bits, ones)))).toEqual([
        true,
        false,
        false,
        true,
      ]);
    });
  }
});

test('agrees with counting the digits', () => {
  const sparse = fc
    .tuple(hashOf('pdq', 256), hashOf('pdq', 256), hashOf('pdq', 256))
    .map(([{ bytes }, b, c]): Hash => {
      return { algorithm: 'pdq', bytes: bytes.map((x, i) => x & b.bytes[i]! & c.bytes[i]!) };
    });
  fc.assert(
    fc.property(fc.oneof(hashOf('pdq', 256), sparse), (hash) => {
      const digits = [...hash.bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
      const ones = [...digits].filter((digit) => digit === '1').length;
      const words = new Set(digits.match(/.{16}/g));
      expect(isDegenerate(hash)).toBe(ones < 32 || ones > 224 || words.size <= 4);
    }),
    { numRuns: runs(1000) },
  );
});
