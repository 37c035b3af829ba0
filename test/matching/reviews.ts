import fc from 'fast-check';
import type { NewReviewRecord, ReviewRecord } from '../../src/review/review-record.js';

/** A hash that is told apart by a number. */
export const hexOf = (number: number) => (number + 1).toString(16).padStart(4, '0').repeat(16);

/** A record about upload and entry `number`. */
export const newRecord = (
  number: number,
  more: Partial<NewReviewRecord> = {},
): NewReviewRecord => ({
  hash: { algorithm: 'pdq', hash: hexOf(number) },
  entry: { algorithm: 'pdq', hash: hexOf(number + 1), id: `entry ${number}`, source: 'here' },
  distance: 12,
  variant: 'original',
  list: 'stopncii',
  generation: 7,
  policy: { matchDistance: 31, reviewDistance: 60, minQuality: 50 },
  verdict: 'match',
  reason: 'within-match-distance',
  outcome: 'confirmed',
  role: 'moderator',
  ...more,
});

/** A record as a log gives it. */
export const record = (
  id: string,
  more: Partial<NewReviewRecord> & { time?: string } = {},
): ReviewRecord =>
  ({ time: '2026-11-26T10:00:00.000Z', ...newRecord(1), id, ...more }) as ReviewRecord;

/** Any valid record. */
export const anyRecord: fc.Arbitrary<NewReviewRecord> = fc
  .record(
    {
      number: fc.nat(9),
      id: fc.string({ minLength: 1, maxLength: 200 }),
      list: fc.string({ minLength: 1, maxLength: 200 }),
      generation: fc.nat(),
      distance: fc.nat(256),
      outcome: fc.constantFrom('confirmed', 'rejected', 'undecided'),
      verdict: fc.constantFrom('match', 'review', 'none', 'unhashable'),
    },
    { requiredKeys: ['number', 'distance', 'outcome', 'verdict'] },
  )
  .map(({ number, ...more }) => newRecord(number, more as Partial<NewReviewRecord>));
