import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { hashFromHex } from '../../src/hash.js';
import type { Decision } from '../../src/matching/decision.js';
import { match } from '../../src/matching/match.js';
import {
  checkedRecord,
  type NewReviewRecord,
  type ReviewQuery,
  reviewFactsOf,
  reviewTest,
  withoutMatchData,
} from '../../src/review/review-record.js';
import { anyRecord, hexOf, newRecord, record } from '../matching/reviews.js';

const LISTED = Buffer.from(Array.from({ length: 32 }, (_, at) => (37 * at) % 256)).toString('hex');
const NEAR = `1${LISTED.slice(1)}`;
const listed = hashFromHex('pdq', LISTED);
const near = hashFromHex('pdq', NEAR);
const blocklist = createBlocklist([{ hash: listed, labels: ['a label'], id: '7', source: 'here' }]);

describe('the facts of a decision', () => {
  test('are those of each match, without labels', () => {
    const decision = match([{ name: 'original', hash: near, quality: 90 }], blocklist);
    const facts = reviewFactsOf({ ...decision, generation: 4 });
    expect(facts).toEqual([
      {
        hash: { algorithm: 'pdq', hash: NEAR },
        entry: { algorithm: 'pdq', hash: LISTED, id: '7', source: 'here' },
        distance: 1,
        variant: 'original',
        generation: 4,
        policy: { matchDistance: 31, reviewDistance: 60, minQuality: 50 },
        verdict: 'match',
        reason: 'within-match-distance',
      },
    ]);
    expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
    expect(checkedRecord(facts[0] as NewReviewRecord)).toEqual(facts[0]);
  });

  test('name the list of the entry', () => {
    const decision = match([{ name: 'original', hash: listed }], blocklist);
    const [first] = decision.matches;
    const matches = [{ ...first!, entry: { ...first!.entry, list: 'stopncii' } }];
    expect(reviewFactsOf({ ...decision, matches })[0]!.list).toBe('stopncii');
    const unnamed = [{ ...first!, entry: { ...first!.entry, list: '' } }];
    expect(reviewFactsOf({ ...decision, matches: unnamed })[0]).not.toHaveProperty('list');
  });

  test('are those of remote lists, too', () => {
    const decision = match([{ name: 'original', hash: near, quality: 90 }], blocklist);
    const remote = { trust: 'shared', tier: 'match', labels: ['a label'] } as const;
    const remoteMatches = [
      { ...remote, list: 'shield' },
      { ...remote, list: 'an HMA', id: '3', hash: listed, distance: 1 },
      { ...remote, list: 'an HMA', allowed: 'a wrong match' },
    ];
    const upload = { hash: near, width: 3, height: 2 };
    const own = reviewFactsOf({ ...decision, upload });
    const facts = reviewFactsOf({ ...decision, remoteMatches, upload });
    const { hash, policy, verdict, reason } = own[0]!;
    const common = { hash, policy, verdict, reason, generation: decision.generation };
    expect(facts).toEqual([
      ...own,
      { ...common, list: 'shield' },
      {
        ...common,
        list: 'an HMA',
        entry: { algorithm: 'pdq', hash: LISTED, id: '3' },
        distance: 1,
      },
    ]);
    expect(reviewFactsOf({ ...decision, matches: [], remoteMatches, upload })).toEqual(
      facts.slice(1),
    );
    for (const one of facts) expect(checkedRecord(one as NewReviewRecord)).toEqual(one);
  });

  test("hold the hash of the picture itself, not of a variant's", () => {
    const decision = match([{ name: 'flipX', hash: near, quality: 90 }], blocklist);
    expect(reviewFactsOf(decision)[0]!.hash).toBeUndefined();
    expect(reviewFactsOf(decision, listed)[0]!.hash!.hash).toBe(LISTED);
    const upload = { hash: listed, width: 3, height: 2 };
    expect(reviewFactsOf({ ...decision, upload })[0]!.hash!.hash).toBe(LISTED);
  });

  test('leave out an id that no record may hold', () => {
    const decision = match([{ name: 'original', hash: listed }], blocklist);
    const [first] = decision.matches;
    const entry = { ...first!.entry, id: '', source: 'x'.repeat(201) };
    const [facts] = reviewFactsOf({ ...decision, matches: [{ ...first!, entry }] });
    expect(facts!.entry).toEqual({ algorithm: 'pdq', hash: LISTED });
    expect(checkedRecord(facts as NewReviewRecord)).toEqual(facts);
  });

  test('are one if nothing matched', () => {
    const decision = match([{ name: 'original', hash: near }], createBlocklist([]));
    expect(reviewFactsOf(decision, near)).toMatchObject([{ verdict: 'none' }]);
    expect(reviewFactsOf(decision)[0]).not.toHaveProperty('entry');
    expect(() => reviewFactsOf({} as Decision)).toThrow(TypeError);
  });
});

