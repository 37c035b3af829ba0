import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import type { BlocklistEntry } from '../../src/entry.js';
import type { Hash } from '../../src/hash.js';
import { type MatchRules, match } from '../../src/matching/match.js';
import { PackedEntries } from '../../src/packed-entries.js';
import type { HashedVariant, VariantName } from '../../src/variant.js';
import { flipBits } from '../arbitraries.js';
import { naiveDecide, textOf } from '../oracles/decide.js';
import { isNear } from '../oracles/near.js';
import { runs } from '../seed.js';
import { BASE, ORDER } from './bases.js';

const base = BASE;
const variant = (
  bits: number,
  quality?: number,
  name: VariantName = 'original',
): HashedVariant => ({
  name,
  hash: flipBits(base, ORDER, bits),
  ...(quality !== undefined && { quality }),
});
const entry = (fields: Partial<BlocklistEntry> = {}): BlocklistEntry => ({
  hash: base,
  labels: ['a'],
  ...fields,
});

describe('tiers', () => {
  const blocklist = createBlocklist([entry()]);
  test('match up to 31 bits, review up to 60, none beyond', () => {
    for (const [bits, verdict, reason] of [
      [0, 'match', 'within-match-distance'],
      [31, 'match', 'within-match-distance'],
      [32, 'review', 'within-review-distance'],
      [60, 'review', 'within-review-distance'],
      [61, 'none', 'nothing-near'],
    ] as const) {
      const decision = match([variant(bits, 100)], blocklist);
      expect([decision.verdict, decision.reason]).toEqual([verdict, reason]);
      expect(decision.matches.map(({ distance, tier }) => [distance, tier])).toEqual(
        verdict === 'none' ? [] : [[bits, verdict]],
      );
      expect(decision.policy).toEqual({ matchDistance: 31, reviewDistance: 60, minQuality: 50 });
    }
  });

  test('any variant can be for review by distance, if none matches', () => {
    const far = variant(100, 100);
    const near = variant(40, 100, 'flipX');
    for (const variants of [
      [far, near],
      [near, far],
    ]) {
      const { verdict, reason, matches } = match(variants, blocklist);
      expect([verdict, reason]).toEqual(['review', 'within-review-distance']);
      expect(matches.map((match) => [match.variant.name, match.distance])).toEqual([['flipX', 40]]);
    }
    expect(match([near, variant(30, 100)], blocklist).matches.map((match) => match.tier)).toEqual([
      'match',
    ]);
    expect(match([far, variant(31, 100, 'flipX')], blocklist).matches[0]!.variant.name).toBe(
      'flipX',
    );
  });

  test('a low quality of the query, or a known low quality of the entry, is for review', () => {
    const decide = (query?: number, listed?: number) => {
      const { verdict, reason } = match(
        [variant(3, query)],
        createBlocklist([entry(listed === undefined ? {} : { quality: listed })]),
      );
      return [verdict, reason];
    };
    expect(decide(50, 50)).toEqual(['match', 'within-match-distance']);
    expect(decide()).toEqual(['match', 'within-match-distance']);
    expect(decide(49, 50)).toEqual(['review', 'low-query-quality']);
    expect(decide(50, 49)).toEqual(['review', 'low-entry-quality']);
    expect(decide(0, 0)).toEqual(['review', 'low-query-quality']);
  });

  test('an image gives its main hash, then its variants', () => {
    const { hash } = variant(40);
    const image = { hash, quality: 90, variants: [variant(2, 90, 'stored')] };
    const [first] = match(image, blocklist).matches;
    expect([first!.variant.name, first!.distance]).toEqual(['stored', 2]);
    expect(match({ hash, quality: 90, variants: [] }, blocklist).matches[0]!.variant).toEqual({
      name: 'original',
      hash,
      quality: 90,
    });
    expect(match({ hash, variants: [] }, blocklist).verdict).toBe('review');
  });
});

