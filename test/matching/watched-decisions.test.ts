import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Blocklist, createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import type { Hash } from '../../src/hash.js';
import { type AllowList, createAllowList } from '../../src/matching/allow-list.js';
import { type Decision, decisionToJSON, type Match } from '../../src/matching/decision.js';
import { decisionFromJSON } from '../../src/matching/decision-json.js';
import { createFloodGuard, type FloodGuard } from '../../src/matching/flood-guard.js';
import { match } from '../../src/matching/match.js';
import { createRemoteList } from '../../src/matching/remote-list.js';
import type { RemoteMatch } from '../../src/matching/remote-match.js';
import type { RemoteMatcher } from '../../src/remote-matcher.js';
import type { HashedVariant } from '../../src/variant.js';
import { flipBits } from '../arbitraries.js';
import { NaiveFloodGuard } from '../oracles/flood.js';
import { type NaiveDecision, NaivePlatform, type NaiveRemote } from '../oracles/watched.js';
import { runs } from '../seed.js';
import { BASE, ORDER } from './bases.js';

const off = (bits: number): Hash => flipBits(BASE, ORDER, bits);
const offOf = (hash: Hash) => Array.from({ length: 200 }, (_, i) => i).find((i) => isOff(hash, i))!;
const isOff = (hash: Hash, bits: number) => off(bits).bytes.every((b, i) => b === hash.bytes[i]);
const variant = (bits: number): HashedVariant => ({
  name: 'original',
  hash: off(bits),
  quality: 100,
});
const entry = (bits: number, fields: Partial<BlocklistEntry> = {}): BlocklistEntry => ({
  hash: off(bits),
  labels: [],
  id: `${bits}`,
  ...fields,
});
const idsOf = (matches: readonly (Match | RemoteMatch)[] = []) =>
  matches.map((match) => ('entry' in match ? match.entry.id : match.id));

