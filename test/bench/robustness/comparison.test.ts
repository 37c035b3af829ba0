import { expect, test } from 'vitest';
import { comparison } from '../../../bench/robustness/comparison.js';
import type { QueryResult } from '../../../bench/robustness/measure.js';
import { histogram } from '../../../bench/robustness/metrics.js';
import { comparedRuns, runOf } from '../../../bench/robustness/runs.js';
import { summarize, thresholdsOf } from '../../../bench/robustness/summary.js';

test('compares every algorithm and width that matches by itself, alone and with all variants', () => {
  const runs = comparedRuns();
  const called = runs.map(({ algorithm, bits, profile }) => `${algorithm} ${bits} ${profile}`);
  expect(new Set(called).size).toBe(called.length);
  for (const kind of ['phash 64', 'phash 256', 'dhash 64', 'ahash 64', 'blockhash 256']) {
    expect(called).toContain(`${kind} none`);
    expect(called).toContain(`${kind} thorough`);
  }
  for (const profile of ['none', 'orientation', 'dihedral', 'thorough']) {
    expect(called).toContain(`pdq 256 ${profile}`);
  }
  expect(called).not.toContain('blockhash 64 none');
});

test('thresholds include the match and the review distance', () => {
  expect(thresholdsOf(runOf('pdq', 256, 'none'))).toEqual([20, 31, 45, 60]);
  for (const run of comparedRuns()) {
    expect(thresholdsOf(run)).toContain(run.matchDistance);
    expect(thresholdsOf(run)).toContain(run.reviewDistance);
  }
});

test('one row per run: recall at its own distance, false pairs with their bound', () => {
  const run = runOf('dhash', 64, 'none');
  const unrelated = histogram();
  unrelated[5] = 1;
  unrelated[30] = 999_999;
  const result = (distance: number): QueryResult => ({
    transform: 0,
    photo: 0,
    mainDistance: distance,
    distance,
    verdict: 'match',
    falseVerdict: 'none',
    placement: undefined,
    hashes: 1,
    milliseconds: 2,
    unrelated,
    nearestUnrelated: unrelated,
    file: 0,
    nearestByFile: new Uint16Array([256, 30]),
  });
  const summary = summarize(
    [result(6), result(7)],
    [{ name: 'JPEG 90', family: 're-encoding' }],
    thresholdsOf(run),
    run.matchDistance,
  );
  const { rows, text } = comparison([{ run, summary }], {
    command: 'onlyhashes bench robustness --compare --seed 1',
    seed: 1,
    machine: { cpu: 'a' },
    queried: { sources: ['x'], photos: 1 },
    listed: { photos: 2, files: 2, duplicates: 0 },
    fillers: [],
    split: '',
  });
  expect(rows).toHaveLength(1);
  expect(rows[0]).toMatchObject({ macroRecall: 0.5, reviewRecall: 1 });
  // Two of two million; the upper bound of two events is 6.296 (Garwood 1936).
  expect(rows[0]!.falsePairs).toMatchObject({ falsePairs: 2, pairs: 2_000_000, perMillion: 1 });
  expect(rows[0]!.falsePairs.perMillionAtMost).toBeCloseTo(3.148, 3);
  expect(text).toContain('| dhash 64 | none | <= 6 | 50.0 |');
});
