import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { type Hash, hashToHex } from '../../src/hash.js';
import { createAllowList } from '../../src/matching/allow-list.js';
import { type Decision, decisionToJSON } from '../../src/matching/decision.js';
import { decisionFromJSON } from '../../src/matching/decision-json.js';
import { createFloodGuard } from '../../src/matching/flood-guard.js';
import { match } from '../../src/matching/match.js';
import { createRemoteList } from '../../src/matching/remote-list.js';
import { PackedEntries } from '../../src/packed-entries.js';
import type { ListSettings } from '../../src/policy.js';
import { reviewFactsOf } from '../../src/review/review-record.js';
import type { HashedVariant } from '../../src/variant.js';
import { flipBits } from '../arbitraries.js';
import { loopTurns, stepClock } from '../node/event-loop.js';
import { runs } from '../seed.js';
import { BASE, ORDER } from './bases.js';

afterEach(() => void vi.restoreAllMocks());

/** A hash `bits` away from the base, one of many: `number` below 1,000. */
const off = (bits: number, number = 0): Hash =>
  flipBits(BASE, [...ORDER.slice(number % 100), ...ORDER.slice(0, number % 100)], bits);
const entry = (bits: number, fields: Partial<BlocklistEntry> = {}): BlocklistEntry => ({
  hash: off(bits),
  labels: [],
  ...fields,
});
const variant = (bits = 0): HashedVariant => ({ name: 'original', hash: off(bits), quality: 100 });
const many = (count: number, fields: (at: number) => Partial<BlocklistEntry> = () => ({})) =>
  Array.from({ length: count }, (_, at) =>
    entry(at % 30, { hash: off(at % 30, at), id: `${at}`, ...fields(at) }),
  );
const distancesOf = ({ matches }: Decision) => matches.map(({ distance }) => distance);

