import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkedFeedback } from '../../src/review/feedback-item.js';
import { ncmecFeedback, stopNciiFeedback } from '../../src/review/feedback-senders.js';
import type { NewReviewRecord } from '../../src/review/review-record.js';
import { anyRecord, hexOf, newRecord } from '../matching/reviews.js';

const hash = hexOf(2);
const stopNcii = { algorithm: 'pdq', hash, id: `ImagePDQ:${hash}`, source: 'StopNCII' } as const;
const ncmec = { algorithm: 'pdq', hash, id: '7/a/b', source: 'ncmec/industry' } as const;
const reasonIds = ['a reason'];
/** It is not asked. */
const CLIENT = { submitFeedback() {}, findFeedback() {}, sendFeedback() {} } as never;

const stopNciiFeedbackOf = (record: NewReviewRecord, options: object = {}) =>
  stopNciiFeedback(CLIENT, { company: 'Us', ...options }).feedbackOf(record);
const ncmecFeedbackOf = (record: NewReviewRecord, options: object = {}) =>
  ncmecFeedback(CLIENT, options).feedbackOf(record);

test('a confirmed match supports the entry, whatever its distance', () => {
  const options = { tags: ['nude'] };
  expect(stopNciiFeedbackOf(newRecord(1, { entry: stopNcii, distance: 31 }), options)).toEqual([
    {
      to: 'StopNCII',
      entry: hash,
      body: { hashValue: hash, feedbackValue: 'Blocked', tags: ['nude'] },
    },
  ]);
  expect(ncmecFeedbackOf(newRecord(1, { entry: ncmec, distance: 31 }), { reasonIds })).toEqual([
    {
      to: 'ncmec/industry',
      entry: '7/a/b',
      body: { memberId: '7', id: 'a/b', type: 'PDQ', says: 'affirmative' },
    },
  ]);
});

describe('a rejected match', () => {
  const rejected = (entry: typeof stopNcii | typeof ncmec, distance: number) =>
    newRecord(1, { entry, distance, outcome: 'rejected' });

  test('counts against the entry if the upload has its very hash', () => {
    expect(stopNciiFeedbackOf(rejected(stopNcii, 0))).toMatchObject([
      { body: { feedbackValue: 'NotBlocked', tags: [] } },
    ]);
    expect(ncmecFeedbackOf(rejected(ncmec, 0), { reasonIds })).toMatchObject([
      { body: { says: 'negative', reasonIds } },
    ]);
  });

  test('does not count if the upload was only near', () => {
    for (const distance of [1, 31, 256]) {
      expect(stopNciiFeedbackOf(rejected(stopNcii, distance))).toEqual([]);
      expect(ncmecFeedbackOf(rejected(ncmec, distance), { reasonIds })).toEqual([]);
    }
    const options = { maxRejectedDistance: 10 };
    for (const [distance, count] of [
      [10, 1],
      [11, 0],
    ] as const) {
      expect(stopNciiFeedbackOf(rejected(stopNcii, distance), options)).toHaveLength(count);
      const voted = ncmecFeedbackOf(rejected(ncmec, distance), { ...options, reasonIds });
      expect(voted).toHaveLength(count);
    }
  });

  test('is no vote without a reason', () => {
    expect(ncmecFeedbackOf(rejected(ncmec, 0))).toEqual([]);
  });
});

test('only the list in question gets feedback on its entry', () => {
  const environment = 'npo';
  const entry = { ...ncmec, source: 'ncmec/npo' } as const;
  expect(ncmecFeedbackOf(newRecord(1, { entry }))).toEqual([]);
  expect(ncmecFeedbackOf(newRecord(1, { entry }), { environment })).toMatchObject([
    { to: 'ncmec/npo' },
  ]);
  const to = 'another name';
  expect(ncmecFeedbackOf(newRecord(1, { entry }), { environment, to })).toMatchObject([{ to }]);
});

test('decisions of no person, or on another entry, give no feedback', () => {
  const { role: _, outcome: __, ...undecided } = newRecord(1);
  const { id: ___, ...nameless } = ncmec;
  for (const [entry, of] of [
    [stopNcii, stopNciiFeedbackOf],
    [ncmec, ncmecFeedbackOf],
  ] as const) {
    for (const record of [
      { ...undecided, entry },
      newRecord(1, { entry, role: 'automation' }),
      newRecord(1, { entry, distance: 0, outcome: 'undecided' }),
      newRecord(1, { entry: { ...entry, source: `${entry.source} ` } }),
      newRecord(1, { entry: { ...entry, algorithm: 'phash', hash: 'ab'.repeat(8) } }),
      newRecord(1, { entry: nameless }),
    ]) {
      expect(of(record, { maxRejectedDistance: 256 })).toEqual([]);
    }
  }
  for (const id of ['noslash', '/a', 'a/']) {
    expect(ncmecFeedbackOf(newRecord(1, { entry: { ...ncmec, id } }))).toEqual([]);
  }
});

test('the queue accepts the feedback of any record', () => {
  const named = fc.record({
    record: anyRecord,
    source: fc.constantFrom('StopNCII', 'ncmec/industry'),
    id: fc.string({ minLength: 1, maxLength: 200 }),
  });
  fc.assert(
    fc.property(named, ({ record, source, id }) => {
      const told = { ...record, entry: { ...record.entry!, source, id } };
      const options = { maxRejectedDistance: 256 };
      const voted = ncmecFeedbackOf(told, { ...options, reasonIds });
      for (const one of [...stopNciiFeedbackOf(told, options), ...voted]) {
        expect(one.to).toBe(source);
        expect(checkedFeedback({ ...one, id: 'a' })).toEqual({ ...one, id: 'a' });
      }
    }),
  );
});