describe('allowed', () => {
  const own = { confirmed: true };

  test('a false hit is not a match, and is reported', () => {
    const told: (Match | RemoteMatch)[] = [];
    const allowList = createAllowList({ onAllowed: (match) => told.push(match) });
    const blocklist = createBlocklist([entry(0), entry(40)]);
    expect(match([variant(5)], blocklist, { allowList }).verdict).toBe('match');
    allowList.allow(off(5), { reason: 'a flag' });
    const decision = match([variant(5)], blocklist, { allowList });
    expect([decision.verdict, decision.reason, decision.matches]).toEqual(['none', 'allowed', []]);
    expect(decision.allowed).toEqual(told);
    expect(told.map(({ tier, allowed }) => [tier, allowed])).toEqual([
      ['match', 'a flag'],
      ['review', 'a flag'],
    ]);
    expect(match([variant(6)], blocklist, { allowList }).verdict).toBe('match');
    allowList.disallow(off(5));
    expect(match([variant(5)], blocklist, { allowList }).verdict).toBe('match');
  });

  test('an exception never silences an entry confirmed in an own list', () => {
    const allowList = createAllowList({ radius: 31 });
    allowList.allow(off(5), { reason: 'wrong' });
    allowList.allow(off(5), { reason: 'wrong', entry: off(0) });
    const blocklist = createBlocklist([entry(0, own), entry(1)]);
    const decision = match([variant(5)], blocklist, { allowList });
    expect(decision.verdict).toBe('match');
    expect([idsOf(decision.matches), idsOf(decision.allowed)]).toEqual([['0'], ['1']]);
  });

  test.each(['shared', 'foreign', 'own'] as const)('confirmed on a list that is %s', (trust) => {
    const allowList = createAllowList();
    allowList.allow(off(5), { reason: 'wrong' });
    const floodGuard = createFloodGuard({ mostUploads: 1, clusterDistance: 0 });
    const lists = { theirs: { trust } };
    const blocklist = createBlocklist([entry(0, { ...own, list: 'theirs' })], { lists });
    expect(match([variant(5)], blocklist, { allowList, floodGuard }).verdict).toBe(
      trust === 'own' ? 'match' : 'none',
    );
    const reasons = [1, 2, 3].map(
      (bits) => match([variant(bits)], blocklist, { allowList, floodGuard }).reason,
    );
    expect(reasons.at(-1)).toBe(
      { own: 'within-match-distance', shared: 'flooded', foreign: 'foreign-list' }[trust],
    );
  });

  test('an allowed picture does not hide another in it: its other variants are searched on', () => {
    const allowList = createAllowList();
    allowList.allow(off(5), { reason: 'wrong' });
    const blocklist = createBlocklist([entry(0), entry(150)]);
    const part = { ...variant(152), name: 'window1x1' as const };
    const decision = match([variant(5), part], blocklist, { allowList });
    expect([decision.verdict, idsOf(decision.matches)]).toEqual(['match', ['150']]);
    expect(idsOf(decision.allowed)).toEqual(['0']);
  });

  test('parts and turns of a picture are allowed where its main hash matches and is allowed', () => {
    const allowList = createAllowList();
    allowList.allow(off(40), { reason: 'wrong' });
    const blocklist = createBlocklist([entry(0), entry(20), entry(70)]);
    const turned = { ...variant(5), name: 'flipX' as const };
    const decision = match([variant(40), turned], blocklist, { allowList, all: true });
    expect(idsOf(decision.matches)).toEqual(['0']);
    expect(idsOf(decision.allowed)).toEqual(['20', '20', '70', '0']);
  });

  test('variants are not moved nearer to allowed hits', () => {
    const allowList = createAllowList();
    allowList.allow(off(40), { reason: 'wrong' });
    const told: unknown[] = [];
    function* pulled(): Generator<HashedVariant, void, unknown> {
      told.push(yield variant(40));
    }
    match(pulled(), createBlocklist([entry(0)]), { allowList });
    match(pulled(), createBlocklist([entry(0)]));
    expect(told).toEqual([undefined, expect.objectContaining({ distance: 40 })]);
  });

  test('a hit that cannot be logged is not allowed', async () => {
    const allowList = createAllowList({
      onAllowed: () => {
        throw new Error('the log is full');
      },
    });
    allowList.allow(off(5), { reason: 'wrong' });
    const blocklist = createBlocklist([entry(0)]);
    expect(() => match([variant(5)], blocklist, { allowList })).toThrow('full');
    await expect(match([variant(5)], blocklist, { allowList, remote: [] })).rejects.toThrow('full');
  });

  test('of many allowed hits, the nearest 1,000 are returned', () => {
    const allowList = createAllowList();
    allowList.allow(off(5), { reason: 'wrong' });
    const entries = Array.from({ length: 2500 }, (_, i) => entry(i % 30, { id: `${i}` }));
    const { allowed, reason } = match([variant(5)], createBlocklist(entries), { allowList });
    expect([allowed!.length, reason]).toEqual([1000, 'allowed']);
  });

  test.each(['allow', 'disallow'] as const)(
    'a change during a decision applies to it: %s',
    async (what) => {
      const allowList = createAllowList();
      if (what === 'disallow') allowList.allow(off(5), { reason: 'wrong' });
      const blocklist = createBlocklist([entry(0)]);
      async function* coming() {
        yield variant(5);
        if (what === 'allow') allowList.allow(off(5), { reason: 'wrong' });
        else allowList.disallow(off(5));
      }
      const { verdict, generation } = await match(coming(), blocklist, { allowList, all: true });
      expect([verdict, generation]).toEqual([what === 'allow' ? 'none' : 'match', 1]);
    },
  );
});