describe('of many matches', () => {
  test('the nearest 1,000 are returned, and the others counted', () => {
    const blocklist = createBlocklist(many(6000));
    const decision = match([variant()], blocklist);
    expect([decision.verdict, decision.matches.length, decision.omitted]).toEqual([
      'match',
      1000,
      5000,
    ]);
    expect(distancesOf(decision)).toEqual(
      Array.from({ length: 1000 }, (_, at) => Math.floor(at / 200)),
    );
    expect(reviewFactsOf(decision)).toHaveLength(1000);
    const json = decisionToJSON(decision);
    expect(json.omitted).toBe(5000);
    expect(decisionFromJSON(JSON.parse(JSON.stringify(decision)))).toEqual(decision);
    expect(match([variant()], createBlocklist(many(1000)))).not.toHaveProperty('omitted');
  });

  test('few matches are created, and only the returned ones are kept', async () => {
    const blocklist = createBlocklist(many(20_000));
    await blocklist.settled();
    const made = vi.spyOn(PackedEntries.prototype, 'entryAt');
    const later = () => match([variant()], blocklist, { remote: [] });
    for (const decide of [() => match([variant()], blocklist), later]) {
      made.mockClear();
      expect((await decide()).omitted).toBe(19_000);
      expect(made.mock.calls.length).toBeLessThanOrEqual(2000);
    }
  });

  test('the nearest of every list stays', () => {
    const lists = { own: {}, theirs: { trust: 'foreign' }, off: { enabled: false } } as const;
    const fields = (at: number) => (at % 2 ? { list: 'theirs' } : { list: 'own' });
    const more = ['off', 'far', 'farther'].map((list, at) => entry(20 + at, { list }));
    const blocklist = createBlocklist([...many(5000, fields), ...more], { lists });
    const { matches, omitted } = match([variant()], blocklist, { all: true });
    const tiers = (tier: string) => matches.filter((match) => match.tier === tier);
    expect([tiers('match').length, tiers('review').length, omitted]).toEqual([1002, 1000, 3000]);
    expect(matches.slice(1000, 1002).map(({ entry }) => entry.list)).toEqual(['far', 'farther']);
  });

  test('a match farther than 1,000 reviews still decides', async () => {
    const theirs = many(3000, () => ({ list: 'theirs' }));
    const lists = { theirs: { trust: 'foreign' } } as const;
    const blocklist = createBlocklist([...theirs, entry(31, { id: 'own' })], { lists });
    for (const decision of [
      match([variant()], blocklist),
      await match([variant()], blocklist, { remote: [] }),
    ]) {
      expect([decision.verdict, decision.reason]).toEqual(['match', 'within-match-distance']);
      expect(decision.matches[0]!.entry.id).toBe('own');
      expect(decision.omitted).toBe(2000);
    }
  });

  test('the flood guard counts them all', () => {
    const floodGuard = createFloodGuard({ mostEntries: 10_000 });
    const counted = new Set<string>();
    vi.spyOn(floodGuard, 'count').mockImplementation((hash) => {
      counted.add(hashToHex(hash));
      return hashToHex(hash) === hashToHex(off(29, 2999));
    });
    const entries = many(3000);
    const { matches } = match([variant()], createBlocklist(entries), { floodGuard });
    expect(counted.size).toBe(new Set(entries.map(({ hash }) => hashToHex(hash))).size);
    const flooded = matches.filter(({ tier }) => tier === 'review');
    expect(new Set(flooded.map(({ distance }) => distance))).toEqual(new Set([29]));
  });

  test('the allow list reads them all', () => {
    const allowList = createAllowList();
    const entries = many(3000);
    const far = entries.filter((_, at) => at % 30 === 29);
    for (const { hash } of far) allowList.allow(off(0), { entry: hash, reason: 'wrong' });
    const { allowed, omitted, matches } = match([variant()], createBlocklist(entries), {
      allowList,
    });
    expect([matches.length, allowed!.length, omitted]).toEqual([
      1000,
      far.length,
      2000 - far.length,
    ]);
  });

  test('the event loop turns meanwhile, and entries withdrawn then are not returned', async () => {
    const entries = many(5000);
    const blocklist = createBlocklist(entries);
    await blocklist.settled();
    const turns = loopTurns();
    stepClock(10);
    const deciding = match([variant()], blocklist, { remote: [] });
    setImmediate(() => {
      blocklist.apply({ withdraw: [{ id: '30' }] });
      blocklist.apply({ add: [entry(0, { id: 'late', labels: ['late'] })] });
    });
    const { matches, omitted } = await deciding;
    turns.stop();
    expect(turns.count).toBeGreaterThan(10);
    const ids = matches.map(({ entry }) => entry.id);
    expect([ids.includes('30'), ids.includes('late'), omitted]).toEqual([false, true, 4000]);
  });

  test('all hits of a remote list are read, and the nearest are returned', async () => {
    const hits = Array.from({ length: 3000 }, (_, at) => ({
      id: `${at}`,
      distance: at % 32,
      confirmed: at === 2975,
    }));
    const matcher = {
      name: 'there',
      ask: async (hashes: readonly Hash[]) => [{ hash: hashes[0]!, answer: 'hits' as const, hits }],
    };
    const remote = [createRemoteList(matcher, { sendsHashes: true, trust: 'shared' })];
    const decision = await match([variant()], createBlocklist([]), { remote });
    expect([decision.verdict, decision.reason]).toEqual(['match', 'matched-remote']);
    expect(decision.remoteMatches![0]).toMatchObject({ id: '2975', tier: 'match' });
    expect([decision.remoteMatches!.length, decision.omitted]).toEqual([1001, 1999]);
  });

  test('the decision is that of a loop over all of them', async () => {
    const list = fc.record({
      trust: fc.constantFrom('own' as const, 'shared' as const, 'foreign' as const),
      tier: fc.constantFrom('match' as const, 'review' as const),
    });
    const fields = fc.record({
      bits: fc.integer({ min: 0, max: 31 }),
      list: fc.integer({ min: 0, max: 3 }),
      confirmed: fc.boolean(),
      times: fc.integer({ min: 1, max: 900 }),
    });
    const groups = fc.array(fields, { minLength: 1, maxLength: 8 });
    const variants = fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 3 });
    const lists = fc.array(list, { minLength: 4, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(groups, lists, variants, fc.boolean(), async (groups, lists, near, all) => {
        const entries = groups.flatMap(({ bits, list, confirmed, times }, group) =>
          Array.from({ length: times }, (_, at) =>
            entry(bits, { id: `${group}.${at}`, list: `l${list}`, confirmed }),
          ),
        );
        const settings = Object.fromEntries(lists.map((each, at) => [`l${at}`, each]));
        const blocklist = createBlocklist(entries, { lists: settings });
        const asked = near.map((bits) => variant(bits));
        const expected = naive(entries, settings, near, all);
        const decision = match(asked, blocklist, { all });
        const later = await match(asked, blocklist, { all, remote: [] });
        expect({ ...later, generation: undefined }).toEqual({ ...decision, generation: undefined });
        const { verdict, reason, matches, omitted = 0 } = decision;
        expect([verdict, reason, matches.length + omitted]).toEqual([
          expected[0]!.tier,
          expected[0]!.reason,
          expected.length,
        ]);
        for (const tier of ['match', 'review']) {
          const given = matches.filter((match) => match.tier === tier);
          const found = expected.filter((match) => match.tier === tier);
          const byDistance = found.map(({ distance }) => distance).sort((a, b) => a - b);
          expect(given.slice(0, 1000).map(({ distance }) => distance)).toEqual(
            byDistance.slice(0, 1000),
          );
          const nearest = (list: string) =>
            Math.min(...found.filter((one) => one.list === list).map(({ distance }) => distance));
          for (const name of new Set(found.map((one) => one.list))) {
            const first = given.find(({ entry }) => entry.list === name);
            expect(first?.distance).toBe(nearest(name));
          }
        }
      }),
      { numRuns: runs(30) },
    );
  });
});

/** All matches of entries that are within 31 bits of each other, the strongest first. */
function naive(
  entries: readonly BlocklistEntry[],
  settings: Readonly<Record<string, ListSettings>>,
  near: readonly number[],
  all: boolean,
) {
  const found: { tier: string; reason: string; distance: number; list: string; rank: number }[] =
    [];
  for (const bits of near) {
    for (const { hash, list = '', confirmed } of entries) {
      const { trust = 'shared', tier = 'match' } = settings[list]!;
      const distance = naiveDistance(hash, off(bits));
      if (distance > 31) continue;
      let reason = 'within-match-distance';
      if (confirmed === false) reason = 'unconfirmed-entry';
      if (trust === 'foreign') reason = 'foreign-list';
      if (tier === 'review') reason = 'review-only-list';
      const isMatch = reason === 'within-match-distance';
      const rank = ['own', 'shared', 'foreign'].indexOf(trust);
      found.push({ tier: isMatch ? 'match' : 'review', reason, distance, list, rank });
    }
    if (!all && found.some(({ tier }) => tier === 'match')) break;
  }
  return found.sort(
    (a, b) =>
      Number(a.tier === 'review') - Number(b.tier === 'review') ||
      a.distance - b.distance ||
      a.rank - b.rank,
  );
}

function naiveDistance(a: Hash, b: Hash): number {
  let bits = 0;
  for (const [at, byte] of a.bytes.entries()) {
    for (let rest = byte ^ b.bytes[at]!; rest > 0; rest >>= 1) bits += rest & 1;
  }
  return bits;
}
