import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../../src/errors.js';
import { createAllowList } from '../../../src/matching/allow-list.js';
import { createFloodGuard, type FloodGuardJSON } from '../../../src/matching/flood-guard.js';
import { checkedFeedback } from '../../../src/review/feedback-item.js';
import { checkedRecord } from '../../../src/review/review-record.js';
import { fetchStateFrom } from '../../../src/services/list-fetch.js';
import { anyRecord, hexOf, record } from '../../matching/reviews.js';
import { hostileJson, readsHostile } from '../../services/hostile.js';

// What a platform keeps beside its lists, read from text that somebody has broken.

/** So that both ways of a reader that does not throw are counted. */
const refuse = () => {
  throw new FormatError('bad-line', 'not read');
};

describe('as JSON', () => {
  const hash = { algorithm: 'pdq', hash: hexOf(1) } as const;
  /** What is no JSON never comes to the reader. */
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return refuse();
    }
  };
  const alsoThrows = [TypeError, RangeError];

  const feedback = { id: '1', to: 'service', entry: '7', body: { hash: hexOf(1), tags: ['a'] } };
  test.each([
    [
      'records of reviews',
      checkedRecord,
      fc.oneof(
        { weight: 9, arbitrary: hostileJson(record('1')) },
        { weight: 1, arbitrary: anyRecord.map((one) => JSON.stringify(one)) },
      ),
    ],
    ['feedback', checkedFeedback, hostileJson(feedback)],
  ])(
    '10,000 hostile %s are accepted or refused, and accepted ones are written the same again',
    async (_, checked: (given: never) => unknown, texts) => {
      await readsHostile(
        texts,
        (text) => {
          const taken = checked(parsed(text) as never);
          expect(checked(JSON.parse(JSON.stringify(taken)) as never)).toEqual(taken);
        },
        { alsoThrows },
      );
    },
  );

  test('10,000 hostile states of a flood guard are accepted or refused', async () => {
    const state: FloodGuardJSON = {
      flooded: [{ ...hash, sinceSeconds: 5 }],
      watched: [
        { algorithm: 'pdq', hash: hexOf(2), uploads: [{ hash: hexOf(3), seenSeconds: 7 }] },
      ],
    };
    await readsHostile(
      hostileJson(state),
      (text) => {
        const guard = createFloodGuard({ state: parsed(text) as never });
        expect(createFloodGuard({ state: guard.toJSON() }).toJSON()).toEqual(guard.toJSON());
      },
      { alsoThrows },
    );
  });

  test('10,000 hostile states of fetches are accepted or refused', async () => {
    const unknown = [{ field: 'hashStatus', word: 'New', count: 3 }];
    const pendingRemovals = {
      removals: 20,
      of: 40,
      sinceSeconds: 5,
      isConfirmed: false,
      keys: 'AA==',
    };
    const state = {
      provenance: 'x',
      checkpoint: { toSeconds: 5 },
      isPartial: true,
      pendingRemovals,
      unknown,
    };
    await readsHostile(
      hostileJson(state),
      (text) => {
        const read = fetchStateFrom(Object(parsed(text)));
        expect(fetchStateFrom(read)).toEqual(read);
      },
      { alsoThrows },
    );
  });

  test('10,000 hostile allow lists are accepted or refused', async () => {
    const list = {
      radius: 3,
      exceptions: [
        { ...hash, reason: 'a flag' },
        { ...hash, entry: { algorithm: 'pdq', hash: hexOf(2) }, reason: 'a flag' },
      ],
    };
    await readsHostile(
      hostileJson(list),
      (text) => {
        const read = createAllowList(parsed(text) as never);
        expect(createAllowList(read.toJSON()).toJSON()).toEqual(read.toJSON());
      },
      { alsoThrows },
    );
  });
});