test('a valid record is copied unchanged', () => {
  fc.assert(
    fc.property(anyRecord, (given) => {
      const copy = checkedRecord(given);
      expect(copy).toEqual(given);
      expect(copy).not.toBe(given);
    }),
  );
});

test('hex is folded to lower case', () => {
  const upper = newRecord(1, { hash: { algorithm: 'pdq', hash: 'AB'.repeat(32) } });
  expect(checkedRecord(upper).hash!.hash).toBe('ab'.repeat(32));
});

test.each<[string, object]>([
  ['an unknown member', { user: 'someone' }],
  ['a file name', { file: 'holiday.jpg' }],
  ['an unknown member of the hash', { hash: { algorithm: 'pdq', hash: hexOf(1), file: 'a' } }],
  [
    'an unknown member of the entry',
    { entry: { algorithm: 'pdq', hash: hexOf(1), labels: ['a'] } },
  ],
  [
    'an unknown member of the policy',
    { policy: { matchDistance: 31, reviewDistance: 60, minQuality: 50, note: 1 } },
  ],
  ['a name as the role', { role: 'Jane Doe' }],
  ['an address as the role', { role: 'jane@example.org' }],
  ['a text as the reason', { reason: 'because I know him' }],
  ['an outcome without a role', { role: undefined }],
  ['a role without an outcome', { outcome: undefined }],
  ['an unknown outcome', { outcome: 'maybe' }],
  ['an unknown verdict', { verdict: 'guilty' }],
  ['a distance without an entry', { entry: undefined }],
  ['an entry without a distance', { distance: undefined }],
  ['a long list name', { list: 'x'.repeat(201) }],
  ['an empty id', { id: '' }],
  ['half a hash', { hash: { algorithm: 'pdq', hash: 'ab' } }],
  ['a time in words', { time: 'today' }],
  ['no policy', { policy: undefined }],
])('%s is refused', (_, change) => {
  const bad = { ...newRecord(1), ...change } as NewReviewRecord;
  expect(() => checkedRecord(bad)).toThrow(/^expected /);
});

test('without match data, the decision and the reviewer stay', () => {
  expect(withoutMatchData(newRecord(1))).toEqual({
    list: 'stopncii',
    generation: 7,
    policy: { matchDistance: 31, reviewDistance: 60, minQuality: 50 },
    verdict: 'match',
    reason: 'within-match-distance',
    outcome: 'confirmed',
    role: 'moderator',
  });
});

describe('a query', () => {
  const one = record('a');
  const { entry } = one;
  test.each<[string, ReviewQuery, boolean]>([
    ['nothing', {}, true],
    ['its id', { id: 'a' }, true],
    ['another id', { id: 'b' }, false],
    ['the hash of its entry', { entry: hashFromHex('pdq', entry!.hash) }, true],
    ['the hash of the upload', { entry: hashFromHex('pdq', one.hash!.hash) }, false],
    ['the bits of its entry in another algorithm', { entry: blockhashOf(entry!.hash) }, false],
    ['the id of its entry', { entry: { id: 'entry 1' } }, true],
    ['the id of its entry and source', { entry: { id: 'entry 1', source: 'here' } }, true],
    ['the id of its entry on a remote list', { entry: { id: 'entry 1', source: 'there' } }, false],
    ['its list', { list: 'stopncii' }, true],
    ['another list', { list: 'ncmec' }, false],
    ['its own time', { from: '2026-11-26T10:00:00.000Z' }, true],
    ['a later time', { from: '2026-11-26T10:00:00.001Z' }, false],
    ['before its time', { before: '2026-11-26T10:00:00.000Z' }, false],
    ['before the next day', { before: '2026-11-27' }, true],
    ['all but one of these', { list: 'stopncii', id: 'b' }, false],
  ])('by %s', (_, query, isMeant) => {
    expect(reviewTest(query)(one)).toBe(isMeant);
  });

  test.each<[string, object]>([
    ['a misspelt member', { lists: 'a' }],
    ['a day that is none', { from: '2026-13-01' }],
    ['a time elsewhere', { before: '2026-11-26T10:00:00+01:00' }],
    ['no entry', { entry: 'a' }],
  ])('refuses %s', (_, query) => {
    expect(() => reviewTest(query as ReviewQuery)).toThrow(TypeError);
  });

  function blockhashOf(hex: string) {
    return hashFromHex('blockhash', hex);
  }
});
