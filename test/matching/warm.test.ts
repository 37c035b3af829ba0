import { afterEach, expect, test, vi } from 'vitest';
import { random, uniformHashes } from '../../bench/workloads.js';
import type { BlocklistEntry } from '../../src/entry.js';
import type { Hash } from '../../src/hash.js';
import { createIndex } from '../../src/indexing/mutable-index.js';
import { type Blocklist, createBlocklist } from '../../src/matching/blocklist.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { type Fails, Fault, watchConstructors, withFaultsLater } from '../faults.js';
import { loopTurns, stepClock } from '../node/event-loop.js';

afterEach(() => vi.restoreAllMocks());

const { bytes } = uniformHashes(4000, 9);
const hashAt = (at: number): Hash => ({
  algorithm: 'pdq',
  bytes: bytes.slice(32 * at, 32 * at + 32),
});
/** Every fourth entry shares its id with the one before it. */
const nameAt = (at: number) => `n${at - (at % 4 === 3 ? 1 : 0)}`;
const entryAt = (at: number): BlocklistEntry => ({
  hash: hashAt(at),
  labels: [`${at}`],
  id: nameAt(at),
});
const entries = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => entryAt(from + i));

/** A list of entries `0`…`count` - 1: of an index without a table of ids, and added ones. */
function cold(count: number): Blocklist {
  const attached = new PackedEntries('pdq', 256);
  for (const entry of entries(0, count / 2)) attached.push(entry);
  const list = createBlocklist([
    ...entries(count / 2, count),
    { index: createIndex(attached.hashes), entries: attached },
  ]);
  return list;
}

/** Whether the list holds exactly the entries of `alive`. */
function compare(list: Blocklist, alive: readonly boolean[]): void {
  const listed = [...list.entries()].map(({ labels }) => Number(labels[0]));
  const expected = [...alive.keys()].filter((at) => alive[at]);
  expect(listed.sort((a, b) => a - b)).toEqual(expected);
  expect(list.size).toBe(expected.length);
  for (const at of alive.keys()) {
    const { matches } = list.decide({ hash: hashAt(at), variants: [] });
    expect(matches.map(({ entry }) => entry.labels[0])).toEqual(alive[at] ? [`${at}`] : []);
    const named = [at - 1, at, at + 1].some(
      (other) => alive[other] && nameAt(other) === nameAt(at),
    );
    expect(list.has({ id: nameAt(at) })).toBe(named);
  }
}

test('the event loop turns while a list warms up, and then nothing is left to make', async () => {
  const list = cold(3000);
  const clock = stepClock(1);
  const turns = loopTurns();
  await list.warm();
  turns.stop();
  expect(turns.count).toBeGreaterThan(10);
  const { readings } = clock;
  await list.warm();
  // Two parts, of which each reads the clock at its beginning and after its last two steps.
  expect(clock.readings - readings).toBeLessThanOrEqual(6);
  vi.restoreAllMocks();
  compare(list, Array(3000).fill(true));
});

test('a list is used and changed between any two steps', async () => {
  for (const seed of [1, 2, 3]) {
    const list = cold(600);
    const alive: boolean[] = Array(600).fill(true);
    const next = random(seed);
    let changes = 0;
    stepClock(10, () => {
      // Not from the first step on, since a decision makes the rest of the index at once.
      if (next() % 2 > 0) return;
      changes++;
      const at = next() % alive.length;
      const act = next() % (changes < 6 ? 1 : 4);
      if (act === 0) {
        expect(list.add(entryAt(alive.length))).toBe(true);
        alive.push(true);
      } else if (act === 1) {
        const gone = [...alive.keys()].filter((i) => alive[i] && nameAt(i) === nameAt(at));
        expect(list.withdraw({ id: nameAt(at) })).toBe(gone.length);
        for (const i of gone) alive[i] = false;
        expect(list.reinstate({ id: nameAt(at) })).toBe(true);
      } else if (act === 2) {
        expect(list.withdraw(hashAt(at))).toBe(alive[at] ? 1 : 0);
        alive[at] = false;
      } else {
        const { matches } = list.decide({ hash: hashAt(at), variants: [] });
        expect(matches.length).toBe(alive[at] ? 1 : 0);
      }
    });
    await list.warm();
    vi.restoreAllMocks();
    expect(changes).toBeGreaterThan(8);
    compare(list, alive);
  }
});

test('a table that fails to be added while a list warms up leaves nothing', async () => {
  const list = cold(600);
  const table = new PackedEntries('pdq', 256);
  for (const entry of entries(600, 700)) table.push(entry);
  const real = table.entryAt.bind(table);
  let failed = 0;
  vi.spyOn(table, 'entryAt').mockImplementation((row) => {
    if (row === 50) throw new Fault();
    return real(row);
  });
  stepClock(10, () => {
    expect(() => list.addPart(table)).toThrow(Fault);
    failed++;
  });
  await list.warm();
  vi.restoreAllMocks();
  expect(failed).toBeGreaterThan(10);
  compare(list, Array(600).fill(true));
});

test('an allocation that fails ends it, and the next call makes the rest', async () => {
  const unwatch = watchConstructors();
  try {
    let done = false;
    let step = 0;
    for (; !done; step++) {
      const list = cold(400);
      const fails: Fails = (at) => at === step;
      const { error } = await withFaultsLater(fails, () => list.warm());
      if (error !== undefined) expect(error).toBeInstanceOf(Fault);
      done = error === undefined;
      await list.warm();
      if (step % 7 === 0) compare(list, Array(400).fill(true));
    }
    expect(step).toBeGreaterThan(30);
  } finally {
    unwatch();
  }
});

test('an abort ends it at the next turn; what was made stays', async () => {
  const list = cold(600);
  const abort = new AbortController();
  const reason = new Error('enough');
  stepClock(10, (reading) => reading === 5 && abort.abort(reason));
  await expect(list.warm({ signal: abort.signal })).rejects.toBe(reason);
  vi.restoreAllMocks();
  // Also if there is nothing to do.
  await expect(createBlocklist([]).warm({ signal: abort.signal })).rejects.toBe(reason);
  compare(list, Array(600).fill(true));
});
