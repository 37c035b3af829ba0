import fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorsByList, reportHashes } from '../../src/review/review-answers.js';
import { withoutMatchData } from '../../src/review/review-record.js';
import { hexOf, newRecord, record } from '../matching/reviews.js';

const about = (number: number, more: Parameters<typeof newRecord>[1] = {}) =>
  record(`${number}`, { ...newRecord(number), id: `${number}`, ...more });

test('how often each list was wrong', async () => {
  const records = [
    about(1),
    about(2, { outcome: 'rejected' }),
    about(3, { list: 'ncmec', outcome: 'rejected' }),
    about(4, { outcome: 'undecided' }),
    { ...about(5), outcome: undefined, role: undefined },
    { ...about(6), list: undefined },
  ];
  expect(await errorsByList(JSON.parse(JSON.stringify(records)))).toEqual([
    { decided: 1, rejected: 0 },
    { list: 'ncmec', decided: 1, rejected: 1 },
    { list: 'stopncii', decided: 2, rejected: 1 },
  ]);
});

test('an appeal takes the place of the decision before', async () => {
  const records = [about(1), about(1, { outcome: 'rejected', role: 'appeals' })];
  expect(await errorsByList(records)).toEqual([{ list: 'stopncii', decided: 1, rejected: 1 }]);
  expect(await reportHashes(records, 'nca')).toEqual([]);
  expect(await errorsByList(records.reverse())).toMatchObject([{ rejected: 0 }]);
});

test('an appeal counts once if a remote list did not tell the entry', async () => {
  const { entry, distance, ...told } = record('1', { list: 'an HMA' });
  const records = [told, { ...told, id: '2', outcome: 'rejected' as const }];
  expect(await errorsByList(records)).toEqual([{ list: 'an HMA', decided: 1, rejected: 1 }]);
  expect(await reportHashes(records, 'nca')).toEqual([]);
});

test('decisions without match data count each', async () => {
  const records = [about(1), about(2)].map(withoutMatchData);
  expect(await errorsByList(records)).toMatchObject([{ decided: 2 }]);
  expect(await reportHashes(records, 'ncmec')).toEqual([]);
});

test('the hashes of a report are those of confirmed uploads alone, each once', async () => {
  const records = [
    about(1),
    about(1, { list: 'ncmec' }),
    about(2, { outcome: 'rejected' }),
    about(3, { outcome: 'undecided' }),
    about(4),
  ];
  expect(await reportHashes(records, 'ncmec')).toEqual([
    { originalFileHash: hexOf(1), hashType: 'PDQ' },
    { originalFileHash: hexOf(4), hashType: 'PDQ' },
  ]);
  expect(await reportHashes(records, 'nca')).toEqual([hexOf(1), hexOf(4)]);
  await expect(reportHashes(records, 'police' as never)).rejects.toThrow(RangeError);
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
      expect(await errorsByList(records)).toEqual(expected);
    }),
  );
});
