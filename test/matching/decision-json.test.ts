import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBlocklist } from '../../src/blocklist/blocklist.js';
import { type Withdrawn, withdrawnFromJSON } from '../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { DecodeError } from '../../src/errors.js';
import {
  ALGORITHMS,
  type Decoding,
  type Hash,
  hasBits,
  hashFromJSON,
  hashToHex,
  newHash,
} from '../../src/hash.js';
import {
  type Decision,
  type DecisionJSON,
  decisionOf,
  decisionToJSON,
  type Match,
} from '../../src/matching/decision.js';
import { decisionFromJSON } from '../../src/matching/decision-json.js';
import { DECISION_SCHEMA } from '../../src/matching/decision-schema.js';
import { match } from '../../src/matching/match.js';
import type { RemoteMatch } from '../../src/matching/remote-match.js';
import { type ListSettings, TRUSTS } from '../../src/policy.js';
import { DIHEDRAL_NAMES, LOOK_NAMES, VARIANT_NAMES } from '../../src/variant.js';
import { flipBits, hashOf } from '../arbitraries.js';
import { runs } from '../seed.js';

const ajv = new Ajv2020({ strict: false });
const fits = ajv.compile(DECISION_SCHEMA);
const fitsWithoutMore = ajv.compile(withoutMore(DECISION_SCHEMA) as object);

/** A schema that refuses members that it does not name. */
function withoutMore(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutMore);
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.entries(schema).map(([name, member]) => [
    name,
    name === 'if' || name === 'then' ? member : withoutMore(member),
  ]);
  const closed = { ...Object.fromEntries(members) };
  return 'properties' in schema && 'type' in schema
    ? { ...closed, additionalProperties: false }
    : closed;
}

const KINDS = ALGORITHMS.flatMap((algorithm) =>
  ([64, 256] as const).flatMap((bits) => (hasBits(algorithm, bits) ? [{ algorithm, bits }] : [])),
);
const anyHash = fc.constantFrom(...KINDS).chain(({ algorithm, bits }) => hashOf(algorithm, bits));
const text = fc.string({ unit: 'binary', maxLength: 8 });
const resample = fc.constantFrom(512 as const, 'none' as const);
// JSON has no -0.
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const percent = fc.double({ min: 0, max: 100, noNaN: true }).map((value) => value + 0);
const point = fc.tuple(number, number);
const geometry = fc.record(
  {
    rectangle: fc.record({ left: number, top: number, width: number, height: number }),
    corners: fc.tuple(point, point, point, point),
    angle: number,
    dihedral: fc.constantFrom(...DIHEDRAL_NAMES),
  },
  { requiredKeys: ['rectangle'] },
);
const opinion = fc.record(
  { from: text, says: text, tags: fc.array(text, { maxLength: 2 }) },
  { requiredKeys: ['from', 'says'] },
);
const matchOf: fc.Arbitrary<Match> = fc.constantFrom(...KINDS).chain(
  ({ algorithm, bits }) =>
    fc.record(
      {
        entry: fc.record(
          {
            hash: hashOf(algorithm, bits),
            labels: fc.array(text, { maxLength: 2 }),
            quality: fc.integer({ min: 0, max: 100 }),
            source: text,
            id: text,
            resample,
            variant: text,
            list: text,
            caseCount: fc.maxSafeNat(),
            opinions: fc.array(opinion, { maxLength: 2 }),
            confirmed: fc.boolean(),
          },
          { requiredKeys: ['hash', 'labels'] },
        ) as fc.Arbitrary<BlocklistEntry>,
        distance: fc.integer({ min: 0, max: 256 }),
        tier: fc.constantFrom('match' as const, 'review' as const),
        variant: fc
          .record(
            {
              name: fc.constantFrom(...VARIANT_NAMES),
              hash: hashOf(algorithm, bits),
              quality: percent,
              resample,
              decoding: fc.constant('draft' as const),
              geometry,
              look: fc.constantFrom(...LOOK_NAMES),
              frame: fc.maxSafeNat(),
            },
            { requiredKeys: ['name', 'hash'] },
          )
          .map(marked) as fc.Arbitrary<Match['variant']>,
        trust: fc.constantFrom(...TRUSTS),
        allowed: text,
      },
      { requiredKeys: ['entry', 'distance', 'tier', 'variant'] },
    ) as fc.Arbitrary<Match>,
);
const remoteMatch = fc.record(
  {
    list: text,
    trust: fc.constantFrom(...TRUSTS),
    tier: fc.constantFrom('match' as const, 'review' as const),
    labels: fc.array(text, { maxLength: 2 }),
    id: text,
    hash: anyHash,
    distance: fc.integer({ min: 0, max: 256 }),
    confirmed: fc.boolean(),
    allowed: text,
  },
  { requiredKeys: ['list', 'trust', 'tier', 'labels'] },
) as fc.Arbitrary<RemoteMatch>;
/** The mark of a draft is its hash's, too. */
function marked<T extends { hash: Hash; decoding?: Decoding }>(hashed: T): T {
  const { decoding, hash } = hashed;
  return decoding === 'draft' ? { ...hashed, hash: { ...hash, decoding } } : hashed;
}
const threshold = fc.integer({ min: -1, max: 256 });
const milliseconds = fc.double({ min: 0, max: 1e9, noNaN: true }).map((value) => value + 0);
const decision = fc
  .record(
    {
      verdict: fc.constantFrom(...(['match', 'review', 'none', 'unhashable'] as const)),
      reason: fc.constantFrom(...(['nothing-near', 'busy', 'aborted', 'no-hash'] as const)),
      matches: fc.array(matchOf, { maxLength: 3 }),
      policy: fc.record({
        matchDistance: threshold,
        reviewDistance: threshold,
        minQuality: percent,
      }),
      upload: fc
        .record(
          {
            hash: hashOf('pdq', 256),
            width: fc.integer({ min: 1 }),
            height: fc.integer({ min: 1 }),
            quality: percent,
            resample,
            format: text,
            decoding: fc.constantFrom('full' as const, 'draft' as const),
          },
          { requiredKeys: ['hash', 'width', 'height'] },
        )
        .map(marked) as fc.Arbitrary<NonNullable<Decision['upload']>>,
      timings: fc.record({
        reading: milliseconds,
        waiting: milliseconds,
        decoding: milliseconds,
        hashing: milliseconds,
        search: milliseconds,
      }),
      generation: fc.maxSafeNat(),
      refined: fc.boolean(),
      allowed: fc.array(matchOf, { maxLength: 2 }),
      remoteMatches: fc.array(remoteMatch, { maxLength: 2 }),
      unanswered: fc.array(text, { maxLength: 2 }),
      omitted: fc.integer({ min: 1 }),
      frames: fc.record({ total: fc.integer({ min: 9 }), checked: fc.nat(9) }),
    },
    { requiredKeys: ['verdict', 'reason', 'matches', 'policy'] },
  )
  .map((members) => decisionOf(members as Decision));

