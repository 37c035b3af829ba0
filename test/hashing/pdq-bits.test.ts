import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashToHex } from '../../src/hash.js';
import { bitsAbove } from '../../src/hashing/pdq-bits.js';
import { hexOfBits } from '../oracles/pdq.js';

test('bit 16 i + j for coefficient (i, j); the number is written from bit 255 down', () => {
  const coefficients = new Float64Array(256);
  coefficients[0] = 1;
  coefficients[255] = 1;
  const hash = bitsAbove(coefficients, -1)!;
  expect(hashToHex(hash)).toBe(`8${'0'.repeat(62)}1`);
});

test('any coefficients, ties too: the bits of the line-by-line twin; fresh bytes each time', () => {
  const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 256, maxLength: 256 }), (list) => {
      const coefficients = Float64Array.from(list);
      const hash = bitsAbove(coefficients, -1)!;
      expect(hashToHex(hash)).toBe(hexOfBits(coefficients));
      expect(bitsAbove(coefficients, -1)!.bytes).not.toBe(hash.bytes);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('in doubt where another coefficient than the median lies within the band, above it or below', () => {
  const apart = Float64Array.from({ length: 256 }, (_, i) => (i * 101) % 256);
  const median = apart.indexOf(127);
  expect(bitsAbove(apart, 0.02)).toBeDefined();
  for (const [near, inDoubt] of [
    [0.02, true],
    [-0.02, true],
    [0.021, false],
    [-0.021, false],
    [0, true],
  ] as const) {
    const close = apart.slice();
    // 126 and 128 stay on their side of the median.
    close[apart.indexOf(near < 0 ? 126 : 128)] = 127 + near;
    close[median] = 127;
    expect(bitsAbove(close, 0.0200001) === undefined).toBe(inDoubt);
  }
});
