import { expect, test } from 'vitest';
import { ALGORITHMS, type Bits, hasBits } from '../../src/hash.js';
import { checkPolicy, policyFor, widestOf } from '../../src/policy.js';

test('PDQ: match up to 31, review up to 60, quality 50', () => {
  expect(policyFor('pdq', 256)).toEqual({ matchDistance: 31, reviewDistance: 60, minQuality: 50 });
});

test('every algorithm and width has its own, within its bits', () => {
  for (const algorithm of ALGORITHMS) {
    for (const bits of [64, 256] as Bits[]) {
      if (!hasBits(algorithm, bits)) continue;
      const { matchDistance, reviewDistance, minQuality } = policyFor(algorithm, bits);
      expect(matchDistance).toBeGreaterThanOrEqual(-1);
      expect(matchDistance).toBeLessThan(reviewDistance);
      expect(reviewDistance).toBeLessThan(bits / 4);
      expect(minQuality).toBe(algorithm === 'pdq' ? 50 : 0);
    }
  }
});

test('changes at the top level are for PDQ only; other algorithms are changed by name', () => {
  const changes = {
    matchDistance: 20,
    minQuality: 60,
    algorithms: { dhash: { reviewDistance: 12 } },
  };
  expect(policyFor('pdq', 256, changes)).toEqual({
    matchDistance: 20,
    reviewDistance: 60,
    minQuality: 60,
  });
  expect(policyFor('dhash', 64, changes)).toEqual({
    ...policyFor('dhash', 64),
    reviewDistance: 12,
  });
  expect(policyFor('phash', 64, changes)).toEqual(policyFor('phash', 64));
});

test('all lists are searched up to the longest distance of those enabled', () => {
  const settings = [
    ['near', { policy: { matchDistance: 10, reviewDistance: 70 } }],
    ['far', { policy: { matchDistance: 40 } }],
    ['off', { enabled: false, policy: { matchDistance: 99, reviewDistance: 99 } }],
    ['plain', {}],
  ] as const;
  const kind = { algorithm: 'pdq', bits: 256 } as const;
  expect(widestOf(settings, { minQuality: 60 }, kind)).toEqual({
    matchDistance: 40,
    reviewDistance: 70,
    minQuality: 60,
  });
  expect(widestOf([], { matchDistance: 20 }, kind).matchDistance).toBe(20);
});

test('values out of range are refused', () => {
  checkPolicy({ matchDistance: -1, reviewDistance: 256, minQuality: 99.5 });
  for (const wrong of [
    { matchDistance: -2 },
    { matchDistance: 1.5 },
    { reviewDistance: 257 },
    { reviewDistance: Number.NaN },
    { minQuality: 101 },
    { minQuality: Number.NaN },
    { algorithms: { phash: { matchDistance: 300 } } },
  ]) {
    expect(() => checkPolicy(wrong)).toThrow(RangeError);
  }
});