test('every decision round-trips through JSON, which the schema describes', () => {
  fc.assert(
    fc.property(decision, text, (made, file) => {
      const json: unknown = JSON.parse(JSON.stringify(made));
      expect(json).toEqual(decisionToJSON(made));
      expect(fitsWithoutMore(json), JSON.stringify(fitsWithoutMore.errors)).toBe(true);
      expect(fitsWithoutMore(decisionToJSON(made, file))).toBe(true);
      const back = decisionFromJSON(json as DecisionJSON);
      expect(back).toEqual(made);
      expect(JSON.stringify(back)).toBe(JSON.stringify(made));
    }),
    { numRuns: runs(500) },
  );
});

const far = newHash(
  'pdq',
  Uint8Array.from({ length: 32 }, (_, at) => 37 * at),
);
const ALL_BITS = Array.from({ length: 256 }, (_, bit) => bit);
const near = flipBits(far, ALL_BITS, 5);
const reviewed = flipBits(far, ALL_BITS, 45);
const unlike = flipBits(far, ALL_BITS, 128);
const entry = { hash: far, labels: ['a'], id: '7', source: 's', quality: 90 };
const list = createBlocklist([entry]);
const listOn = (settings: ListSettings) => createBlocklist([entry], { lists: { '': settings } });
const query = (hash: Hash, quality = 100) => [{ name: 'original' as const, hash, quality }];

