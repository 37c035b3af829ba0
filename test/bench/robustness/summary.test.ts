import { expect, test } from 'vitest';
import type { QueryResult } from '../../../bench/robustness/measure.js';
import { histogram } from '../../../bench/robustness/metrics.js';
import { byAmount, markdown } from '../../../bench/robustness/report.js';
import { runOf } from '../../../bench/robustness/runs.js';
import { summarize, thresholdsOf } from '../../../bench/robustness/summary.js';

const run = runOf('pdq', 256, 'thorough');
const EDITS = [
  { name: 'JPEG 90', family: 're-encoding' },
  { name: 'corner 3 %', family: 'crop' },
  { name: 'story, bars and a field', family: 'viewer screenshot' },
];

function result(changes: Partial<QueryResult>): QueryResult {
  const unrelated = histogram();
  unrelated[100] = 10;
  return {
    transform: 0,
    photo: 0,
    mainDistance: 0,
    distance: 0,
    verdict: 'match',
    falseVerdict: 'none',
    placement: undefined,
    hashes: 40,
    milliseconds: 1,
    unrelated,
    nearestUnrelated: unrelated,
    file: 0,
    nearestByFile: new Uint16Array([256, 90, 80]),
    ...changes,
  };
}

const results = [
  result({}),
  // Near by a variant, but not for review: only the picture itself is searched that far.
  result({ transform: 1, mainDistance: 90, distance: 50, verdict: 'none' }),
  result({ transform: 1, mainDistance: 50, distance: 50, verdict: 'review' }),
  result({ transform: 2, placement: { variant: 'box', right: true, near: true } }),
  result({ transform: 2, placement: { variant: 'uncrop', right: false, near: true } }),
  result({
    photo: 1,
    file: 1,
    nearestByFile: new Uint16Array([31, 256, 70]),
    falseVerdict: 'match',
  }),
];
const summary = summarize(results, EDITS, thresholdsOf(run), run.matchDistance);
const facts = {
  command: 'onlyhashes bench robustness',
  seed: 1,
  machine: { cpu: 'a' },
  queried: { sources: ['x', 'y'], photos: 2 },
  listed: { photos: 3, files: 3, duplicates: 0 },
  fillers: [],
  split: '',
};

test('recall counts the nearest variant; decided is what a blocklist decides', () => {
  const crop = summary.edits[1]!;
  expect(crop.recall[summary.thresholds.indexOf(60)]).toBe(1);
  expect(crop.decided).toEqual({ match: 0, review: 0.5, none: 0.5 });
  expect(summary.macroDecided.match).toBeCloseTo(2 / 3, 12);
});

test('two files are one pair, whichever of them was edited', () => {
  // 0 and 1 at 31, 0 and 2 at 80, 1 and 2 at 70.
  const [at20, at31] = summary.falseFiles;
  expect(at20).toMatchObject({ falsePairs: 0, pairs: 3 });
  expect(at31).toMatchObject({ falsePairs: 1, pairs: 3 });
  expect(at31!.perMillionAtMost).toBe(1e6);
  expect(summary.falsePairs[1]).toMatchObject({ falsePairs: 0, pairs: 60 });
  expect(summary.falseVerdicts).toEqual({ match: 1, review: 0 });
});

test('every match with a place counts, whatever its variant', () => {
  expect(summary.placed).toEqual({ name: 'all', told: 2, right: 1, near: 2 });
  expect(summary.placedByVariant.map(({ name }) => name)).toEqual(['box', 'uncrop']);
});

test('the report has both macro recalls, and both bounds', () => {
  const text = markdown(summary, run, facts);
  expect(text).toContain('over the 3 edits within 31 bits: **66.7 %**');
  expect(text).toContain('2 edits remain, and the macro recall is 50.0 %');
  expect(text).toContain('| 31 | 0 | 60 |');
  expect(text).toContain('1 | 3 | 100.00 % |');
  expect(byAmount(summary, run, facts)).toContain('| corner 3 % | 2 |');
});
