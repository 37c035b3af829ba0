import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkListName } from '../../../src/entry.js';
import { hashFromHex, hashToHex, hexOf } from '../../../src/hash.js';
import { createBundle, readBundle } from '../../../src/index.js';
import { Cases, type CasesOptions } from '../../../src/store/cases/cases.js';
import { contentsOf } from '../../../src/store/cases/filed-case.js';
import { Sealer } from '../../../src/store/sealer.js';
import type { Store } from '../../../src/store/store.js';
import { Breaking, Broken } from '../breaking.js';
import { describeEngines } from '../engines.js';
import { databaseOf } from '../opened.js';
import { sharedStore } from '../shared-store.js';
import { WatchedDatabase } from '../watched-database.js';
import { hashOf, personWith } from './filed-bundles.js';

const KEY = new Uint8Array(32).fill(7);
const LIST = 'cases';
const DAY = 86_400_000;

describeEngines((running) => {
  const { store } = sharedStore(running);
  let now = Date.parse('2026-11-26T15:00:00Z');
  const casesOf = (options: Partial<CasesOptions> = {}, on: Store = store()) =>
    on.cases({ list: LIST, caseDays: 30, now: () => now, ...options }, KEY);
  const listed = async (id: string) => await store().find({ id, limit: 1000 });

  /** The number and the changes of the case of a person. */
  async function seen(id: string) {
    const [one] = await casesOf().find(id);
    return { number: one!.number, times: one!.times };
  }

  test('a case is received, confirmed and listed, and its person can ask at each step', async () => {
    const cases = casesOf();
    const her = await personWith(1, 2);
    const receipt = await cases.file(her.bundle);
    expect(receipt).toEqual({ case: her.case, day: '2026-11-26', hashes: 2, digests: 0 });
    expect(await cases.stateOf(her.case, her.proof)).toEqual({ ...receipt, state: 'received' });
    expect(await listed(her.case)).toEqual([]);
    expect(await cases.hold(await seen(her.case))).toBe('done');
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({ state: 'looked-at' });
    expect(await cases.confirm(await seen(her.case), 'call', 'anna')).toBe('done');
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({
      state: 'listed',
      listing: { of: 2, listed: 2, left: [] },
      reports: [],
      reportsUntil: '2026-11-23',
    });
    const entries = await listed(her.case);
    expect(entries.map(({ list, source, hash }) => [list, source, hashToHex(hash)]).sort()).toEqual(
      [1, 2].map((seed) => [LIST, 'bundle', hashToHex(hashOf(seed))]).sort(),
    );
    // The hashes are now on the list alone.
    const one = await cases.get((await seen(her.case)).number);
    expect(one?.bundle).toBe(undefined);
  });

  test('the same bundle twice is one case; other contents under its number are not taken', async () => {
    const cases = casesOf();
    const her = await personWith(3);
    const receipt = await cases.file(her.bundle);
    const { hashes } = her.bundle;
    expect(await cases.file({ ...her.bundle, hashes: [...hashes].reverse() })).toEqual(receipt);
    const { bundle: theirs } = await personWith(4);
    expect(await cases.file({ ...her.bundle, hashes: theirs.hashes })).toBe(undefined);
    expect(await cases.find(her.case)).toHaveLength(1);
    const one = await cases.get((await seen(her.case)).number);
    expect(one?.bundle?.hashes).toEqual(hashes);
  });

  test('who sends something under the number of another makes a case that she does not see', async () => {
    const cases = casesOf();
    const [her, them] = [await personWith(5), await personWith(6, 7)];
    await cases.file({ ...them.bundle, case: her.case });
    await cases.file(her.bundle);
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({ hashes: 1 });
    expect(await cases.find(her.case.slice(0, 8))).toHaveLength(2);
    // Her code takes both back.
    expect(await cases.withdraw(her.case)).toBe(true);
    expect((await cases.find(her.case)).map(({ outcome }) => outcome)).toEqual([
      'withdrawn',
      'withdrawn',
    ]);
  });

  test('an unknown case and a wrong proof cost the same query and give nothing', async () => {
    const watched = new WatchedDatabase(databaseOf(store()));
    const cases = new Cases(watched, new Sealer(store().id, KEY), { list: LIST, caseDays: 3 });
    const [her, them] = [await personWith(8), await personWith(9)];
    await cases.file(her.bundle);
    const queries: string[][] = [];
    for (const [id, proof] of [
      [her.case, them.proof],
      [them.case, them.proof],
      [them.case, her.proof],
    ] as const) {
      const texts: string[] = [];
      watched.before = (text) => void texts.push(text);
      expect(await cases.stateOf(id, proof)).toBe(undefined);
      queries.push(texts);
    }
    expect(queries[0]).toHaveLength(1);
    expect(queries[1]).toEqual(queries[0]);
    expect(queries[2]).toEqual(queries[0]);
  });

  test('a case that was taken back is gone at once and stays gone', async () => {
    const cases = casesOf();
    const [her, them] = [await personWith(10, 11), await personWith(11)];
    for (const one of [her, them]) {
      await cases.file(one.bundle);
      await cases.confirm(await seen(one.case), 'mail', 'anna');
    }
    const follower = await store().follow();
    expect(await cases.withdraw(her.case)).toBe(true);
    expect(await listed(her.case)).toEqual([]);
    // The same picture stays listed by the other case.
    expect(await listed(them.case)).toHaveLength(1);
    await follower.close();
    expect(await cases.stateOf(her.case, her.proof)).toEqual({
      ...{ case: her.case, day: '2026-11-26', hashes: 2, digests: 0 },
      state: 'withdrawn',
    });
    // Sent again, it gets a receipt and nothing else.
    expect(await cases.file(her.bundle)).toMatchObject({ case: her.case });
    expect(await cases.confirm(await seen(her.case), 'call', 'anna')).toBe('changed-before');
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({ state: 'withdrawn' });
    const again = { hash: hashOf(10), labels: [], list: LIST, source: 'bundle', id: her.case };
    await store().apply({ add: [again] });
    expect(await listed(her.case)).toEqual([]);
    expect(await cases.withdraw(her.case)).toBe(true);
    expect(await cases.withdraw('0'.repeat(32))).toBe(false);
  });

  test('something sent under a number that was taken back never waits for the desk', async () => {
    const cases = casesOf();
    const her = await personWith(12);
    await cases.file(her.bundle);
    await cases.withdraw(her.case);
    await cases.file({ ...her.bundle, state: 'ab'.repeat(32) });
    const found = await cases.find(her.case);
    expect(found.map(({ outcome }) => outcome)).toEqual(['withdrawn', 'withdrawn']);
  });

  test('two people must confirm where two are asked for', async () => {
    const cases = casesOf({ confirmations: 2 });
    const her = await personWith(13);
    await cases.file(her.bundle);
    const first = await seen(her.case);
    expect(await cases.confirm(first, 'call', 'anna')).toBe('waits');
    expect(await listed(her.case)).toEqual([]);
    expect(await cases.confirm(first, 'call', 'bela')).toBe('changed-before');
    expect(await cases.confirm(await seen(her.case), 'call', 'anna')).toBe('same-person');
    expect(await cases.confirm(await seen(her.case), 'in-person', 'bela')).toBe('done');
    expect(await listed(her.case)).toHaveLength(1);
  });

  test('a refused case tells its reason, and loses hashes and notes', async () => {
    const cases = casesOf();
    const her = await personWith(14);
    await cases.file(her.bundle);
    expect(await cases.note(await seen(her.case), 'call back on Monday')).toBe('done');
    const { number } = await seen(her.case);
    expect((await cases.get(number))?.notes).toBe('call back on Monday');
    for (const other of [undefined, new Uint8Array(32).fill(8)]) {
      const elsewhere = await store().cases({ list: LIST, caseDays: 30 }, other).get(number);
      expect([elsewhere?.notes, elsewhere?.hasLockedNotes]).toEqual([undefined, true]);
    }
    const [row] = await databaseOf(store()).query<{ text: string }>(
      "select encode(notes, 'escape') as text from filed_case where number = $1",
      [number],
    );
    expect(row!.text).not.toContain('Monday');
    expect(await cases.refuse(await seen(her.case), 'We could not reach you.')).toBe('done');
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({
      state: 'refused',
      reason: 'We could not reach you.',
    });
    const rows = await databaseOf(store()).query(
      'select bundle, notes from filed_case where number = $1',
      [number],
    );
    expect(rows).toEqual([{ bundle: null, notes: null }]);
  });

  test.each(['waiting', 'listed', 'refused', 'withdrawn', 'dropped'] as const)(
    'who has only the file learns nothing of a case that is %s from an altered one',
    async (state) => {
      const cases = casesOf();
      const [her, them] = [await personWith(60), await personWith(61)];
      const receipt = await cases.file(her.bundle);
      if (state === 'listed') await cases.confirm(await seen(her.case), 'call', 'anna');
      if (state === 'refused') await cases.refuse(await seen(her.case), 'No.');
      if (state === 'withdrawn') await cases.withdraw(her.case);
      if (state === 'dropped') {
        now += 31 * DAY;
        await cases.prune();
        now -= 31 * DAY;
      }
      const altered = { ...her.bundle, hashes: them.bundle.hashes };
      expect(await cases.file(altered)).toBe(undefined);
      expect(await cases.file(her.bundle)).toEqual(receipt);
    },
  );

  test('a file under a number that was taken back cannot be altered either', async () => {
    const cases = casesOf();
    const [her, them] = [await personWith(62), await personWith(63)];
    await cases.file(her.bundle);
    await cases.withdraw(her.case);
    const forged = { ...her.bundle, state: 'cd'.repeat(32) };
    expect(await cases.file(forged)).toMatchObject({ hashes: 1 });
    expect(await cases.file({ ...forged, hashes: them.bundle.hashes })).toBe(undefined);
  });

  test('a thief of a tombstone cannot test pictures against its digest', async () => {
    const cases = casesOf();
    const her = await personWith(64);
    await cases.file(her.bundle);
    await cases.refuse(await seen(her.case), 'No.');
    const [row] = await databaseOf(store()).query<{ all: string; contents: Uint8Array }>(
      `select filed_case::text as all, contents from filed_case
      where case_number = decode($1, 'hex')`,
      [her.case],
    );
    // The digest is over `state` too, which a tombstone does not have.
    const kept = hexOf(row!.contents);
    expect(hexOf(contentsOf(her.bundle))).toBe(kept);
    expect(hexOf(contentsOf({ ...her.bundle, state: 'ef'.repeat(32) }))).not.toBe(kept);
    expect(row!.all).not.toContain(her.bundle.state);
  });

  test('the name that notes are sealed under is the name of no list', async () => {
    const her = await personWith(65);
    await casesOf().file(her.bundle);
    const { number, times } = await seen(her.case);
    await casesOf().note({ number, times }, 'call back');
    const [row] = await databaseOf(store()).query<{ notes: Uint8Array }>(
      'select notes from filed_case where number = $1',
      [number],
    );
    const sealer = new Sealer(store().id, KEY);
    const name = `case ${`${number}`.padStart(200, '0')}`;
    expect(() => sealer.open(`case ${number}`, row!.notes)).toThrow('expected the key');
    expect(() => checkListName(name)).toThrow(RangeError);
    expect(sealer.open(name, row!.notes)).toBe('call back');
  });

  test('a case that nobody confirms in time is dropped, and can be sent again', async () => {
    const cases = casesOf();
    const her = await personWith(15);
    await cases.file(her.bundle);
    now += 30 * DAY;
    await cases.prune();
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({ state: 'received' });
    now += DAY;
    expect(await cases.prune()).toBeGreaterThan(0);
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({ state: 'dropped' });
    expect(await cases.confirm(await seen(her.case), 'call', 'anna')).toBe('changed-before');
    expect(await cases.file(her.bundle)).toMatchObject({ day: '2026-12-27' });
    expect(await cases.stateOf(her.case, her.proof)).toMatchObject({ state: 'received' });
    expect(await cases.confirm(await seen(her.case), 'call', 'anna')).toBe('done');
    expect(await listed(her.case)).toHaveLength(1);
    now = Date.parse('2026-11-26T15:00:00Z');
  });

  test('what cannot be listed is told by its reason', async () => {
    const cases = casesOf();
    const plain = { hash: hashFromHex('pdq', '00'.repeat(32)), quality: 0, variants: [] };
    const taken = { hash: hashOf(17), variants: [] };
    const { bundle } = await createBundle([{ hash: hashOf(16), variants: [] }, plain, taken], {
      digests: [{ algorithm: 'sha256', digest: 'cd'.repeat(32) }],
    });
    const read = readBundle(bundle.text);
    const unknown = [{ algorithm: 'photodna', hash: 'ab'.repeat(64), variant: 'original' }];
    await store().apply({ withdraw: [hashOf(17)] });
    await cases.file({ ...read, unknown });
    await cases.confirm(await seen(bundle.case), 'call', 'anna');
    const [one] = await cases.find(bundle.case);
    expect(one!.listing).toEqual({
      of: 5,
      listed: 2,
      left: [
        { why: 'unknown-algorithm', count: 1 },
        { why: 'too-plain', count: 1 },
        { why: 'withdrawn', count: 1 },
      ],
    });
  });

  test.each(['confirm', 'withdraw', 'refuse'] as const)(
    'a database that is lost at any statement of "%s" has made it whole or not at all',
    async (what) => {
      const breaking = new Breaking(databaseOf(store()));
      const cases = new Cases(breaking, new Sealer(store().id, KEY), { list: LIST, caseDays: 3 });
      const her = await personWith(100 + what.length, 200 + what.length);
      await cases.file(her.bundle);
      if (what === 'withdraw') await cases.confirm(await seen(her.case), 'call', 'anna');
      const run = async () => {
        if (what === 'confirm') return await cases.confirm(await seen(her.case), 'call', 'anna');
        if (what === 'refuse') return await cases.refuse(await seen(her.case), 'No.');
        return await cases.withdraw(her.case);
      };
      const before = [await cases.find(her.case), await listed(her.case)];
      let broken = 0;
      for (; ; broken++) {
        breaking.failsFrom = broken;
        const done = await run().then(
          () => true,
          (error) => {
            expect(error).toBeInstanceOf(Broken);
            return false;
          },
        );
        breaking.failsFrom = undefined;
        if (done) break;
        expect([await cases.find(her.case), await listed(her.case)]).toEqual(before);
      }
      expect(broken).toBeGreaterThan(3);
      const outcome = { confirm: 'listed', withdraw: 'withdrawn', refuse: 'refused' }[what];
      expect(await cases.find(her.case)).toMatchObject([{ outcome }]);
      expect(await listed(her.case)).toHaveLength(what === 'confirm' ? 2 : 0);
    },
  );

  test('whatever people do, only confirmed cases are listed, and none that was taken back', async () => {
    const step = fc.record({
      who: fc.nat(2),
      what: fc.constantFrom('file', 'hold', 'confirm', 'refuse', 'withdraw', 'late'),
      stale: fc.boolean(),
    });
    let seed = 1000;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const cases = casesOf();
        const people = await Promise.all([0, 1, 2].map(() => personWith(seed++)));
        const model = people.map(() => 'none');
        for (const { who, what, stale } of steps) {
          const { bundle, case: id } = people[who]!;
          const isOpen = ['received', 'looked-at'].includes(model[who]!);
          if (what === 'file') {
            await cases.file(bundle);
            if (['none', 'dropped'].includes(model[who]!)) model[who] = 'received';
            continue;
          }
          if (what === 'withdraw') {
            expect(await cases.withdraw(id)).toBe(model[who] !== 'none');
            if (model[who] !== 'none') model[who] = 'withdrawn';
            continue;
          }
          if (what === 'late') {
            now += 31 * DAY;
            await cases.prune();
            now -= 31 * DAY;
            for (const [at, one] of model.entries()) {
              if (['received', 'looked-at'].includes(one)) model[at] = 'dropped';
            }
            continue;
          }
          if (model[who] === 'none') continue;
          const { number, times } = await seen(id);
          const change = { number, times: stale ? times + 1 : times };
          const came =
            what === 'hold'
              ? await cases.hold(change)
              : what === 'confirm'
                ? await cases.confirm(change, 'call', 'anna')
                : await cases.refuse(change, 'No.');
          expect(came).toBe(isOpen && !stale ? 'done' : 'changed-before');
          if (came !== 'done') continue;
          model[who] = { hold: 'looked-at', confirm: 'listed', refuse: 'refused' }[what];
        }
        for (const [at, { case: id, proof }] of people.entries()) {
          const told = (await cases.stateOf(id, proof))?.state ?? 'none';
          expect(told).toBe(model[at]);
          expect(await listed(id)).toHaveLength(model[at] === 'listed' ? 1 : 0);
        }
        const kept = await databaseOf(store()).query(
          `select outcome from filed_case
          where outcome in ('withdrawn', 'refused', 'dropped')
            and (bundle is not null or notes is not null)`,
        );
        expect(kept).toEqual([]);
        const waiting = (await cases.waiting(0, 1000)).map(({ outcome }) => outcome);
        expect(waiting.every((outcome) => ['received', 'looked-at'].includes(outcome))).toBe(true);
        expect(await store().verify()).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});

describe('options', () => {
  test.each([
    [{}, TypeError],
    [{ list: 'cases' }, TypeError],
    [{ list: 'cases', caseDays: 0 }, RangeError],
    [{ list: 'cases', caseDays: 1, confirmations: 3 }, RangeError],
    [{ list: 'cases', caseDays: 1, other: 1 }, TypeError],
  ])('%j is refused', (options, kind) => {
    const database = undefined as never;
    expect(() => new Cases(database, new Sealer('id', KEY), options as never)).toThrow(kind);
  });
});
