import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DIGESTS, PERCEPTUAL, WIDTHS } from '../../src/hash.js';
import {
  checkPolicy,
  describedList,
  type ListSettings,
  policyFor,
  widestOf,
} from '../../src/policy.js';

test('PDQ: match up to 31, review up to 60, quality 50', () => {
  expect(policyFor('pdq', 256)).toEqual({ matchDistance: 31, reviewDistance: 60, minQuality: 50 });
});

test('every algorithm and width has its own, within its bits', () => {
  for (const algorithm of PERCEPTUAL) {
    for (const bits of WIDTHS[algorithm]) {
      const { matchDistance, reviewDistance, minQuality } = policyFor(algorithm, bits);
      expect(matchDistance).toBeGreaterThanOrEqual(-1);
      expect(matchDistance).toBeLessThan(reviewDistance);
      expect(reviewDistance).toBeLessThan(bits / 4);
      expect(minQuality).toBe(algorithm === 'pdq' ? 50 : 0);
    }
  }
});

test('digests match if they are equal, whatever is changed', () => {
  const changes = { matchDistance: 40, reviewDistance: 80, minQuality: 60 };
  for (const algorithm of DIGESTS) {
    const [bits] = WIDTHS[algorithm];
    const equal = { matchDistance: 0, reviewDistance: 0, minQuality: 0 };
    expect(policyFor(algorithm, bits, changes)).toEqual(equal);
    expect(() => checkPolicy({ algorithms: { [algorithm]: changes } as never })).toThrow(TypeError);
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

test('the review distance of PDQ follows the size of the list, unless it is set', () => {
  const distances = [0, 500, 100_000, 1_000_000, 10_000_000, 1e9].map(
    (entries) => policyFor('pdq', 256, {}, entries).reviewDistance,
  );
  expect(distances).toEqual([60, 60, 60, 54, 46, 46]);
  expect(policyFor('pdq', 256, { reviewDistance: 60 }, 1_000_000).reviewDistance).toBe(60);
  expect(policyFor('dhash', 256, {}, 1e9)).toEqual(policyFor('dhash', 256));
  expect(() => policyFor('pdq', 256, {}, -1)).toThrow('expected entries to be an integer >= 0');
  fc.assert(
    fc.property(fc.nat(20_000_000), fc.nat(1000), (entries, more) => {
      const { reviewDistance: of } = policyFor('pdq', 256, {}, entries);
      const { reviewDistance: ofMore } = policyFor('pdq', 256, {}, entries + more);
      expect(ofMore).toBeLessThanOrEqual(of);
      expect(of - ofMore).toBeLessThanOrEqual(1);
    }),
  );
});

test('the expected wrong reviews are those of the record', () => {
  // bench/record/precision.json: 0.016 an upload, and 119 of 2.7e7 pairs, at a million entries.
  const wide = describedList('', { policy: { reviewDistance: 60 } }, 1_000_000);
  expect(wide).toMatchObject({ reviewDistance: 60, expectedReviews: { mixed: 16, oneKind: 1000 } });
  const few = describedList('', {}, 1000).expectedReviews;
  expect(few).toEqual({ mixed: 0.016, oneKind: 4.4 });
  const { reviewDistance, expectedReviews } = describedList('', {}, 1_000_000);
  expect([reviewDistance, expectedReviews.mixed]).toEqual([54, 2.6]);
  expect(describedList('', {}, 0).expectedReviews).toEqual({ mixed: 0, oneKind: 0 });
});

test('all lists are searched up to the longest distance of those enabled and not empty', () => {
  const settings: Record<string, ListSettings> = {
    near: { policy: { matchDistance: 10, reviewDistance: 70 } },
    far: { policy: { matchDistance: 40 } },
    off: { enabled: false, policy: { matchDistance: 99, reviewDistance: 99 } },
    empty: { policy: { reviewDistance: 98 } },
  };
  const kind = { algorithm: 'pdq', bits: 256 } as const;
  const settingsFor = (name: string) => settings[name] ?? {};
  const counts = new Map(Object.entries({ near: 1, far: 1, off: 1, empty: 0, plain: 1 }));
  expect(widestOf(settingsFor, { minQuality: 60 }, kind, counts)).toEqual({
    matchDistance: 40,
    reviewDistance: 70,
    minQuality: 60,
  });
  expect(widestOf(() => ({}), { matchDistance: 20 }, kind, new Map()).matchDistance).toBe(20);
  const many = new Map([['', 10_000_000]]);
  expect(widestOf(() => ({}), {}, kind, many).reviewDistance).toBe(46);
  // A short list beside a long one keeps its own distance.
  many.set('short', 500);
  expect(widestOf(() => ({}), {}, kind, many).reviewDistance).toBe(60);
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
