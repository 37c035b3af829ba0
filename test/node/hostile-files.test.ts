import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../src/errors.js';
import { allowListFromJSON } from '../../src/matching/allow-list.js';
import { createFloodGuard, type FloodGuardJSON } from '../../src/matching/flood-guard.js';
import type { ReviewRecord } from '../../src/matching/review-record.js';
import { openFeedbackQueue } from '../../src/node/feedback-queue.js';
import { lineIn } from '../../src/node/feedback-store.js';
import { readFetchStates } from '../../src/node/fetch-states.js';
import { readReviewLog, recordIn } from '../../src/node/review-files.js';
import { HOSTILE_INPUTS, HOSTILE_TIMEOUT, hostileJson, readsHostile } from '../exchange/hostile.js';
import { testFolder } from '../folder.js';
import { anyRecord, hexOf, record } from '../matching/reviews.js';

// What a platform keeps beside its lists, read from files that somebody has broken.

const folder = testFolder();

/** So that both ways of a reader that does not throw are counted. */
const refuse = () => {
  throw new FormatError('bad-line', 'not read');
};

describe('a review log', () => {
  const lines = fc.oneof(
    { weight: 9, arbitrary: hostileJson(record('1')) },
    { weight: 1, arbitrary: anyRecord.map((one) => JSON.stringify({ ...record('2'), ...one })) },
  );

  test(
    '10,000 hostile lines are read or refused, and what is read is written the same',
    async () => {
      await readsHostile(lines, (line) => {
        const read = recordIn(line);
        if (read === undefined) return refuse();
        expect(recordIn(JSON.stringify(read))).toEqual(read);
      });
    },
    HOSTILE_TIMEOUT,
  );

  test(
    'of 10,000 hostile lines in files, each is a record or told with its number',
    async () => {
      const count = 1000;
      const good = JSON.stringify(record('last'));
      for (let seed = 0; seed < HOSTILE_INPUTS / count; seed++) {
        const texts = fc.sample(lines, { numRuns: count, seed });
        const all = [...texts.join('\n').split('\n'), good];
        writeFileSync(join(folder, '2026-11-26.0.jsonl'), `${all.join('\n')}\n${good.slice(9)}`);
        const told: (number | undefined)[] = [];
        const onProblem = ({ line, message }: FormatError) => {
          expect(message).toBe('expected a record in a review log');
          told.push(line);
        };
        const records: ReviewRecord[] = [];
        for await (const one of readReviewLog(folder, {}, { onProblem })) records.push(one);
        expect(records.length + told.length).toBe(all.length);
        expect(records.at(-1)).toEqual(record('last'));
        for (const at of told) expect(recordIn(all[at! - 1]!)).toBeUndefined();
      }
    },
    HOSTILE_TIMEOUT,
  );
});

describe('a feedback queue', () => {
  const put = { id: '1', to: 'service', entry: '7', body: { hash: hexOf(1), tags: ['a'] } };
  const lines = fc.oneof(
    hostileJson({ put, due: 5 }),
    hostileJson({ id: '1', state: 'unknown', attempts: 2, due: 5 }),
  );

  test(
    '10,000 hostile lines are read or refused, and what is read is written the same',
    async () => {
      await readsHostile(lines, (line) => {
        const read = lineIn(line);
        if (read === undefined) return refuse();
        expect(lineIn(JSON.stringify(read))).toEqual(read);
      });
    },
    HOSTILE_TIMEOUT,
  );

  test('a file with a hostile line is opened with all before it, or refused', async () => {
    const path = join(folder, 'feedback.jsonl');
    const senders = { service: { send: async () => 'retry' as const, idempotent: true } };
    let opened = 0;
    for (const line of fc.sample(lines, { numRuns: 300, seed: 1 })) {
      writeFileSync(path, `${JSON.stringify({ put, due: 5 })}\n${line}\n`);
      try {
        const queue = await openFeedbackQueue(folder, { senders, now: () => 1 });
        await queue.close();
        opened++;
      } catch (error) {
        // A name without a sender is the caller's mistake.
        if (error instanceof RangeError) {
          expect(error.message).toMatch(/^expected a sender for each name/);
          continue;
        }
        expect(error).toBeInstanceOf(FormatError);
        expect(error).toMatchObject({ code: 'bad-line', line: expect.any(Number) });
      }
    }
    expect(opened).toBeGreaterThan(20);
  }, 60_000);
});

test(
  '10,000 hostile states of fetches are read or refused',
  async () => {
    const path = join(folder, 'fetched.json');
    const unknown = [{ field: 'hashStatus', word: 'New', count: 3 }];
    const list = { name: 'a', origin: 'x', checkpoint: { toSeconds: 5 }, unknown };
    const states = { version: 1, generation: 7, lists: [{ ...list, isPartial: true }, list] };
    await readsHostile(hostileJson(states), async (text) => {
      writeFileSync(path, text);
      const read = await readFetchStates(path);
      for (const [name, { origin }] of read!.lists) expect(typeof (name + origin)).toBe('string');
    });
  },
  HOSTILE_TIMEOUT,
);

describe('saved as JSON', () => {
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

  test(
    '10,000 hostile states of a flood guard are taken or refused',
    async () => {
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
    },
    HOSTILE_TIMEOUT,
  );

  test(
    '10,000 hostile allow lists are taken or refused',
    async () => {
      const list = {
        radius: 3,
        allowances: [
          { ...hash, reason: 'a flag' },
          { ...hash, entry: { algorithm: 'pdq', hash: hexOf(2) }, reason: 'a flag' },
        ],
      };
      await readsHostile(
        hostileJson(list),
        (text) => {
          const read = allowListFromJSON(parsed(text) as never);
          expect(allowListFromJSON(read.toJSON()).toJSON()).toEqual(read.toJSON());
        },
        { alsoThrows },
      );
    },
    HOSTILE_TIMEOUT,
  );
});
