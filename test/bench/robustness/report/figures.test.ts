import { expect, test } from 'vitest';
import { byList, FAR, PROFILES, type QueryResult } from '../../../../bench/robustness/measure.js';
import { PEERS } from '../../../../bench/robustness/peers.js';
import { figuresOf, OUTCOMES } from '../../../../bench/robustness/report/figures.js';
import { histogram } from '../../../../bench/robustness/report/metrics.js';
import { foretellings, markdown } from '../../../../bench/robustness/report/report.js';

const EDITS = [
  { name: 'JPEG 90', family: 're-encoding' },
  { name: 'square', family: 'social crop' },
  { name: 'tall', family: 'social crop' },
];

function result(changes: Partial<QueryResult>): QueryResult {
  const unrelated = histogram();
  unrelated[100] = 10;
  return {
    photo: 0,
    edit: 0,
    names: ['original', 'box', 'box'],
    own: new Uint16Array([4, 90, FAR]),
    ownWindows: new Uint16Array([FAR, FAR, FAR]),
    others: new Uint16Array([100, 100, 100]),
    techniques: ['original', 'boxes', 'cells of boxes'],
    verdicts: byList(() => 'match'),
    wrong: byList(() => 'none'),
    unrelated,
    nearest: new Uint16Array([FAR, 90, 80]),
    nearestWindows: unrelated,
    milliseconds: 5,
    profiles: PROFILES.map(() => ({
      hashes: 1,
      milliseconds: 1,
      distance: 4,
      verdict: 'match' as const,
    })),
    peers: PEERS.map(() => ({ distance: 8, others: unrelated })),
    placement: undefined,
    ...changes,
  };
}

const missed = {
  own: new Uint16Array([90, 20, 88]),
  verdicts: byList(() => 'match' as const),
  profiles: result({}).profiles.map((profile) => ({ ...profile, verdict: 'none' as const })),
} as const;

const results = [
  // Both names find this one, so that neither finds it alone.
  result({ own: new Uint16Array([4, 30, FAR]) }),
  result({ edit: 1, ...missed }),
  result({
    edit: 2,
    ...missed,
    own: new Uint16Array([90, 50, 88]),
    verdicts: byList(() => 'review'),
  }),
  // Photo 1, as it is: near to file 0, which is wrong.
  result({
    photo: 1,
    edit: -1,
    nearest: new Uint16Array([31, FAR, 70]),
    others: new Uint16Array([100, 100, 31]),
    wrong: byList(() => 'match'),
  }),
];
const figures = figuresOf(results, EDITS, 1);
const recall = (name: string) => figures.macro.find((one) => one.name === name)!.value;

test('families weigh the same; photos as they are count no recall', () => {
  expect(figures.queries).toBe(3);
  // One of one re-encoded, and of the two crops one, or none, or both.
  expect(recall('match')).toBe((1 + 1 / 2) / 2);
  expect(recall('plain PDQ')).toBe((1 + 0) / 2);
  expect(recall('any <= 31')).toBe((1 + 1 / 2) / 2);
  expect(recall('any <= 60')).toBe(1);
  expect(recall('or review')).toBe(1);
  expect(recall('sharp-phash <= 4')).toBe(0);
  expect(recall('sharp-phash <= 10')).toBe(1);
  const crop = figures.families.find(({ name }) => name === 'social crop')!;
  expect(crop.recall[OUTCOMES.findIndex(({ name }) => name === 'match')]).toBe(0.5);
});

test('the finds of a name alone, its cost, and its wrong finds', () => {
  const [box, original] = ['box', 'original'].map((name) =>
    figures.variants.find((row) => row.name === name),
  );
  expect(box).toMatchObject({ name: 'box', hashesPerQuery: 2, found: 2, alone: 1 });
  expect(box).toMatchObject({ aloneInReview: 2, wrong: 1, wrongInReview: 1, nearestWrong: 31 });
  expect(original).toMatchObject({ name: 'original', hashesPerQuery: 1, found: 1, alone: 0 });
  expect(original).toMatchObject({ wrong: 0, nearestWrong: 100 });
});

test('two files are one pair, whichever of them was edited', () => {
  // 0 and 1 at 31, 0 and 2 at 80, 1 and 2 at 70.
  const [at31] = figures.falsePairs.files;
  expect(at31).toMatchObject({ threshold: 31, falsePairs: 1, pairs: 3, perMillionAtMost: 1e6 });
  expect(figures.falsePairs.variants[0]).toMatchObject({ falsePairs: 0, pairs: 40 });
  expect(figures.falsePairs.queries[0]).toMatchObject({ falsePairs: 1, pairs: 8 });
  expect(figures.wrongVerdicts.bare).toEqual({ match: 1, review: 0 });
});

test('the report shows every figure, and those with too little data to fit', () => {
  const facts = {
    command: 'onlyhashes bench robustness',
    list: 'tuned',
    quick: false,
    seed: 1,
    machine: { cpu: 'a' },
    made: { commit: 'abc123', clean: false, busy: true, calibrations: [] },
    photos: ['a', 'b'],
    files: 3,
    unrelated: 1,
    duplicates: 0,
    leftOut: [],
    fillers: ['f'],
    missing: ['apt-get install photos'],
  };
  const hard = {
    kind: 'smooth tiles',
    counts: 'wrong',
    cases: 2,
    pairs: 4,
    comparisons: 160,
    matches: 0,
    reviews: 1,
    matchesWithParts: 0,
    reviewsWithParts: 0,
    plainMatches: 0,
    nearest: 55,
    nearestName: 'uncrop',
  } as const;
  const text = markdown(figures, [hard], facts);
  expect(text).toContain(
    ' · cpu a · commit abc123, changed · this machine is busy: do not quote these figures\n',
  );
  expect(text).toContain('| match | 75.0 |');
  expect(text).toContain('| two files <= 31 | 1 | 3 |');
  // One query of three pairs of files.
  expect(text).toContain('has a match for 1 queries, and a review for 0;');
  expect(text).toContain('at most 1000000.00 per million of such pairs (95 %).');
  expect(text).toContain(
    '| smooth tiles | wrong | 2 | 4 | 160 | 0 | 1 | 0 | 0 | 0 | 55 | uncrop |',
  );
  expect(text).toContain('Not installed: `apt-get install photos`.');
  expect(text).toContain('| edited photos | not fitted |');
  expect(foretellings(figures)[0]).toEqual({ name: 'edited photos' });
  expect(text).not.toMatch(/NaN|undefined/);
});