test('a low quality counts beyond the match distance on the lists that allow it', async () => {
  const list = (name: string) => entry({ list: name });
  const variants = (quality: number) => [variant(45, quality)];
  const settings = {
    strict: {},
    lax: { policy: { minQuality: 20 } },
    far: { policy: { matchDistance: 45 } },
  };
  const found = async (names: readonly (keyof typeof settings)[], quality: number) => {
    const blocklist = createBlocklist(names.map(list));
    for (const name of names) await blocklist.apply({ settings: { [name]: settings[name] } });
    const { verdict, matches } = match(variants(quality), blocklist);
    return [verdict, ...matches.map((one) => one.entry.list)];
  };
  expect(await found(['strict'], 30)).toEqual(['none']);
  expect(await found(['strict'], 50)).toEqual(['review', 'strict']);
  expect(await found(['strict', 'lax'], 30)).toEqual(['review', 'lax']);
  expect(await found(['strict', 'lax'], 19)).toEqual(['none']);
  expect(await found(['strict', 'far'], 30)).toEqual(['review', 'far']);
});

test('ranks count if the quality is good and the hash is not degenerate', () => {
  const ranks = Uint8Array.from({ length: 256 }, (_, i) => (i * 77) % 256);
  // Near by the rule without ranks, and not by that with them.
  const far = Array.from({ length: 200 }, (_, at) =>
    flipBits(base, [...ORDER.slice(at), ...ORDER.slice(0, at)], 58),
  ).find((hash) => isNear(hash, base, undefined) && !isNear(hash, base, ranks))!;
  const blocklist = createBlocklist([entry()]);
  const decide = (fields: Partial<HashedVariant>) =>
    match([{ name: 'original', hash: far, ...fields }], blocklist).verdict;
  expect(decide({ quality: 100 })).toBe('review');
  expect(decide({ quality: 100, ranks })).toBe('none');
  // Of a low quality, it would be near without the ranks, but beyond the match distance.
  const policy = { minQuality: 0 };
  expect(decide({ quality: 49 })).toBe('none');
  expect(match([{ name: 'original', hash: far, quality: 49 }], blocklist, { policy }).verdict).toBe(
    'review',
  );
  expect(match({ hash: far, quality: 100, ranks, variants: [] }, blocklist).verdict).toBe('none');
  expect(() => decide({ ranks: new Uint8Array(256) })).toThrow(RangeError);
});

test('variants are pulled until the first match, then the iterator is closed', () => {
  const blocklist = createBlocklist([entry(), entry({ quality: 3 })]);
  let pulled = 0;
  let closed = false;
  function* variants() {
    try {
      for (const bits of [100, 90, 5, 3, 0]) {
        pulled++;
        yield variant(bits, 100);
      }
    } finally {
      closed = true;
    }
  }
  const first = match(variants(), blocklist);
  expect([pulled, closed]).toEqual([3, true]);
  expect(first.matches.map(({ distance, tier }) => [distance, tier])).toEqual([
    [5, 'match'],
    [5, 'review'],
  ]);
  pulled = 0;
  const all = match(variants(), blocklist, { all: true });
  expect(pulled).toBe(5);
  expect(all.matches.map(({ distance, tier }) => [distance, tier])).toEqual([
    [0, 'match'],
    [3, 'match'],
    [5, 'match'],
    [0, 'review'],
    [3, 'review'],
    [5, 'review'],
  ]);
});

test('a policy that never matches leaves everything to review', () => {
  const blocklist = createBlocklist([entry()]);
  const { verdict, reason, matches } = match([variant(0, 100)], blocklist, {
    policy: { matchDistance: -1 },
  });
  expect([verdict, reason, matches.length]).toEqual(['review', 'within-review-distance', 1]);
});