test.each<[string, Decision]>([
  ['within-match-distance', match(query(near), list)],
  ['low-query-quality', match(query(near, 10), list)],
  ['low-entry-quality', match(query(near), createBlocklist([{ ...entry, quality: 1 }]))],
  ['review-only-list', match(query(near), listOn({ tier: 'review' }))],
  ['foreign-list', match(query(near), listOn({ trust: 'foreign' }))],
  ['unconfirmed-entry', match(query(near), createBlocklist([{ ...entry, confirmed: false }]))],
  ['within-review-distance', match(query(reviewed), list)],
  ['nothing-near', match(query(unlike), list)],
  ['nothing-comparable', match(query(near), createBlocklist([]))],
  ['no-hash', match([], list)],
  ['corrupt', match(new DecodeError('corrupt', 'x'), list)],
])('a decision of reason %s fits the schema and round-trips', (reason, made) => {
  expect(made.reason).toBe(reason);
  const json = JSON.parse(JSON.stringify(made));
  expect(fitsWithoutMore(json)).toBe(true);
  expect(decisionFromJSON(json)).toEqual(made);
});

test('unknown members are ignored, and a later reason is kept', () => {
  const json = {
    ...decisionToJSON(match(query(near), list)),
    reason: 'of-a-later-version',
    more: 1,
  };
  expect(fits(json)).toBe(true);
  const { matches } = decisionFromJSON({
    ...json,
    unanswered: [],
    evidence: [],
    later: 1,
  } as never);
  expect(matches).toHaveLength(1);
  expect(decisionFromJSON(json as never).reason).toBe('of-a-later-version');
});

/** The JSON of a decision with one member, anywhere, changed or taken away. */
const mutated = fc
  .tuple(
    decision,
    fc.nat(),
    fc.oneof(
      fc.constantFrom<unknown>(undefined, null, -1, 0.5, 257, '', 'pdq', 'x', [], {}, [[]], true),
      fc.jsonValue({ maxDepth: 1 }),
    ),
  )
  .map(([made, at, value]) => {
    const json = JSON.parse(JSON.stringify(made)) as unknown;
    const places: [holder: Record<string, unknown>, key: string][] = [];
    const walk = (holder: Record<string, unknown>) => {
      for (const [key, member] of Object.entries(holder)) {
        places.push([holder, key]);
        if (typeof member === 'object' && member !== null) walk(member as typeof holder);
      }
    };
    walk(json as Record<string, unknown>);
    const [holder, key] = places[at % places.length]!;
    holder[key] = value;
    return JSON.parse(JSON.stringify(json)) as unknown;
  });

test('the reader accepts what the schema allows, and throws typed errors otherwise', () => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(mutated, (json) => {
      let read: Decision | undefined;
      try {
        read = decisionFromJSON(json as DecisionJSON);
        taken++;
      } catch (error) {
        refused++;
        expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
        expect((error as Error).message).toMatch(/^expected /);
      }
      // JSON Schema cannot compare two members.
      const { total, checked } = Object(Object(json).frames);
      expect(fits(json) && !(checked > total)).toBe(read !== undefined);
      if (read) expect(fitsWithoutMore(JSON.parse(JSON.stringify(read)))).toBe(true);
    }),
    { numRuns: runs(3000) },
  );
  expect(taken).toBeGreaterThan(runs(100));
  expect(refused).toBeGreaterThan(runs(1000));
});

test('hashes and withdrawals serialize themselves, and are read back', () => {
  const named = fc.record({ id: text, source: text }, { requiredKeys: ['id'] });
  const reason = fc.record({ reason: text }, { requiredKeys: [] });
  const key = fc
    .tuple(fc.oneof(anyHash, named), reason)
    .map(([of, told]) => ({ ...of, ...told })) as fc.Arbitrary<Withdrawn>;
  fc.assert(
    fc.property(fc.array(key, { maxLength: 5 }), (keys) => {
      const { withdrawals } = createBlocklist([], { withdrawn: keys });
      const json = JSON.parse(JSON.stringify(withdrawals)) as never[];
      const read = json.map(withdrawnFromJSON);
      expect(read).toEqual(withdrawals);
      expect(createBlocklist([], { withdrawn: json }).withdrawals).toEqual(withdrawals);
    }),
    { numRuns: runs(300) },
  );
  expect(JSON.stringify(far)).toBe(`{"algorithm":"pdq","hash":"${hashToHex(far)}"}`);
  expect(hashFromJSON(JSON.parse(JSON.stringify(far)))).toEqual(far);
  expect(structuredClone(far)).toEqual(far);
});

test.each([
  {},
  { id: 7 },
  { id: 'a', source: 7 },
  { id: 'a', reason: 7 },
  { algorithm: 'pdq' },
  null,
  'x',
])('a withdrawal is refused: %j', (json) => {
  expect(() => withdrawnFromJSON(json as never)).toThrow(/^expected /);
});