describe('flooded', () => {
  /** Uploads that are 62 bits from each other and 31 from `BASE`. */
  const distinct = (at: number): HashedVariant => {
    const bits = Array.from({ length: 31 }, (_, i) => ORDER[(31 * at + i) % 256]!);
    return { ...variant(0), hash: flipBits(BASE, bits, 31) };
  };

  test('the entry falls to review, never to none, until a reviewer lifts it', async () => {
    const alarms: number[] = [];
    const floodGuard = createFloodGuard({
      mostUploads: 3,
      onAlarm: ({ uploads }) => alarms.push(uploads),
    });
    const blocklist = createBlocklist([entry(0)]);
    const verdicts = [0, 1, 2, 3, 0, 4].map((at) =>
      match([distinct(at)], blocklist, { floodGuard }),
    );
    expect(verdicts.map(({ verdict }) => verdict)).toEqual([
      ...['match', 'match', 'match'],
      ...['review', 'review', 'review'],
    ]);
    expect(verdicts.at(-1)!.reason).toBe('flooded');
    expect((await match([variant(0)], blocklist, { floodGuard, remote: [] })).reason).toBe(
      'flooded',
    );
    expect(alarms).toEqual([4]);
    floodGuard.lift(verdicts[3]!.matches[0]!.entry.hash);
    expect(match([variant(0)], blocklist, { floodGuard }).verdict).toBe('match');
  });

  test.each(['flooded', 'lifted'] as const)(
    'a change during a decision applies to it: %s',
    async (what) => {
      const floodGuard = createFloodGuard({ mostUploads: 1 });
      const blocklist = createBlocklist([entry(0)]);
      const flood = () =>
        [0, 1].forEach((at) => void match([distinct(at)], blocklist, { floodGuard }));
      if (what === 'lifted') flood();
      async function* coming() {
        yield distinct(5);
        if (what === 'flooded') flood();
        else floodGuard.lift(off(0));
      }
      const { verdict } = await match(coming(), blocklist, { floodGuard, all: true });
      expect(verdict).toBe(what === 'flooded' ? 'review' : 'match');
    },
  );

  test('an entry confirmed in an own list is exempt, beside one that is not', () => {
    const floodGuard = createFloodGuard({ mostUploads: 1 });
    const own = entry(0, { id: 'own', confirmed: true });
    const blocklist = createBlocklist([own, entry(0)]);
    for (const at of [0, 1, 2]) {
      const { verdict, matches } = match([distinct(at)], blocklist, { floodGuard });
      expect([verdict, matches[0]!.entry.id]).toEqual(['match', 'own']);
    }
    expect(match([distinct(0)], blocklist, { floodGuard }).matches.map(({ tier }) => tier)).toEqual(
      ['match', 'review'],
    );
  });

  test('hits that are allowed, far or of low quality do not count', () => {
    const floodGuard = createFloodGuard({ mostUploads: 1, clusterDistance: 0 });
    const allowList = createAllowList();
    const blocklist = createBlocklist([entry(0)]);
    for (const bits of [1, 2, 3]) {
      allowList.allow(off(bits), { reason: 'wrong' });
      match([variant(bits)], blocklist, { floodGuard, allowList });
      match([{ ...variant(bits + 10), quality: 20 }], blocklist, { floodGuard, allowList });
      match([variant(bits + 40)], blocklist, { floodGuard, allowList });
    }
    expect(floodGuard.toJSON()).toEqual({ flooded: [], watched: [] });
  });

  test('a picture counts once, with all of its variants and however often it is searched', async () => {
    const floodGuard = createFloodGuard({ mostUploads: 1, clusterDistance: 0 });
    const blocklist = createBlocklist([entry(0)]);
    async function* changing() {
      for (const bits of [1, 2, 3, 4]) {
        yield variant(bits);
        await blocklist.apply({ add: [entry(200)] });
      }
    }
    const { verdict } = await match(changing(), blocklist, { floodGuard, all: true });
    expect([verdict, floodGuard.toJSON().watched[0]!.uploads.length]).toEqual(['match', 1]);
  });

  test('copies of the listed picture in many pictures do not switch off its entry', () => {
    const floodGuard = createFloodGuard({ mostUploads: 1 });
    const blocklist = createBlocklist([entry(0)]);
    for (let at = 0; at < 500; at++) {
      const around = variant(80 + (at % 100));
      const inset = { ...variant(at % 16), name: 'window1x1' as const };
      expect(match([around, inset], blocklist, { floodGuard }).verdict).toBe('match');
    }
  });
});

