import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashToHex, hexOf } from '../../../src/hash.js';
import { type Place, uuidOfCase } from '../../../src/services/stop-ncii/serve.js';
import { weekOf } from '../../../src/store/cases/reports.js';
import { describeEngines } from '../engines.js';
import { databaseOf } from '../opened.js';
import { sharedStore } from '../shared-store.js';
import { hashOf, personWith } from './filed-bundles.js';

const WEEK = 7 * 86_400_000;

test('a week begins on Monday, in UTC', () => {
  expect(weekOf(Date.parse('2026-11-29T23:59:59Z'))).toBe('2026-11-23');
  expect(weekOf(Date.parse('2026-11-30T00:00:00Z'))).toBe('2026-11-30');
  expect(weekOf(0)).toBe('1969-12-29');
});

describeEngines((running) => {
  const { store } = sharedStore(running);
  let now = Date.parse('2026-11-26T15:00:00Z');
  let lists = 0;
  const newCases = () =>
    store().cases({ list: `cases-${lists++}`, caseDays: 30, now: () => now }, undefined);
  type List = ReturnType<typeof newCases>;

  async function confirmed(cases: List, ...seeds: number[]) {
    const her = await personWith(...seeds);
    await cases.file(her.bundle);
    const [{ number, times } = { number: 0, times: 0 }] = await cases.find(her.case);
    expect(await cases.confirm({ number, times }, 'call', 'anna')).toBe('done');
    return her;
  }

  /** Reads from a time to the end, in pages of two, with `between` after each. */
  async function readAll(
    cases: List,
    start: number,
    into: Map<string, string>,
    between: () => Promise<void> = async () => {},
  ): Promise<number> {
    let after: Place | undefined;
    let open: number | undefined;
    do {
      const page = await cases.feed().changed(start, after, 2);
      open ??= page!.openSeconds;
      for (const { hashValue: hex, caseNumbers, feedbacks } of page!.records) {
        const of = caseNumbers.map(({ id, status }) => `${id}:${status}`).sort();
        into.set(hex, JSON.stringify([of, feedbacks]));
      }
      after = page!.next;
      await between();
    } while (after);
    return open!;
  }

  /** Lets ten minutes pass between the changes until now and a new one. */
  async function aMoment() {
    await databaseOf(store()).query("update change set at = at - interval '10 minutes'");
    await store().apply({ settings: { other: { trust: 'shared' } } });
    await store().apply({ settings: { other: null } });
  }

  test('a hash of two cases is listed while one of them is', async () => {
    const cases = newCases();
    const [her, them] = [await confirmed(cases, 1, 2), await confirmed(cases, 2)];
    await cases.withdraw(her.case);
    const page = await cases.feed().changed(0, undefined, 100);
    const statuses = Object.fromEntries(
      page!.records.map(({ hashValue, caseNumbers }) => [hashValue, caseNumbers]),
    );
    expect(statuses).toEqual({
      [hashToHex(hashOf(1))]: [{ id: uuidOfCase(her.case), status: 'Withdrawn' }],
      [hashToHex(hashOf(2))]: [
        { id: uuidOfCase(her.case), status: 'Withdrawn' },
        { id: uuidOfCase(them.case), status: 'Active' },
      ],
    });
    expect(page!.next).toBe(undefined);
    expect(await cases.feed().counts()).toEqual([{ algorithm: 'pdq', count: 1 }]);
  });

  test('a reader misses nothing, whatever changes between its pages', async () => {
    const step = fc.tuple(fc.constantFrom('confirm', 'withdraw', 'report'), fc.nat(5));
    let seed = 100;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        const cases = newCases();
        const first = seed;
        seed += 6;
        const people: string[] = [];
        const changes = steps.map(([what, at]) => async () => {
          if (what === 'confirm') {
            people.push((await confirmed(cases, first + at, first + ((at + 1) % 6))).case);
          } else if (what === 'withdraw') {
            const id = people[at % Math.max(1, people.length)];
            if (id !== undefined) await cases.withdraw(id);
          } else {
            const hashValue = hashToHex(hashOf(first + at));
            const feedbackValue = at % 2 === 0 ? 'Blocked' : 'NotBlocked';
            await cases.feed().report(`p${at}`, [{ hashValue, feedbackValue, tags: [] }]);
          }
        });
        const known = new Map<string, string>();
        for (const change of changes.splice(0, 3)) await change();
        let checkpoint = 0;
        const read = async (between?: () => Promise<void>) => {
          checkpoint = Math.max(checkpoint, await readAll(cases, checkpoint, known, between));
        };
        while (changes.length > 0) {
          await read(async () => await changes.shift()?.());
          await changes.shift()?.();
          await read();
          await aMoment();
          await read();
        }
        const all = new Map<string, string>();
        await readAll(cases, 0, all);
        expect(known).toEqual(all);
      }),
      { numRuns: 12 },
    );
  });

  test('reports count in fives, from the week after, and one upload counts once', async () => {
    now = Date.parse('2026-11-26T15:00:00Z');
    const cases = newCases();
    const her = await confirmed(cases, 300, 301);
    const told = async () => (await cases.stateOf(her.case, her.proof))!.reports;
    const blocked = [300, 301].map((seed) => ({
      ...{ hashValue: hashToHex(hashOf(seed)), feedbackValue: 'Blocked', tags: ['nude'] },
    }));
    // One upload, of which both hashes matched.
    for (let upload = 0; upload < 5; upload++) {
      expect(await cases.feed().report('A', blocked)).toBe(2);
    }
    for (let upload = 0; upload < 4; upload++) await cases.feed().report('B', blocked);
    expect(await told()).toEqual([]);
    now += WEEK;
    expect(await told()).toEqual([{ platform: 'A', atLeast: 5 }]);
    for (let upload = 0; upload < 7; upload++) await cases.feed().report('A', blocked);
    await cases.feed().report('B', blocked);
    expect(await told()).toEqual([{ platform: 'A', atLeast: 5 }]);
    now += WEEK;
    expect(await told()).toEqual([
      { platform: 'A', atLeast: 10 },
      { platform: 'B', atLeast: 5 },
    ]);
    const page = await cases.feed().changed(0, undefined, 100);
    expect(page!.records[0]!.feedbacks).toEqual(
      ['A', 'B'].map((source) => ({ source, feedbackValue: 'Blocked', tags: ['nude'] })),
    );
  });

  test('reports of hashes that are not on the list are ignored', async () => {
    const cases = newCases();
    await confirmed(cases, 400);
    const before = await store().revision();
    const report = { hashValue: 'ab'.repeat(32), feedbackValue: 'Blocked', tags: [] };
    expect(await cases.feed().report('A', [report])).toBe(0);
    expect(await cases.feed().report('A', [])).toBe(0);
    expect(await store().revision()).toBe(before);
  });

  test('a purge erases the reports of hashes that are gone', async () => {
    const cases = newCases();
    const her = await confirmed(cases, 500, 501);
    const reports = [500, 501].map((seed) => ({
      ...{ hashValue: hashToHex(hashOf(seed)), feedbackValue: 'Blocked', tags: [] },
    }));
    await cases.feed().report('A', reports);
    const them = await confirmed(cases, 501);
    await cases.withdraw(her.case);
    const left = async () =>
      await databaseOf(store()).query<{ hash: Uint8Array }>(
        'select hash from platform_report where hash = any($1::bytea[])',
        [reports.map(({ hashValue }) => Buffer.from(hashValue, 'hex'))],
      );
    expect(await left()).toHaveLength(2);
    await store().purge(new Date('2100-01-01'));
    expect((await left()).map(({ hash }) => hexOf(hash))).toEqual([hashToHex(hashOf(501))]);
    await cases.withdraw(them.case);
    await store().purge(new Date('2100-01-01'));
    expect(await left()).toEqual([]);
  });

  test('reports do not keep the hashes of a case that was taken back from the purge', async () => {
    const cases = newCases();
    const her = await confirmed(cases, 600);
    await cases.withdraw(her.case);
    const revision = await store().revision();
    const hash = hashToHex(hashOf(600));
    const rows = async () =>
      await databaseOf(store()).query<{ revision: number }>(
        'select revision from entry where hash = $1',
        [Buffer.from(hash, 'hex')],
      );
    await cases.feed().report('A', [{ hashValue: hash, feedbackValue: 'Blocked', tags: [] }]);
    expect(await rows()).toEqual([{ revision }]);
  });

  test('a reader misses nothing when the clock of the database is set back', async () => {
    const cases = newCases();
    const her = await confirmed(cases, 700);
    const known = new Map<string, string>();
    const checkpoint = await readAll(cases, 0, known);
    await cases.withdraw(her.case);
    await databaseOf(store()).query(
      "update change set at = at - interval '1 hour' where revision = $1",
      [await store().revision()],
    );
    await readAll(cases, checkpoint, known);
    expect(known.get(hashToHex(hashOf(700)))).toContain('Withdrawn');
  });

  test('a foreign place gives nothing', async () => {
    const feed = newCases().feed();
    for (const key of ['', 'x', '1', '1-', '-1-1', '1-1; drop table entry', '9'.repeat(40)]) {
      expect(await feed.changed(0, [0, key], 2)).toBe(undefined);
    }
  });
});
