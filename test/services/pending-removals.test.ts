import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PendingRemovals } from '../../src/policy.js';
import { isPendingRemovals, pendingRemovalsOf } from '../../src/services/pending-removals.js';

const removalsOf = (numbers: Iterable<number>) =>
  [...numbers].map((n) => ({ source: 'a', id: `r${n}` }));
const fetching = { pendingRemovals: undefined, wasConfirmed: false, nowSeconds: 7 };

test('removals of 20 entries, more than a fifth of a list, are pending', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(400), (count, more) => {
      const size = count + more;
      const removals = removalsOf(Array(count).keys());
      const held = pendingRemovalsOf(removals, { ...fetching, size });
      expect(held !== undefined).toBe(count >= 20 && count / size > 1 / 5);
      if (held) expect(held).toMatchObject({ removals: count, of: size, sinceSeconds: 7 });
    }),
  );
});

test('confirmed removals are made, and parts of them; larger ones are not', () => {
  const ids = fc.uniqueArray(fc.nat(1e6), { minLength: 20, maxLength: 300 });
  fc.assert(
    fc.property(ids, fc.nat(), fc.boolean(), (all, seed, wasConfirmed) => {
      const first = pendingRemovalsOf(removalsOf(all), { ...fetching, size: all.length })!;
      // As JSON: it is kept in a file or a database.
      const pendingRemovals: PendingRemovals = JSON.parse(
        JSON.stringify({ ...first, isConfirmed: true }),
      );
      expect(isPendingRemovals(pendingRemovals)).toBe(true);
      const fetch = { size: all.length, pendingRemovals, wasConfirmed, nowSeconds: 9 };
      const fewer = all.filter((_, at) => (at * 7 + seed) % 3 > 0 || at < 20);
      for (const same of [all, fewer]) {
        const held = pendingRemovalsOf(removalsOf(same), fetch);
        if (wasConfirmed) expect(held).toBeUndefined();
        else expect(held).toMatchObject({ isConfirmed: true, removals: same.length });
      }
      const others = Array.from({ length: 20 }, (_, at) => 2e6 + at);
      expect(pendingRemovalsOf(removalsOf([...fewer, ...others]), fetch)).toMatchObject({
        ...{ isConfirmed: false, sinceSeconds: 7, removals: fewer.length + 20 },
      });
    }),
  );
});

test('consecutive ids are not taken for those that were confirmed', () => {
  const forms = [(n: number) => `${n}`, (n: number) => `${n}`.padStart(8, '0')];
  for (const form of forms) {
    const removals = (from: number, count: number) =>
      Array.from({ length: count }, (_, at) => ({ source: 'ncmec', id: form(from + at) }));
    for (const count of [20, 128, 1000, 4096]) {
      const first = pendingRemovalsOf(removals(1_000_000, count), { ...fetching, size: count })!;
      const pendingRemovals = { ...first, isConfirmed: true };
      for (let from = 5_000_000; from < 5_020_000; from += 20) {
        const fetch = { size: 20, pendingRemovals, wasConfirmed: true, nowSeconds: 9 };
        expect(pendingRemovalsOf(removals(from, 20), fetch)?.isConfirmed).toBe(false);
      }
    }
  }
});

test('an invalid state is not accepted', () => {
  const held = pendingRemovalsOf(removalsOf(Array(20).keys()), { ...fetching, size: 20 })!;
  expect(isPendingRemovals(held)).toBe(true);
  for (const other of [
    undefined,
    { ...held, removals: -1 },
    { ...held, of: 'all' },
    { ...held, isConfirmed: 1 },
    { ...held, keys: '' },
    { ...held, keys: 'AA A' },
    { ...held, sinceSeconds: 1.5 },
  ]) {
    expect(isPendingRemovals(other)).toBe(false);
  }
});