/** A matcher that does what is asked of it, about a hash at this distance from its entry. */
const matcherOf = ({ name, does, hit }: NaiveRemote): RemoteMatcher => ({
  name,
  async ask([hash]) {
    if (does === 'throw') throw new Error('down');
    if (does === 'stall') return new Promise(() => {});
    if (does === 'lie') return [{ hash: off(199), answer: 'none' }];
    if (does === 'none') return [{ hash: hash!, answer: 'none' }];
    const { id, distance, confirmed } = hit;
    const told = {
      id,
      ...(distance !== undefined && { distance }),
      ...(confirmed !== undefined && { confirmed }),
    };
    return [{ hash: hash!, answer: 'hits', hits: [told] }];
  },
});
const remoteOf = (remote: NaiveRemote) =>
  createRemoteList(matcherOf(remote), {
    sendsHashes: true,
    timeoutSeconds: 0.001,
    trust: remote.trust,
    tier: remote.tier,
    whenUnanswered: remote.whenUnanswered,
  });

/** A decision in the words of the plain model. */
function plain(decision: Decision): NaiveDecision {
  const { verdict, reason, matches, allowed = [], remoteMatches, unanswered } = decision;
  const text = ({ distance, entry, variant }: Match) =>
    `${distance} ${entry.id} ${offOf(variant.hash)}`;
  return {
    verdict,
    reasons: [reason],
    matches: matches.map((match) => `${match.tier} ${text(match)}`).sort(),
    allowed: allowed.map(text).sort(),
    remoteMatches: remoteMatches
      ?.map(({ list, id, tier, allowed }) => `${list} ${id} ${tier} ${allowed ? 'allowed' : ''}`)
      .sort(),
    unanswered: unanswered && [...unanswered],
  };
}

