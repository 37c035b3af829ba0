import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { hashesOf, uniformHashes } from '../../../bench/workloads.js';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { type BlocklistEntry, textOfEntry } from '../../../src/entry.js';
import { hashToHex } from '../../../src/hash.js';
import { match } from '../../../src/matching/match.js';
import { applyUpdates } from '../../../src/node/files/fetch-list.js';
import type { PendingRemovals } from '../../../src/policy.js';
import {
  isOfService,
  ReportedRecords,
  WITHDRAWN_BY_SERVICE,
} from '../../../src/services/list-fetch.js';
import type { ListUpdate } from '../../../src/services/list-update.js';
import type { Removal } from '../../../src/services/pending-removals.js';
import { Fault, watchConstructors, withFaultsLater } from '../../faults.js';
import { runs } from '../../seed.js';
import { loopTurns, stepClock } from '../event-loop.js';

afterEach(() => vi.restoreAllMocks());

const hashes = hashesOf(uniformHashes(3000, 17).bytes);
const entryAt = (at: number, list = 'a'): BlocklistEntry => ({
  hash: hashes[at]!,
  labels: [`${at}`],
  id: `${at}`,
  source: 's',
  list,
});
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const entries = (from: number, to: number) => numbers(from, to).map((at) => entryAt(at));
const updateOf = (at: number, state: ListUpdate['state'] = 'active'): ListUpdate => ({
  key: `${at}`,
  source: 's',
  state,
  signals: [],
  entries: state === 'deleted' ? [] : [entryAt(at, '')],
});
const reportOf = (keys: readonly number[]) => {
  const reported = new ReportedRecords();
  for (const at of keys) reported.add({ source: 's', key: `${at}` });
  return reported;
};
const textsOf = (list: Blocklist) => [...list.entries()].map(textOfEntry).sort();
const verdictOf = (list: Blocklist, at: number) =>
  match({ hash: hashes[at]!, variants: [] }, list).verdict;

/** Whether the list holds exactly these entries, by any way to ask. */
function compare(list: Blocklist, expected: readonly number[], asked: readonly number[]): void {
  const listed = [...list.entries()].map(({ labels }) => Number(labels[0]));
  expect(listed.sort((a, b) => a - b)).toEqual([...expected].sort((a, b) => a - b));
  expect(list.size).toBe(expected.length);
  for (const at of asked) {
    const is = expected.includes(at);
    expect([at, verdictOf(list, at)]).toEqual([at, is ? 'match' : 'none']);
    expect(list.has({ id: `${at}` })).toBe(is);
  }
}

test('a page of entries already listed changes nothing', async () => {
  const list = createBlocklist([]);
  for (const count of [10, 1000]) {
    const updates = numbers(0, count).map((at) => updateOf(at));
    await applyUpdates(list, 'a', updates);
    expect(list.size).toBe(count);
    const { generation, state } = list;
    const again = await applyUpdates(list, 'a', updates, { reported: reportOf(numbers(0, count)) });
    expect(again).toEqual({ added: 0, removed: 0, withdrawn: 0, pendingRemovals: undefined });
    expect(list.generation).toBe(generation);
    expect(list.state.size).toBe(state.size);
  }
});

test('a large page is prepared while the event loop turns, and in force at once', async () => {
  const list = createBlocklist(entries(0, 1000));
  const seen = new Set<number>();
  stepClock(1, () => seen.add(list.size));
  const turns = loopTurns();
  const updates = numbers(500, 2500).map((at) => updateOf(at));
  const change = await applyUpdates(list, 'a', updates, { reported: reportOf(numbers(500, 2500)) });
  turns.stop();
  expect(change).toMatchObject({ added: 1500, removed: 500, withdrawn: 0 });
  expect([...seen]).toEqual([1000, 2000]);
  expect(turns.count).toBeGreaterThan(10);
  vi.restoreAllMocks();
  compare(list, numbers(500, 2500), [0, 499, 500, 999, 1000, 2499, 2500]);
});

