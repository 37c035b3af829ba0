import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { hashFromHex } from '../../../src/hash.js';
import { reviewSummary } from '../../../src/review/review-answers.js';
import {
  type NewReviewRecord,
  type ReviewQuery,
  type ReviewRecord,
  reviewTest,
} from '../../../src/review/review-record.js';
import type { ReviewLog } from '../../../src/store/reviews/review-log.js';
import { openStore } from '../../../src/store/sql/open-store.js';
import { Store } from '../../../src/store/store.js';
import { anyRecord } from '../../matching/reviews.js';
import { hexOf } from '../../node/files/fed-services.js';
import { runs } from '../../seed.js';
import { describeEngines } from '../engines.js';
import { databaseOf } from '../opened.js';
import { failing, sharedStore } from '../shared-store.js';

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

afterEach(() => {
  vi.restoreAllMocks();
});

describeEngines((running) => {
  const { store, place } = sharedStore(running);
  /** All columns of all records. */
  const textOf = async () => {
    const rows = await databaseOf(store()).query('select r::text as text from review_record r');
    return rows.map(({ text }) => text).join('\n');
  };
  const idsIn = async (log: ReviewLog) => (await all(log.read())).map(({ id }) => id);
  const logAt = (clock: { time: number }, options: object = {}) =>
    store().reviewLog({ retentionDays: 30, now: () => clock.time, ...options });

  test('records are read in their order, and the errors of each list are counted', async () => {
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
    const { lists, confirmed } = await reviewSummary(log.read());
    expect(lists).toEqual([{ list: 'a', decided: 5, rejected: 1 }]);
    expect(confirmed).toHaveLength(4);
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

  test('a query reads and erases the same records as a naive filter', async () => {
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
      { numRuns: runs(60) },
    );
    const asked = { entry: { id: 'e1' }, from: '2026-11-22' };
    const gone = written.filter(reviewTest(asked));
    expect(gone.length).toBeGreaterThan(1);
    expect(await log.erase(asked)).toEqual({ erased: gone.length });
    expect(await all(log.read())).toEqual(written.filter((one) => !gone.includes(one)));
    await expect(log.erase({})).rejects.toThrow('expected a query');
    await expect(log.erase({ list: undefined } as never)).rejects.toThrow('expected a query');
  });

  test('expired records are not returned, and prune removes them', async () => {
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

  describe('a clock that is wrong', () => {
    /** As after a restart: a store knows only of the time that it has run. */
    const restarted = () => new Store(databaseOf(store()), store().id);

    test('erases nothing by itself, for a moment and over restarts', async () => {
      const clock = { time: START };
      let passed = 0;
      vi.spyOn(performance, 'now').mockImplementation(() => passed);
      const rules = { retentionDays: 180, now: () => clock.time };
      const log = logAt(clock, { retentionDays: 180 });
      for (let at = 0; at < 10; at++) await log.append(record(at));
      const first = restarted();
      expect(await first.pruneReviews(rules)).toEqual({ erased: 0 });
      clock.time += 400 * DAY;
      await log.append(record(10, { id: 'ahead' }));
      expect(await first.pruneReviews(rules)).toEqual({ erased: 0 });
      const again = restarted();
      expect(await again.pruneReviews(rules)).toEqual({ erased: 0 });
      clock.time = START + DAY;
      await log.append(record(11));
      expect(await restarted().pruneReviews(rules)).toEqual({ erased: 0 });
      clock.time += 399 * DAY;
      passed = 181 * DAY;
      expect(await again.pruneReviews(rules)).toEqual({ erased: 11 });
      // By an explicit call, it is taken at its word.
      clock.time += 181 * DAY;
      expect(await log.prune()).toEqual({ erased: 1 });
    });

    test('and was ahead once leaves retention of later records unchanged', async () => {
      const clock = { time: START + 1000 * DAY };
      const log = logAt(clock, { retentionDays: 2 });
      await log.append(record(1, { id: 'ahead' }));
      clock.time = START;
      await log.append(record(2, { id: 'second' }));
      clock.time += 2 * DAY;
      await log.append(record(3, { id: 'third' }));
      clock.time++;
      expect(await log.prune()).toEqual({ erased: 1 });
      expect(await idsIn(log)).toEqual(['ahead', 'third']);
    });

    test('whatever happens, no record is erased early, and all are in the end', async () => {
      const step = fc.oneof(
        { weight: 3, arbitrary: fc.constant('append' as const) },
        fc.record({ jump: fc.integer({ min: -500, max: 500 }) }),
        fc.record({ pass: fc.integer({ min: 0, max: 4 }) }),
        fc.record({ pause: fc.integer({ min: 0, max: 30 }), isRight: fc.boolean() }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
          const retentionDays = 5;
          // True time goes on while the process is off, and its own clock does not.
          let [time, running, off] = [START, 0, 0];
          // Where a process begins with a wrong clock, each jump before may count as a day.
          let [jumps, early] = [0, 0];
          vi.spyOn(performance, 'now').mockImplementation(() => running);
          const rules = { retentionDays, now: () => time + off };
          const log = store().reviewLog(rules);
          await log.erase({ from: '2000-01-01' });
          const written = new Map<string, number>();
          let program = restarted();
          await program.pruneReviews(rules);
          const pass = (days: number) => {
            time += days * DAY;
            running += days * DAY;
          };
          for (const each of steps) {
            if (each === 'append') {
              const id = `r${written.size}`;
              await log.append(record(written.size, { id }));
              // It goes by the time that it has: early, if the clock was behind.
              written.set(id, time + Math.min(0, off));
            } else if ('jump' in each) {
              off = each.jump * DAY;
              jumps++;
            } else if ('pass' in each) pass(each.pass);
            else {
              time += each.pause * DAY;
              if (each.isRight) off = 0;
              if (off !== 0) early = jumps;
              program = restarted();
            }
            await program.pruneReviews(rules);
            const text = await textOf();
            for (const [id, at] of written) {
              if (at > time - (retentionDays - early) * DAY) expect(text).toContain(`,${id},"`);
            }
          }
          off = 0;
          program = restarted();
          await program.pruneReviews(rules);
          // As late as records of a clock that was ahead, or 500 days behind.
          pass(1100 + retentionDays);
          await log.append(record(0, { id: 'last' }));
          await program.pruneReviews(rules);
          expect(await idsIn(log)).toEqual(['last']);
        }),
        { numRuns: runs(50) },
      );
    });
  });

  test('any records are read in the order in which they were appended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { maxLength: 20 }), async (given) => {
        const log = logAt({ time: START }, { keepShieldData: true });
        await log.erase({ from: '2000-01-01' });
        const records = given.map((one, at) => ({ ...one, id: `${at}` }));
        await Promise.all(records.map((one) => log.append(one)));
        expect((await all(log.read())).map(({ time: _, ...one }) => one)).toEqual(records);
      }),
      { numRuns: runs(30) },
    );
  });

  test('unknown members are refused, and nothing is written', async () => {
    const log = logAt({ time: START });
    const bad = { ...record(1), file: 'holiday.jpg' } as NewReviewRecord;
    await expect(log.append(bad)).rejects.toThrow(TypeError);
    expect(await textOf()).toBe('');
  });

  describe('match data of a matcher whose terms forbid keeping it', () => {
    test('is in no column', async () => {
      const log = logAt({ time: START }, { withoutMatchData: ['T', 'theirs'] });
      await log.append(record(1, { list: 'arachnid-shield' }));
      const other = { algorithm: 'pdq', hash: hexOf(9), id: 'e9' } as const;
      await log.append(record(1, { list: 'a', entry: { ...other, source: 'Shield' } }));
      await log.append(record(2, { list: 'b', entry: { ...other, source: 'T' } }));
      await log.append(record(1, { list: 'theirs' }));
      const text = await textOf();
      const ids = ['e1', 'e2', 'e9'].flatMap((id) => [`,${id},`, `"${id}"`]);
      const words = [...ids, '"distance"', 'original'];
      for (const secret of [...[1, 2, 9, 101, 102].map(hexOf), ...words]) {
        expect(text).not.toContain(secret);
      }
      expect(
        (await reviewSummary(log.read())).lists.map(({ list, decided }) => [list, decided]),
      ).toEqual([
        ['a', 1],
        ['arachnid-shield', 1],
        ['b', 1],
        ['theirs', 1],
      ]);
    });

    test('is in no column if a remote list was queried, which names no entry', async () => {
      const { entry, distance, variant, ...told } = record(1, { list: 'shield' });
      await logAt({ time: START }).append({ ...told, reason: 'matched-remote' });
      expect(await textOf()).not.toContain(hexOf(101));
      expect(await textOf()).toContain('matched-remote');
    });

    test('is kept on request', async () => {
      const log = logAt({ time: START }, { keepShieldData: true });
      expect(await log.append(record(1, { list: 'shield' }))).toHaveProperty('hash');
    });
  });

  test('the id of an erased record is free again, and none of its content is left', async () => {
    const log = logAt({ time: START });
    await log.append(record(1, { id: 'a' }));
    await log.append(record(2, { id: 'b' }));
    await log.erase({ id: 'a' });
    expect(await textOf()).not.toContain(hexOf(1));
    expect([await log.timeOf('a'), await log.timeOf('b')]).toEqual([undefined, START]);
    await log.append(record(1, { id: 'a' }));
    expect(await idsIn(log)).toEqual(['b', 'a']);
  });

  test('records appended during an erasure are not lost', async () => {
    const log = logAt({ time: START });
    const work: Promise<unknown>[] = [];
    for (let at = 0; at < 60; at++) {
      work.push(log.append(record(at, { id: `${at}` })));
      if (at % 7 === 3)
        work.push(log.append(record(at)).then(() => log.erase({ id: `${at - 1}` })));
      if (at % 10 === 0) await Promise.all(work.splice(0));
    }
    await Promise.all(work);
    const ids = await idsIn(log);
    const expected = Array.from({ length: 60 }, (_, at) => `${at}`);
    expect(ids.filter((id) => id.length < 3)).toEqual(
      expected.filter((at) => Number(at) % 7 !== 2),
    );
  });

  test('more records than one page or one statement are read whole', async () => {
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

  test('values that a database cannot keep unchanged are refused', async () => {
    const log = logAt({ time: START });
    for (const id of ['a\0b', 'a\ud800']) {
      await expect(log.append(record(1, { id }))).rejects.toThrow(RangeError);
      await expect(log.timeOf(id)).rejects.toThrow(RangeError);
      expect(() => log.read({ list: id })).toThrow(RangeError);
    }
  });
});