test('any history of exceptions, floods, remote answers and restarts decides as a plain model', async () => {
  const hash = fc.integer({ min: 0, max: 40 });
  const confirmed = fc.constantFrom(undefined, undefined, true, false);
  const remote = fc.record({
    name: fc.constant(''),
    does: fc.constantFrom<NaiveRemote['does'][]>('none', 'hit', 'hit', 'stall', 'lie', 'throw'),
    hit: fc.record({
      id: fc.constantFrom('r0', 'r1'),
      distance: fc.constantFrom(undefined, 0, 10, 11, 200),
      confirmed,
    }),
    trust: fc.constantFrom<NaiveRemote['trust'][]>('own', 'shared', 'foreign'),
    tier: fc.constantFrom<NaiveRemote['tier'][]>('match', 'match', 'review'),
    whenUnanswered: fc.constantFrom<NaiveRemote['whenUnanswered'][]>('review', 'unhashable'),
  });
  const query = fc.record({
    kind: fc.constant('query' as const),
    variants: fc.array(hash, { minLength: 1, maxLength: 3 }),
    all: fc.boolean(),
    after: fc.nat(4),
    remote: fc.array(remote, { maxLength: 2 }),
    isAsync: fc.boolean(),
  });
  const pair = fc.record({ hash, entry: fc.option(hash, { nil: undefined }) });
  const step = fc.oneof(
    { weight: 6, arbitrary: query },
    fc.record({ kind: fc.constant('add' as const), hash, confirmed }),
    fc.record({ kind: fc.constant('withdraw' as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant('withdrawId' as const), id: fc.constantFrom('r0', 'r1') }),
    fc.record({ kind: fc.constant('reinstateId' as const), id: fc.constantFrom('r0', 'r1') }),
    fc.record({ kind: fc.constant('allow' as const), pair }),
    fc.record({ kind: fc.constant('disallow' as const), pair }),
    fc.record({ kind: fc.constant('lift' as const), hash }),
    fc.record({ kind: fc.constant('restart' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      let now = 0;
      const logged: unknown[] = [];
      const onAllowed = (match: unknown) => void logged.push(match);
      const options = {
        mostUploads: 2,
        windowSeconds: 10,
        clusterDistance: 3,
        now: () => 1000 * now,
      };
      const policy = { matchDistance: 10, reviewDistance: 20 };
      let allowList: AllowList = createAllowList({ onAllowed });
      let floodGuard: FloodGuard = createFloodGuard(options);
      let blocklist: Blocklist = createBlocklist([]);
      const guard = new NaiveFloodGuard(2, 10, 3);
      const model = new NaivePlatform(guard, (bits) => off(bits).bytes);
      for (const [at, step] of steps.entries()) {
        if (step.kind === 'query') {
          now += step.after;
          const { all } = step;
          const remote = step.remote.map((each, i) => ({ ...each, name: `list ${i}` }));
          logged.length = 0;
          const rules = { policy, allowList, floodGuard, all };
          const variants = step.variants.map(variant);
          const decision = step.isAsync
            ? await match(variants, blocklist, { ...rules, remote: remote.map(remoteOf) })
            : match(variants, blocklist, rules);
          const expected = model.decide(
            step.variants,
            now,
            step.isAsync ? { all, remote } : { all },
          );
          const { reasons, ...rest } = plain(decision);
          expect({ ...rest, reasons }).toEqual({ ...expected, reasons });
          expect(expected.reasons).toContain(reasons[0]);
          const { allowed = [], remoteMatches = [] } = decision;
          expect(logged).toEqual([
            ...allowed,
            ...remoteMatches.filter(({ allowed }) => allowed !== undefined),
          ]);
          const silent = decision.unanswered ?? [];
          expect(silent.length > 0 && decision.verdict === 'none').toBe(false);
          const json = JSON.parse(JSON.stringify(decision));
          expect(decisionToJSON(decisionFromJSON(json))).toEqual(json);
        } else if (step.kind === 'add') {
          const { hash, confirmed } = step;
          const id = `${at}`;
          await blocklist.apply({
            add: [entry(hash, { id, ...(confirmed !== undefined && { confirmed }) })],
          });
          model.entries.push({ id, hash, confirmed });
        } else if (step.kind === 'withdraw') {
          const gone = model.entries[step.which];
          if (gone) await blocklist.apply({ withdraw: [{ id: gone.id }] });
          model.entries = model.entries.filter((each) => each !== gone);
        } else if (step.kind === 'withdrawId') {
          await blocklist.apply({ withdraw: [{ id: step.id }] });
          model.withdrawnIds.add(step.id);
        } else if (step.kind === 'reinstateId') {
          await blocklist.apply({ reinstate: [{ id: step.id }] });
          model.withdrawnIds.delete(step.id);
        } else if (step.kind === 'lift') {
          floodGuard.lift(off(step.hash));
          guard.lift(String(step.hash));
        } else if (step.kind === 'restart') {
          allowList = createAllowList({ ...JSON.parse(JSON.stringify(allowList)), onAllowed });
          const state = JSON.parse(JSON.stringify(floodGuard));
          floodGuard = createFloodGuard({ ...options, state });
          const withdrawn = blocklist.withdrawals;
          const entries = [...blocklist.entries()];
          blocklist = createBlocklist(entries, { withdrawn });
        } else {
          const { hash, entry: meant } = step.pair;
          const narrowed = meant === undefined ? {} : { entry: off(meant) };
          const others = model.exceptions.filter(
            (each) => each.hash !== hash || each.entry !== meant,
          );
          if (step.kind === 'allow') {
            allowList.allow(off(hash), { reason: 'wrong', ...narrowed });
            model.exceptions = [...others, step.pair];
          } else {
            allowList.disallow(off(hash), narrowed);
            model.exceptions = others;
          }
        }
      }
    }),
    { numRuns: runs(300) },
  );
});
