import { expect, test } from 'vitest';
import { DecodeError } from '../../src/errors.js';
import { hashFromHex } from '../../src/hash.js';
import {
  type Decision,
  decisionOf,
  decisionToJSON,
  unhashable,
} from '../../src/matching/decision.js';
import { explain } from '../../src/matching/explain.js';

const HEX = '0123456789abcdef'.repeat(4);
const hash = hashFromHex('pdq', HEX);
const policy = { matchDistance: 31, reviewDistance: 60, minQuality: 50 };
const geometry = { rectangle: { left: 1, top: 2, width: 3, height: 4 } };
const decision: Decision = {
  verdict: 'match',
  reason: 'within-match-distance',
  matches: [
    {
      entry: { hash, labels: ['nudity'], quality: 99, id: '7', source: 's' },
      distance: 3,
      tier: 'match',
      variant: { name: 'rotate90', hash, quality: 80 },
    },
    {
      entry: { hash, labels: [] },
      distance: 9,
      tier: 'match',
      variant: { name: 'box', hash, quality: 80, geometry },
    },
  ],
  policy,
};

test('as JSON', () => {
  const query = { algorithm: 'pdq', variantHash: HEX, variantQuality: 80 };
  const json = {
    file: 'a.jpg',
    verdict: 'match',
    reason: 'within-match-distance',
    matches: [
      {
        ...{ distance: 3, tier: 'match', variant: 'rotate90', hash: HEX, labels: ['nudity'] },
        ...{ id: '7', source: 's', quality: 99 },
        ...query,
      },
      {
        ...{ distance: 9, tier: 'match', variant: 'box', hash: HEX, labels: [], geometry },
        ...query,
      },
    ],
    policy,
  };
  expect(decisionToJSON(decision, 'a.jpg')).toEqual(json);
  const { file, ...rest } = json;
  expect(decisionToJSON(decision)).toEqual(rest);
});

test('as JSON, with the facts of the upload', () => {
  const timings = { reading: 1, waiting: 0, decoding: 30.5, hashing: 7, search: 0.25 };
  const facts = { quality: 80, resample: 512, width: 4032, height: 3024, format: 'jpeg' } as const;
  const upload = { ...facts, hash, decoding: 'draft' } as const;
  const whole = decisionOf({ ...decision, upload, timings, generation: 7 });
  expect(decisionToJSON(whole)).toEqual({
    ...decisionToJSON(decision),
    upload: { ...upload, algorithm: 'pdq', hash: HEX },
    timings,
    generation: 7,
  });
  expect(JSON.parse(JSON.stringify(whole))).toEqual(decisionToJSON(whole));
  expect(structuredClone(whole)).toEqual(whole);
});

test('a DecodeError makes it unhashable, with its code as the reason', () => {
  const error = new DecodeError('too-many-pixels', 'expected at most 64 megapixels');
  expect(unhashable(error, { matchDistance: 9 })).toEqual({
    verdict: 'unhashable',
    reason: 'too-many-pixels',
    detail: 'expected at most 64 megapixels',
    matches: [],
    policy: { ...policy, matchDistance: 9 },
  });
  expect(() => unhashable(new Error('other') as DecodeError)).toThrow(TypeError);
});

test('in one line of English, without hash or label', () => {
  const [match] = decision.matches;
  const review = (reason: Decision['reason'], distance: number) =>
    explain({ ...decision, verdict: 'review', reason, matches: [{ ...match!, distance }] });
  expect(explain(decision)).toBe('match: distance 3, variant rotate90, at most 31');
  expect(review('within-review-distance', 40)).toBe(
    'review: distance 40, variant rotate90, over 31 and at most 60',
  );
  expect(review('low-query-quality', 3)).toBe(
    'review: distance 3, variant rotate90, but quality 80 is below 50',
  );
  expect(review('low-entry-quality', 3)).toBe(
    "review: distance 3, variant rotate90, but the entry's quality 99 is below 50",
  );
  // A reason that came later, by the name of what every object has.
  expect(review('toString' as never, 3)).toBe('review: distance 3, variant rotate90, at most 31');
  expect(explain({ ...decision, verdict: 'none', reason: 'nothing-near', matches: [] })).toBe(
    'none: nothing near',
  );
});