test('changes between any two turns of a large page are not lost', async () => {
  let readings = 1;
  for (let stop = 0; stop < readings; stop++) {
    const list = createBlocklist(entries(0, 40));
    list.mostAtOnce = 2;
    const known = { id: '50', source: 's', list: 'a' };
    for (const each of [known, { ...known, id: '51' }]) {
      await list.apply({ withdraw: [{ ...each, reason: WITHDRAWN_BY_SERVICE.deleted }] });
    }
    const reported = reportOf(numbers(10, 60));
    const updates = numbers(30, 60).map((at) =>
      updateOf(at, at % 10 > 0 || at === 50 ? 'active' : 'deleted'),
    );
    let isChanged = false;
    let isInForce = false;
    const clock = stepClock(10, (at) => {
      if (at !== stop) return;
      isChanged = true;
      isInForce = !list.has({ id: '0' });
      list.apply({ withdraw: [{ id: '15' }] });
      expect(list.has({ id: '15' })).toBe(false);
      list.apply({ withdraw: [{ id: '5' }] });
      list.apply({ withdraw: [hashes[45]!] });
      // A person withdraws what the service lifts, and what it withdraws.
      list.apply({ withdraw: [{ id: '51', source: 's', list: 'a', reason: 'a person' }] });
      list.apply({ withdraw: [{ id: '40', source: 's', list: 'a', reason: 'a person' }] });
      list.apply({ add: [entryAt(65)] });
      list.apply({ add: [entryAt(66, 'b')] });
    });
    const changed = await applyUpdates(list, 'a', updates, { reported });
    readings = Math.max(readings, clock.readings);
    vi.restoreAllMocks();
    if (!isChanged) continue;
    expect(changed.withdrawn).toBeGreaterThanOrEqual(1);
    const gone = [15, 51, 45];
    const listed = numbers(10, 60).filter((at) => at < 30 || at % 10 > 0 || at === 50);
    const expected = [...listed.filter((at) => !gone.includes(at)), 66];
    // The word of the service is the last, unless it came when the page was in force.
    if (isInForce) expected.push(65);
    compare(list, expected, [5, 9, 10, 15, 29, 30, 31, 40, 45, 50, 51, 59, 65, 66]);
    const reasons = list.withdrawals.flatMap((each) =>
      'id' in each ? [`${each.id} ${each.reason}`] : [],
    );
    for (const id of ['51', '40']) expect(reasons).toContain(`${id} a person`);
    expect(list.withdrawals).toHaveLength(6);
  }
  expect(readings).toBeGreaterThan(20);
});

test('an aborted page changes nothing', async () => {
  const list = createBlocklist(entries(0, 40));
  const before = textsOf(list);
  const stopping = new AbortController();
  const updates = numbers(0, 2000).map((at) => updateOf(at, at < 20 ? 'deleted' : 'active'));
  const page = applyUpdates(list, 'a', updates, { signal: stopping.signal });
  stopping.abort(new Error('enough'));
  await expect(page).rejects.toThrow('enough');
  expect([textsOf(list), list.withdrawals]).toEqual([before, []]);
});

test.each([
  ['small', 512],
  ['large', 3],
])('a %s page that fails at any allocation leaves the list as it was', async (_, most) => {
  const begun = () => {
    const list = createBlocklist([...entries(0, 8), entryAt(20, 'b')]);
    list.mostAtOnce = most;
    list.apply({ add: [entryAt(8)] });
    list.apply({
      withdraw: [{ id: '9', source: 's', list: 'a', reason: WITHDRAWN_BY_SERVICE.withdrawn }],
    });
    list.apply({ withdraw: [{ id: '10' }] });
    return list;
  };
  const reported = reportOf(numbers(2, 20));
  const updates = [...numbers(5, 12).map((at) => updateOf(at)), updateOf(3, 'withdrawn')];
  const page = (list: Blocklist) => applyUpdates(list, 'a', updates, { reported });
  const all = (list: Blocklist) => [
    textsOf(list),
    list.withdrawals,
    list.lists(),
    list.rejected,
    list.generation,
    [1, 2, 3, 5, 8, 9, 10, 11, 20].map((at) => verdictOf(list, at)),
  ];
  const before = all(begun());
  const done = begun();
  expect(await page(done)).toMatchObject({ added: 2, removed: 3, withdrawn: 1 });
  const after = all(done);
  const restore = watchConstructors();
  let failed = 0;
  try {
    for (let step = 0, isOver = false; !isOver; step++) {
      const list = begun();
      const { error, faults } = await withFaultsLater(
        (at) => at === step,
        () => page(list),
      );
      // A merge that failed after the page is tried again later.
      expect(all(list)).toEqual(error ? before : after);
      if (error) expect(error).toBeInstanceOf(Fault);
      if (error) failed++;
      isOver = faults === 0;
    }
  } finally {
    restore();
  }
  expect(failed).toBeGreaterThan(20);
  const listed = [2, 4, 5, 6, 7, 8, 9, 11].map((at) => entryAt(at));
  expect(after[0]).toEqual([...listed, entryAt(20, 'b')].map(textOfEntry).sort());
});

/** A list that a feed and people change, in the plainest way. */
class PlainFeed {
  entries: BlocklistEntry[] = [];
  readonly withdrawn = new Map<string, string | undefined>();

  isOut({ id, source, hash, list = '' }: BlocklistEntry): boolean {
    return this.withdrawn.has(`${id} ${source} ${list}`) || this.withdrawn.has(hashToHex(hash));
  }

  withdraw(key: string, reason?: string): void {
    this.withdrawn.set(key, reason ?? this.withdrawn.get(key));
    this.entries = this.entries.filter((entry) => !this.isOut(entry));
  }

