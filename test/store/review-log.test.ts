import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { hashFromHex } from '../../src/hash.js';
import { errorsByList, reportHashes } from '../../src/matching/review-answers.js';
import {
  type NewReviewRecord,
  type ReviewQuery,
  type ReviewRecord,
  reviewTest,
} from '../../src/matching/review-record.js';
import { openStore } from '../../src/store/open-store.js';
import { hexOf } from '../node/fed-services.js';
import { describeEngines } from './engines.js';
import { failing, sharedStore } from './shared-store.js';

const START = Date.parse('2026-11-20T12:00:00Z');
const DAY = 86_400_000;

function record(n: number, more: Partial<NewReviewRecord> = {}): NewReviewRecord {
  return {
    hash: { algorithm: 'pdq', hash: hexOf(100 + n) },
    entry: { algorithm: 'pdq', hash: hexOf(n), id: `e${n}`, source: 'S' },
    distance: 3,
    variant: 'original',
    policy: { matchDistance: 31, reviewDistance: 60, minQuality: 50 },
    verdict: 'match',
    reason: 'within-match-distance',
    outcome: 'confirmed',
    role: 'moderator',
    ...more,
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describeEngines((running) => {
  const { store, place } = sharedStore(running);
  const logAt = (clock: { time: number }, options: object = {}) =>
    store().reviewLog({ retentionDays: 30, now: () => clock.time, ...options });

  test('records come back in their order, and answer what a folder’s answer', async () => {
    const clock = { time: START };
    const log = logAt(clock);
    const written: ReviewRecord[] = [];
    for (let n = 0; n < 5; n++) {
      clock.time++;
      const outcome = n === 4 ? 'rejected' : 'confirmed';
      written.push(await log.append(record(n, { list: 'a', outcome })));
    }
    expect(await all(log.read())).toEqual(written);
    expect(await log.timeOf(written[2]!.id)).toBe(START + 3);
    expect(await log.timeOf('other')).toBe(undefined);
    expect(await errorsByList(log.read())).toEqual([{ list: 'a', decided: 5, rejected: 1 }]);
    expect(await reportHashes(log.read(), 'nca')).toHaveLength(4);
  });

  test('an id is written once, by whichever process, and keeps its first time', async () => {
    const clock = { time: START };
    const log = logAt(clock);
    const other = running.engine === 'postgresql' ? await openStore(place()) : store();
    const second = other.reviewLog({ retentionDays: 30, now: () => clock.time + 5 });
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, at) =>
        (at % 2 ? log : second).append(record(at, { id: `r${at % 10}` })),
      ),
    );
    const kept = await all(log.read());
    expect(kept).toHaveLength(10);
    for (const { id, time } of results) {
      expect(time).toBe(kept.find((one) => one.id === id)!.time);
    }
    if (other !== store()) await other.close();
  });

  test('what a query means, it reads and erases, as the naive test says', async () => {
    const clock = { time: START };
    const log = logAt(clock);
    const ids = Array.from({ length: 40 }, (_, at) => at);
    const written: ReviewRecord[] = [];
    for (const at of ids) {
      clock.time += DAY / 7;
      const source = at % 3 === 0 ? 'S' : 'T';
      const entry = { algorithm: 'pdq', hash: hexOf(at % 4), id: `e${at % 5}`, source } as const;
      const isBare = at % 6 === 0;
      const { entry: _, distance: __, ...bare } = record(at);
      const list = at % 2 ? { list: 'a' } : {};
      written.push(await log.append({ ...(isBare ? bare : record(at, { entry })), ...list }));
    }
    const day = fc.constantFrom('2026-11-21', '2026-11-24', '2026-11-25T00:00:00.000Z');
    const query = fc.record<ReviewQuery>(
      {
        id: fc.constantFrom(...written.slice(0, 3).map(({ id }) => id)),
        list: fc.constantFrom('a', 'b'),
        entry: fc.constantFrom(
          { id: 'e1' },
          { id: 'e2', source: 'S' },
          hashFromHex('pdq', hexOf(2)),
          hashFromHex('phash', hexOf(2)),
        ),
        from: day,
        before: day,
      } as never,
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(query, async (asked) => {
        expect(await all(log.read(asked))).toEqual(written.filter(reviewTest(asked)));
      }),
      { seed: 5, numRuns: 60 },
    );
    const asked = { entry: { id: 'e1' }, from: '2026-11-22' };
    const gone = written.filter(reviewTest(asked));
    expect(gone.length).toBeGreaterThan(1);
    expect(await log.erase(asked)).toEqual({ erased: gone.length });
    expect(await all(log.read())).toEqual(written.filter((one) => !gone.includes(one)));
    await expect(log.erase({})).rejects.toThrow('expected a query');
    await expect(log.erase({ list: undefined } as never)).rejects.toThrow('expected a query');
  });

  test('what is over is not given, and prune removes it', async () => {
    const clock = { time: START };
    const log = logAt(clock, { retentionDays: 2 });
    await log.append(record(1));
    clock.time += DAY;
    const later = await log.append(record(2));
    clock.time += DAY + 1;
    expect(await all(log.read())).toEqual([later]);
    expect(await log.prune()).toEqual({ erased: 1 });
    expect(await all(logAt(clock).read())).toEqual([later]);
  });

  test('a clock that is wrong erases nothing by itself, also if it wrote a record', async () => {
    const clock = { time: START };
    const log = logAt(clock, { retentionDays: 180 });
    for (let at = 0; at < 10; at++) await log.append(record(at));
    clock.time += 400 * DAY;
    await log.append(record(10));
    let passed = 0;
    const spy = vi.spyOn(performance, 'now').mockImplementation(() => passed);
    try {
      const prune = () => store().pruneReviews({ retentionDays: 180, now: () => clock.time });
      expect(await prune()).toEqual({ erased: 0 });
      passed = 181 * DAY;
      expect(await prune()).toEqual({ erased: 10 });
    } finally {
      spy.mockRestore();
    }
  });

  test('a list whose match data must not be kept has none, in any column', async () => {
    const log = logAt({ time: START }, { withoutMatchData: ['T'] });
    await log.append(record(1, { id: 'a', list: 'shield-ca' }));
    await log.append(record(2, { id: 'b', entry: { ...record(2).entry!, source: 'T' } }));
    for (const kept of await all(log.read())) {
      expect(kept.entry ?? kept.hash ?? kept.distance).toBe(undefined);
    }
    for (const n of [1, 2]) {
      const hash = hashFromHex('pdq', hexOf(n));
      expect(await all(log.read({ entry: hash }))).toEqual([]);
    }
  });

  test('more records than one page or one statement come back whole', async () => {
    const log = logAt({ time: START });
    await Promise.all(Array.from({ length: 1203 }, (_, at) => log.append(record(at))));
    expect(await all(log.read())).toHaveLength(1203);
  });

  describe('a statement that fails', () => {
    test.each([0, 1, 2])(
      'after %i others leaves nothing, and the next append works',
      async (skip) => {
        const log = logAt({ time: START });
        const heal = failing(store(), skip);
        const ended = await Promise.allSettled([log.append(record(1)), log.append(record(2))]);
        heal();
        expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
        expect(await all(log.read())).toEqual([]);
        await log.append(record(3));
        expect(await all(log.read())).toHaveLength(1);
      },
    );
  });

  test('what a database cannot keep as it is, is refused', async () => {
    const log = logAt({ time: START });
    for (const id of ['a\0b', 'a\ud800']) {
      await expect(log.append(record(1, { id }))).rejects.toThrow(RangeError);
      await expect(log.timeOf(id)).rejects.toThrow(RangeError);
      expect(() => log.read({ list: id })).toThrow(RangeError);
    }
  });
});