test('a long list has a shorter review distance; a short list beside it keeps its own', async () => {
  const long = new PackedEntries('pdq', 256);
  for (let i = 0; i < 150_000; i++) {
    const bytes = base.bytes.map((byte) => 255 - byte);
    new DataView(bytes.buffer).setUint32(0, Math.imul(i, 2654435761) >>> 0);
    long.push({ hash: { algorithm: 'pdq', bytes }, labels: [] });
  }
  const blocklist = createBlocklist([long]);
  const near = [58, 60].map((bits) => entry({ hash: flipBits(base, ORDER, bits), id: `${bits}` }));
  await blocklist.apply({ add: near });
  const found = (rules: MatchRules = {}) => {
    const { matches, policy } = match([variant(0, 100)], blocklist, rules);
    const ids = matches.map(({ entry: { id, list = '' } }) => `${id}${list}`);
    return [policy.reviewDistance, ...ids];
  };
  expect(found()).toEqual([58, '58']);
  expect(found({ policy: { reviewDistance: 60 } })).toEqual([60, '58', '60']);
  expect(blocklist.lists()[0]).toMatchObject({ reviewDistance: 58 });
  await blocklist.apply({ add: [{ ...near[1]!, list: 'short' }] });
  expect(found()).toEqual([58, '58', '60short']);
  await blocklist.apply({ remove: [near[0]!] });
  expect(found()).toEqual([60, '60short']);
  await blocklist.apply({ settings: { short: { enabled: false } } });
  expect(found()).toEqual([58]);
  await blocklist.apply({ settings: { '': { policy: { reviewDistance: 60 } } } });
  expect(found()).toEqual([60, '60']);
});

test('agrees with a loop over entries and variants', () => {
  const NAMES: VariantName[] = ['original', 'flipX', 'flipY', 'rotate90'];
  const quality = fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined, freq: 2 });
  // Hashes around a few bases, so that distances fall near the thresholds.
  const near: fc.Arbitrary<Hash> = fc
    .tuple(
      fc.constantFrom(0, 100),
      fc.oneof(fc.constantFrom(0, 30, 31, 32, 59, 60, 61), fc.nat(70)),
      fc.nat(200),
    )
    .map(([start, bits, from]) => {
      const home = flipBits(base, ORDER, start);
      return flipBits(home, [...ORDER.slice(from), ...ORDER.slice(0, from)], bits);
    });
  const entries = fc.array(
    fc.record(
      { hash: near, labels: fc.constantFrom(['a'], ['b', 'c'], []), quality, id: fc.constant('i') },
      { requiredKeys: ['hash', 'labels'] },
    ),
    { maxLength: 12 },
  );
  const policy = fc.record({
    matchDistance: fc.constantFrom(31, 0, 10, 60, -1),
    reviewDistance: fc.constantFrom(60, 31, 5, -1),
    minQuality: fc.constantFrom(50, 0, 100),
  });
  fc.assert(
    fc.property(
      entries,
      fc.array(fc.record({ hash: near, quality }), { maxLength: 4 }),
      policy,
      fc.boolean(),
      (listed, hashes, thresholds, all) => {
        const clean = listed.map(defined) as BlocklistEntry[];
        const variants = hashes.map((fields, i) => defined({ name: NAMES[i]!, ...fields }));
        const expected = naiveDecide(clean, variants as HashedVariant[], thresholds, all);
        let pulled = 0;
        const decision = match(
          (function* () {
            for (const one of variants) {
              pulled++;
              yield one as HashedVariant;
            }
          })(),
          createBlocklist(clean),
          { policy: thresholds, all },
        );
        const matches = decision.matches.map((match) =>
          textOf(match.tier, match.distance, match.variant, match.entry),
        );
        const { verdict, reason } = decision;
        // Matches of one tier and distance may come in any order.
        expect({ verdict, pulled, matches: matches.toSorted() }).toEqual({
          verdict: expected.verdict,
          pulled: expected.pulled,
          matches: expected.matches.toSorted(),
        });
        expect(decision.matches.map(({ tier, distance }) => [tier, distance])).toEqual(
          expected.matches.map((text) => [text.split(' ')[0], Number(text.split(' ')[1])]),
        );
        if (expected.matches.length < 2) expect(reason).toBe(expected.reason);
      },
    ),
    { numRuns: runs(2000) },
  );
});

/** Without the undefined members. */
function defined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