  page(updates: readonly ListUpdate[], reported: ReportedRecords | undefined) {
    const last = new Map(updates.map((each) => [`${each.key} ${each.source}`, each]));
    const there = this.entries;
    let withdrawn = 0;
    const coming: BlocklistEntry[] = [];
    for (const [record, { state, entries }] of last) {
      const key = `${record} a`;
      const reason = this.withdrawn.get(key);
      if (state === 'withdrawn' || state === 'deleted') {
        if (!this.withdrawn.has(key)) {
          this.withdrawn.set(key, WITHDRAWN_BY_SERVICE[state]);
          withdrawn++;
        }
      } else {
        if (isOfService(reason)) this.withdrawn.delete(key);
        const listed = entries.map((entry) => ({
          ...entry,
          list: 'a',
          ...(state === 'pending' && { confirmed: false }),
        }));
        coming.push(...new Map(listed.map((entry) => [textOfEntry(entry), entry])).values());
      }
    }
    const isFed = ({ list, id, source }: BlocklistEntry) =>
      list === 'a' && last.has(`${id} ${source}`);
    const stays = there.filter(
      (entry) => !isFed(entry) && (entry.list !== 'a' || !reported || reported.has(entry)),
    );
    const fitting = coming.filter((entry) => !this.isOut(entry));
    this.entries = [...stays, ...fitting];
    const left = there.map(textOfEntry);
    let added = 0;
    for (const text of this.entries.map(textOfEntry)) {
      const at = left.indexOf(text);
      if (at < 0) added++;
      else left.splice(at, 1);
    }
    return { added, removed: left.length, withdrawn };
  }
}

const record = fc.record({
  key: fc.constantFrom('1', '2', '3', '4'),
  source: fc.constantFrom('s', 't'),
});
const update: fc.Arbitrary<ListUpdate> = fc
  .record({
    record,
    state: fc.constantFrom('active', 'active', 'pending', 'withdrawn', 'deleted'),
    listed: fc.array(fc.tuple(fc.nat(3), fc.constantFrom('', 'b')), { maxLength: 3 }),
  })
  .map(({ record: { key, source }, state, listed }) => ({
    ...{ key, source, state, signals: [] },
    entries: listed.map(([at, label]) => ({
      ...entryAt(at, ''),
      labels: [label],
      id: key,
      source,
    })),
  }));
const step = fc.oneof(
  fc.record({
    updates: fc.array(update, { maxLength: 6 }),
    reported: fc.option(fc.array(record, { maxLength: 4 }), { nil: undefined }),
    isPendingRemovals: fc.boolean(),
  }),
  fc.record({ add: fc.tuple(fc.nat(3), fc.constantFrom('a', 'b'), fc.boolean()) }),
  fc.record({ withdraw: record }),
  fc.record({ withdrawHash: fc.nat(3) }),
);

test('any pages, small or large, have the effect they have on a plain list', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(1, 512),
      fc.array(step, { maxLength: 12, size: 'max' }),
      async (most, steps) => {
        const list = createBlocklist([]);
        list.mostAtOnce = most;
        const plain = new PlainFeed();
        for (const each of steps) {
          if ('updates' in each) {
            const { updates, isPendingRemovals } = each;
            const reported = each.reported && new ReportedRecords();
            for (const one of each.reported ? [...each.reported, ...updates] : [])
              reported!.add(one);
            const asked: (readonly Removal[])[] = [];
            const held = { removals: 1 } as PendingRemovals;
            const pendingOf = (unreported: readonly Removal[]) => {
              asked.push(unreported);
              return isPendingRemovals ? held : undefined;
            };
            const unreported = plain.entries.filter(
              (one) => one.list === 'a' && !reported?.has(one),
            );
            const pendingRemovals = reported && isPendingRemovals ? held : undefined;
            const expected = plain.page(updates, pendingRemovals ? undefined : reported);
            expect(await applyUpdates(list, 'a', updates, { reported, pendingOf })).toEqual({
              ...expected,
              pendingRemovals,
            });
            expect(asked.map(({ length }) => length)).toEqual(reported ? [unreported.length] : []);
          } else if ('add' in each) {
            const [at, on, isFed] = each.add;
            const { source: _, ...unfed } = entryAt(at, on);
            const entry = isFed ? entryAt(at, on) : unfed;
            if ((await list.apply({ add: [entry] })).added > 0) plain.entries.push(entry);
          } else if ('withdraw' in each) {
            const { key: id, source } = each.withdraw;
            await list.apply({ withdraw: [{ id, source, list: 'a', reason: 'a person' }] });
            plain.withdraw(`${id} ${source} a`, 'a person');
          } else {
            await list.apply({ withdraw: [hashes[each.withdrawHash]!] });
            plain.withdraw(hashToHex(hashes[each.withdrawHash]!));
          }
          expect(textsOf(list)).toEqual(plain.entries.map(textOfEntry).sort());
          const own = [...list.entries()].filter((one) => one.list === 'a');
          expect(own.length).toBe(plain.entries.filter((one) => one.list === 'a').length);
          const reasons = list.withdrawals.map((one) =>
            'id' in one
              ? [`${one.id} ${one.source} ${one.list}`, one.reason]
              : [hashToHex(one), one.reason],
          );
          expect(reasons.sort()).toEqual([...plain.withdrawn].sort());
        }
      },
    ),
    { numRuns: runs(300) },
  );
});
