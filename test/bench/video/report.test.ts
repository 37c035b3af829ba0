import { expect, test } from 'vitest';
import type { CopyResult } from '../../../bench/video/copies-program.js';
import { EDITS } from '../../../bench/video/edits.js';
import { inPercent, rowsBy, rowsByEdit, wrongPairs } from '../../../bench/video/report.js';

const result = (clip: string, edit: string, more: Partial<CopyResult> = {}): CopyResult => ({
  ...{ clip, edit, verdict: 'none', wrong: [], wrongReviews: [], unrelated: 10 },
  others: { vpdq: false, 'python-threatexchange': false },
  wrongOthers: { vpdq: 0, 'python-threatexchange': 0 },
  ...more,
});

test('rows have the shares of each edit, in the order of the edits', () => {
  const [first, second] = EDITS.map(({ name }) => name) as [string, string];
  const rows = rowsByEdit([
    result('a', second, { verdict: 'review' }),
    result('b', second, {
      verdict: 'match',
      others: { vpdq: true, 'python-threatexchange': false },
    }),
    result('a', first),
  ]);
  expect(rows.map(({ edit }) => edit)).toEqual([first, second]);
  expect(rows[1]).toEqual({
    ...{ edit: second, copies: 2, match: 0.5, 'or review': 1 },
    ...{ vpdq: 0.5, 'python-threatexchange': 0 },
  });
  expect(inPercent(rows[1]!)).toMatchObject({ copies: 2, match: 50, 'or review': 100 });
});

test('rows by another name', () => {
  const rows = rowsBy([result('a', 'x'), result('b', 'x'), result('a', 'y')], ({ clip }) => clip);
  expect(rows.map(({ edit, copies }) => [edit, copies])).toEqual([
    ['a', 2],
    ['b', 1],
  ]);
});

test('wrong matches are counted by copy, and once for a pair of clips', () => {
  const wrong = wrongPairs([
    result('a', 'x', { wrong: ['other'] }),
    result('a', 'y', { wrong: ['other'], wrongReviews: ['third'] }),
    result('b', 'x', { wrongOthers: { vpdq: 2, 'python-threatexchange': 0 } }),
  ]);
  expect(wrong.copies).toMatchObject({ pairs: 30, matches: 2, reviews: 1 });
  expect(wrong.clips).toMatchObject({ pairs: 20, matches: 1, reviews: 1 });
  expect(wrong.others).toEqual({ vpdq: 2, 'python-threatexchange': 0 });
  expect(wrong.named).toContainEqual({ clip: 'a', edit: 'y', other: 'other' });
});

test('no wrong match among n pairs: at most three of n, by the rule of three', () => {
  const { clips } = wrongPairs([result('a', 'x', { unrelated: 10_000 })]);
  expect(clips.perMillionAtMost).toBeCloseTo(299.6, 0);
});
