import { afterEach, expect, test, vi } from 'vitest';
import { uniformHashes } from '../../bench/workloads.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { ToldRecords } from '../../src/exchange/list-fetch.js';
import type { ListUpdate } from '../../src/exchange/list-update.js';
import type { Hash } from '../../src/hash.js';
import { createIndex, MutableIndex } from '../../src/indexing/mutable-index.js';
import { Blocklist, type BlocklistPart, createBlocklist } from '../../src/matching/blocklist.js';
import { NewEntries } from '../../src/matching/new-entries.js';
import { ListFeed } from '../../src/node/list-feed.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { loopTurns, stepClock } from '../node/event-loop.js';

afterEach(() => vi.restoreAllMocks());

const { bytes } = uniformHashes(3000, 17);
const hashAt = (at: number): Hash => ({
  algorithm: 'pdq',
  bytes: bytes.slice(32 * at, 32 * at + 32),
});
const entryAt = (at: number, list = 'a'): BlocklistEntry => ({
  hash: hashAt(at),
  labels: [`${at}`],
  id: `${at}`,
  source: 's',
  list,
});
const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => entryAt(from + i));
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Whether the list holds exactly these entries, by any way to ask. */
function compare(list: Blocklist, expected: readonly number[], asked = numbers(0, 300)): void {
  const sorted = [...expected].sort((a, b) => a - b);
  const listed = [...list.entries()].map(({ labels }) => Number(labels[0]));
  expect(listed.sort((a, b) => a - b)).toEqual(sorted);
  expect(list.size).toBe(expected.length);
  const sizes = list.lists().map(({ size }) => size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(expected.length);
  const there = new Set(expected);
  for (const at of asked) {
    const { matches } = list.decide({ hash: hashAt(at), variants: [] });
    expect(matches.map(({ entry }) => entry.labels[0])).toEqual(there.has(at) ? [`${at}`] : []);
    expect(list.has({ id: `${at}` })).toBe(there.has(at));
  }
}

function changedBy(most: number, parts: BlocklistPart[]): Blocklist {
  const list = createBlocklist(parts);
  Blocklist.held(list).mostAtOnce = most;
  return list;
}

const shelvesOf = (list: Blocklist) => Blocklist.held(list).shelves.all();

function attached(from: number, to: number) {
  const table = new PackedEntries('pdq', 256);
  for (const entry of entries(from, to)) table.push(entry);
  return { index: createIndex(table.hashes), entries: table };
}

test('many entries are added at once, while the event loop turns', async () => {
  const list = createBlocklist(entries(0, 10));
  await list.warm();
  const seen = new Set<number>();
  stepClock(1, () => seen.add(list.size));
  const turns = loopTurns();
  const withdrawn = list.withdraw({ id: '2000' });
  expect(await list.addAll(entries(10, 2500))).toEqual({ added: 2489 });
  turns.stop();
  vi.restoreAllMocks();
  expect([withdrawn, [...seen]]).toEqual([0, [10, 2499]]);
  expect(turns.count).toBeGreaterThan(10);
  expect(list.keptOut).toEqual({ degenerate: 0, withdrawn: 1 });
  compare(list, [...numbers(0, 2000), ...numbers(2001, 2500)], [0, 9, 10, 1999, 2000, 2499, 2500]);
});

test('the last step of a large replacement indexes and removes no single entry', () => {
  const list = createBlocklist(entries(0, 1500));
  const anew = new NewEntries('a');
  for (const entry of entries(700, 2200)) anew.push(entry);
  const steps = Blocklist.held(list).replaceSteps('a', anew, false);
  const add = vi.spyOn(MutableIndex.prototype, 'add');
  const remove = vi.spyOn(MutableIndex.prototype, 'remove');
  for (;;) {
    expect(list.size).toBe(1500);
    add.mockClear();
    remove.mockClear();
    const { done, value } = steps.next();
    if (!done) continue;
    expect(value).toEqual({ added: 700, removed: 700 });
    break;
  }
  expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([0, 0]);
  compare(list, numbers(700, 2200), numbers(690, 710));
  for (const _ of Blocklist.held(list).tidySteps());
  expect(remove.mock.calls.length).toBeGreaterThanOrEqual(700);
  compare(list, numbers(700, 2200), numbers(690, 710));
});

test('what went before it is hidden is not counted again', () => {
  const list = changedBy(2, entries(0, 20));
  const anew = new NewEntries('a');
  for (const entry of entries(100, 110)) anew.push(entry);
  const replacing = Blocklist.held(list).replaceSteps('a', anew, false);
  let removed: number | undefined;
  for (let step = 0; removed === undefined; step++) {
    const { done, value } = replacing.next();
    if (done) removed = value.removed;
    // Others keep taking entries out, up to the last step.
    else if (step < 19) expect(list.withdraw({ id: `${step}` })).toBe(1);
  }
  expect(removed).toBeLessThan(20);
  expect(removed).toBe(20 - list.withdrawals.length);
  compare(list, numbers(100, 110));
});

test('few shelves stay side by side; an index that somebody attached is left alone', async () => {
  const mine = attached(0, 30);
  const list = changedBy(2, [mine]);
  for (let at = 30; at < 270; at += 6) {
    await list.addAll(entries(at, at + 6));
    expect(shelvesOf(list).length).toBeLessThanOrEqual(5);
  }
  compare(list, numbers(0, 270));
  expect(shelvesOf(list).map(({ isOwn }) => isOwn)).toContain(false);
  expect(await list.removeList('a')).toBe(270);
  compare(list, []);
});

test('changes between any two steps of adding are not lost', () => {
  let steps = 1;
  for (let turn = 0; turn < 2 * steps; turn++) {
    // What is lifted has all prepared anew.
    const [stop, isLifted] = [turn >> 1, turn % 2 > 0];
    const list = changedBy(3, [...entries(0, 20), entryAt(70)]);
    list.withdraw({ id: '51' });
    const adding = Blocklist.held(list).addSteps([attached(40, 60).entries]);
    let step = 0;
    for (let { done } = { done: false as boolean | undefined }; !done; step++) {
      if (step === stop) {
        expect(list.withdraw({ id: '3' })).toBe(1);
        list.withdraw({ id: '53' });
        list.withdraw(hashAt(57));
        if (isLifted) expect(list.reinstate({ id: '51' })).toBe(true);
        expect(list.add(entryAt(20))).toBe(true);
      }
      ({ done } = adding.next());
    }
    if (step <= stop) continue;
    steps = Math.max(steps, step);
    const gone = [3, 53, 57, ...(isLifted ? [] : [51])];
    const expected = [...numbers(0, 21), ...numbers(40, 60), 70];
    compare(
      list,
      expected.filter((at) => !gone.includes(at)),
      numbers(0, 80),
    );
  }
  expect(steps).toBeGreaterThan(3);
});

test('changes between any two steps of a merge are not lost', () => {
  let steps = 1;
  for (let stop = 0; stop < steps; stop++) {
    for (const most of [1, 100]) {
      const list = changedBy(1, entries(0, 20));
      const held = Blocklist.held(list);
      for (let from = 20; from < 60; from += 8) {
        for (const _ of held.addSteps([attached(from, from + 8).entries]));
      }
      held.mostAtOnce = most;
      const merging = held.tidySteps();
      let isChangedTwice = false;
      let step = 0;
      for (let { done } = { done: false as boolean | undefined }; !done; step++) {
        if (step === stop) {
          for (const at of [3, 21, 30, 53, 55]) expect(list.withdraw({ id: `${at}` })).toBe(1);
          expect(list.withdraw(hashAt(57))).toBe(1);
          expect(list.add(entryAt(60))).toBe(true);
          expect(list.add(entryAt(61))).toBe(true);
          expect(list.withdraw({ id: '60' })).toBe(1);
        }
        // Also while it makes up for these.
        if (step === stop + 1) {
          expect(list.add(entryAt(62))).toBe(true);
          expect(list.withdraw({ id: '40' })).toBe(1);
          isChangedTwice = true;
        }
        ({ done } = merging.next());
      }
      steps = Math.max(steps, step);
      if (step <= stop) continue;
      const gone = [3, 21, 30, 53, 55, 57, 60, isChangedTwice ? 40 : 62];
      const expected = numbers(0, 63).filter((at) => !gone.includes(at));
      compare(list, expected, numbers(0, 70));
      expect(shelvesOf(list).length).toBeLessThan(6);
    }
  }
  expect(steps).toBeGreaterThan(5);
});

const updateOf = (at: number, state: ListUpdate['state'] = 'active'): ListUpdate => ({
  key: `${at}`,
  source: 's',
  state,
  signals: [],
  entries: state === 'deleted' ? [] : [entryAt(at, '')],
});

test('changes between any two turns of a large page and a sweep are not lost', async () => {
  let readings = 1;
  for (let stop = 0; stop < readings; stop++) {
    const list = changedBy(2, [attached(0, 20), ...entries(20, 40)]);
    await list.warm();
    list.withdraw({ id: '70', source: 's', list: 'a' }, { reason: 'deleted by its service' });
    const feed = new ListFeed(list, 'a');
    const told = new ToldRecords();
    for (const at of numbers(10, 90)) told.add({ source: 's', key: `${at}` });
    const updates = numbers(30, 90).map((at) => updateOf(at, at % 10 ? 'active' : 'deleted'));
    let isChanged = false;
    const clock = stepClock(10, (at) => {
      if (at !== stop) return;
      isChanged = true;
      expect(list.withdraw({ id: '15' })).toBe(1);
      list.withdraw({ id: '5' });
      list.withdraw(hashAt(75));
      list.add(entryAt(95));
      list.add(entryAt(96, 'b'));
    });
    const changed = await feed.apply([...updates, updateOf(70)], { told });
    readings = Math.max(readings, clock.readings);
    vi.restoreAllMocks();
    if (!isChanged) continue;
    expect(changed.withdrawn).toBe(5);
    const listed = numbers(10, 90).filter((at) => at < 30 || at % 10 > 0 || at === 70);
    const expected = [...listed.filter((at) => at !== 15 && at !== 75), 96];
    // It may have come when the page was in place.
    if (list.has({ id: '95' })) expected.push(95);
    compare(list, expected, numbers(0, 100));
    expect(list.withdrawals).toHaveLength(8);
  }
  expect(readings).toBeGreaterThan(20);
});
