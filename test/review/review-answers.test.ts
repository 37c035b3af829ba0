import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reviewSummary } from '../../src/review/review-answers.js';
import { withoutMatchData } from '../../src/review/review-record.js';
import { hexOf, newRecord, record } from '../matching/reviews.js';

const about = (number: number, more: Parameters<typeof newRecord>[1] = {}) =>
  record(`${number}`, { ...newRecord(number), id: `${number}`, ...more });

test('errors are counted for each list', async () => {
  const records = [
    about(1),
    about(2, { outcome: 'rejected' }),
    about(3, { list: 'ncmec', outcome: 'rejected' }),
    about(4, { outcome: 'undecided' }),
    { ...about(5), outcome: undefined, role: undefined },
    { ...about(6), list: undefined },
  ];
  const { lists } = await reviewSummary(JSON.parse(JSON.stringify(records)));
  expect(lists).toEqual([
    { decided: 1, rejected: 0 },
    { list: 'ncmec', decided: 1, rejected: 1 },
    { list: 'stopncii', decided: 2, rejected: 1 },
  ]);
});

test('an appeal replaces the earlier decision', async () => {
  const records = [about(1), about(1, { outcome: 'rejected', role: 'appeals' })];
  expect(await reviewSummary(records)).toEqual({
    lists: [{ list: 'stopncii', decided: 1, rejected: 1 }],
    confirmed: [],
  });
  expect(await reviewSummary(records.reverse())).toMatchObject({
    lists: [{ rejected: 0 }],
    confirmed: [{ originalFileHash: hexOf(1) }],
  });
});

test('an appeal counts once if a remote list did not name the entry', async () => {
  const { entry, distance, ...told } = record('1', { list: 'an HMA' });
  const records = [told, { ...told, id: '2', outcome: 'rejected' as const }];
  expect(await reviewSummary(records)).toEqual({
    lists: [{ list: 'an HMA', decided: 1, rejected: 1 }],
    confirmed: [],
  });
});

test('decisions without match data count each', async () => {
  const records = [about(1), about(2)].map(withoutMatchData);
  expect(await reviewSummary(records)).toMatchObject({ lists: [{ decided: 2 }], confirmed: [] });
});

test('the hashes of a report are those of confirmed uploads alone, each once', async () => {
  const records = [
    about(1),
    about(1, { list: 'ncmec' }),
    about(2, { outcome: 'rejected' }),
    about(3, { outcome: 'undecided' }),
    about(4),
  ];
  expect((await reviewSummary(records)).confirmed).toEqual([
    { originalFileHash: hexOf(1), hashType: 'PDQ' },
    { originalFileHash: hexOf(4), hashType: 'PDQ' },
  ]);
});

test('the counts are those of a plain count', async () => {
  const outcomes = fc.constantFrom('confirmed', 'rejected', 'undecided');
  const one = fc.tuple(fc.nat(3), fc.constantFrom('a', 'b'), outcomes);
  await fc.assert(
    fc.asyncProperty(fc.array(one), async (all) => {
      const records = all.map(([number, list, outcome]) =>
        about(number, { list, outcome: outcome as 'confirmed' }),
      );
      const expected = ['a', 'b'].flatMap((list) => {
        const last = [0, 1, 2, 3]
          .map((number) => all.findLast(([other, name]) => other === number && name === list)?.[2])
          .filter((outcome) => outcome === 'confirmed' || outcome === 'rejected');
        const rejected = last.filter((outcome) => outcome === 'rejected').length;
        return last.length > 0 ? [{ list, decided: last.length, rejected }] : [];
      });
      expect((await reviewSummary(records)).lists).toEqual(expected);
    }),
  );
});
