import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance, type Hash } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqOutline } from '../../src/hashing/pdq-outline.js';
import { runs } from '../seed.js';

/** A hash as PDQ makes it: half of its bits are set. */
const balanced: fc.Arbitrary<Hash> = fc
  .shuffledSubarray(
    Array.from({ length: 256 }, (_, bit) => bit),
    { minLength: 128, maxLength: 128 },
  )
  .map((bits) => {
    const bytes = new Uint8Array(32);
    for (const bit of bits) bytes[bit >> 3]! |= 1 << (bit & 7);
    return { algorithm: 'pdq', bytes };
  });

test('hashing the outline of a hash gives that hash again', () => {
  fc.assert(
    fc.property(balanced, (hash) => {
      const before = Uint8Array.from(hash.bytes);
      const again = pdq(pdqOutline(hash));
      expect(hash.bytes).toEqual(before);
      // Greys are rounded to integers, which now and then flips a bit of the weakest frequencies.
      expect(distance(again.hash, hash)).toBeLessThanOrEqual(4);
    }),
    { numRuns: runs(200) },
  );
});

test('no other hash has an outline', () => {
  for (const [algorithm, bytes] of [
    ['phash', 32],
    ['sha256', 32],
    ['md5', 16],
  ] as const) {
    const hash = { algorithm, bytes: new Uint8Array(bytes) };
    expect(() => pdqOutline(hash)).toThrow(new RangeError('expected a hash of pdq'));
  }
  expect(() => pdqOutline({ algorithm: 'pdq', bytes: new Uint8Array(31) })).toThrow();
});
