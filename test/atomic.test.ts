import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { random, uniformHashes } from '../bench/workloads.js';
import { createBlocklist } from '../src/blocklist/blocklist.js';
import type { WithdrawnKey } from '../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../src/entry.js';
import { type Algorithm, type Bits, type Hash, hashFromHex, isDegenerate } from '../src/hash.js';
import { indexFromBuffer, indexOf } from '../src/indexing/create-index.js';
import type { Compaction } from '../src/indexing/mutable-index.js';
import type { Hit } from '../src/indexing/part-search.js';
import type { Simd } from '../src/indexing/segment.js';
import { hasSimd } from '../src/kernels/search/simd.js';
import { match } from '../src/matching/match.js';
import { PackedEntries } from '../src/packed-entries.js';
import { flipBits } from './arbitraries.js';
import {
  type Fails,
  Fault,
  mayFail,
  type Outcome,
  watchConstructors,
  withFaults,
} from './faults.js';
import { attachedTo } from './indexing/conformance.js';
import { BASE, ORDER } from './matching/bases.js';
import { naiveDistance } from './oracles/hamming.js';
import { isDeep, runs } from './seed.js';

// A change of state happens entirely or not at all. Each allocation and each callback inside it
// fails once, and the resulting state is compared with a plain model.

let unwatch: () => void;
beforeAll(() => {
  expect(hasSimd()).toBe(true);
  unwatch = watchConstructors();
});
afterAll(() => unwatch());

/** As `expect`, which takes half the time of these tests if it is asked each time. */
function agree(value: unknown, model: unknown, what = ''): void {
  if (!isDeepStrictEqual(value, model)) expect(value, what).toEqual(model);
}

/** A change to the object under test and to its model. Both return the same. */
interface Change {
  readonly name: string;
  real(): unknown;
  model(): unknown;
}

/** An object under test with its model. */
interface Pair {
  change(next: () => number): Change;
  /** throws if the two differ */
  compare(): void;
}

/** Faults that made a change fail, and faults that only dropped a merge. */
interface Faults {
  refused: number;
  dropped: number;
}

/**
 * Makes a change with faults. It must happen entirely or not at all. @returns whether it happened,
 * and its number of steps
 */
async function make(
  pair: Pair,
  change: Change,
  fails: Fails,
  count: Faults,
): Promise<[boolean, number]> {
  const { faults, steps, ...outcome } = withFaults(fails, () => change.real());
  const { value, error } = await settled(outcome);
  if (error === undefined) {
    agree(value, change.model(), change.name);
    count.dropped += faults;
  } else {
    if (!(error instanceof Fault)) expect(error, change.name).toBeInstanceOf(Fault);
    count.refused += faults;
  }
  if (faults > 0) pair.compare();
  return [error === undefined, steps];
}

/** What a call gave, or what it has promised. */
const settled = async ({ value, error }: Pick<Outcome<unknown>, 'value' | 'error'>) =>
  error === undefined
    ? Promise.resolve(value).then(
        (value) => ({ value, error: undefined }),
        (error: unknown) => ({ value: undefined, error }),
      )
    : { value, error };

/**
 * Each change fails from its first step on, then at that step alone, then at the second, until it
 * succeeds.
 */
async function eachStepOfEachChange(pair: Pair, seed: number, changes: number): Promise<Faults> {
  const next = random(seed);
  const count = { refused: 0, dropped: 0 };
  for (let i = 0; i < changes; i++) {
    const change = pair.change(next);
    let made = false;
    for (let at = 0; !made; at++) {
      [made] = await make(pair, change, (step) => step >= at, count);
      if (!made) [made] = await make(pair, change, (step) => step === at, count);
    }
  }
  pair.compare();
  return count;
}

/** Repeats the same changes from the start, each time with one fault, at the next step. */
async function eachStepOfAllChanges(
  create: () => Pair,
  seed: number,
  changes: number,
): Promise<Faults> {
  const count = { refused: 0, dropped: 0 };
  for (let at = 0, before = -1; count.refused + count.dropped > before; at++) {
    before = count.refused + count.dropped;
    const pair = create();
    const next = random(seed);
    let done = 0;
    for (let i = 0; i < changes; i++) {
      const fails: Fails = (step) => done + step === at;
      const [, steps] = await make(pair, pair.change(next), fails, count);
      done += steps;
    }
    pair.compare();
  }
  return count;
}

/** The entries of a growing delta. */
const LONG = 200;

const asText = (hits: readonly Hit[]) => hits.map(({ id, distance }) => `${id}:${distance}`).sort();

describe.each<[Algorithm, Bits, 'flat' | 'mih', Simd]>([
  ['pdq', 256, 'mih', 'never'],
  ['pdq', 256, 'mih', 'always'],
  ['pdq', 256, 'flat', 'never'],
  ['dhash', 64, 'mih', 'never'],
  ['dhash', 64, 'flat', 'always'],
])('an index of %s, %i bits, %s, SIMD %s', (algorithm, bits, kind, simd) => {
  // Few hashes, so that equal and near ones are common.
  const hashes = [0, 0x5a, 0xff].flatMap((value) =>
    [0, 1, 1, 5].map((flips, i): Hash => {
      const bytes = new Uint8Array(bits / 8).fill(value);
      return flipBits({ algorithm, bytes }, ORDER.filter((bit) => bit < bits).slice(3 * i), flips);
    }),
  );
  const distances = hashes.map((a) => hashes.map((b) => naiveDistance(a.bytes, b.bytes)));

  function indexBesideArray(first: number, compaction: Compaction): Pair {
    let entries = Array.from({ length: first }, (_, id) => ({ id, which: id % hashes.length }));
    let nextId = first;
    const listed = entries.map(({ which }) => hashes[which]!);
    const buffer = indexOf(listed, { algorithm, bits }, { kind }).toBuffer();
    const index = attachedTo(buffer, { simd, ...compaction });
    const near = (which: number, max: number) =>
      asText(
        entries
          .map((entry) => ({ id: entry.id, distance: distances[which]![entry.which]! }))
          .filter(({ distance }) => distance <= max),
      );
    const remove = (goes: (entry: { id: number; which: number }) => boolean) => {
      const before = entries.length;
      entries = entries.filter((entry) => !goes(entry));
      return before - entries.length;
    };
    return {
      change(next) {
        const which = next() % hashes.length;
        const hash = hashes[which]!;
        const gone = next() % (nextId + 1);
        const two = function* () {
          mayFail();
          yield hash;
          mayFail();
          yield hash;
        };
        const changes: Change[] = [
          {
            name: 'remove an id',
            real: () => index.remove(gone),
            model: () => remove(({ id }) => id === gone),
          },
          {
            name: 'remove a hash',
            real: () => index.remove(hash),
            model: () => remove((entry) => entry.which === which),
          },
          {
            name: 'compact',
            real: () => void (compaction.deltaLimit !== LONG && index.compact()),
            model: () => undefined,
          },
          {
            name: 'search',
            real: () => asText(index.search(hash, 9)),
            model: () => near(which, 9),
          },
          {
            name: 'search a batch',
            real: () => index.searchBatch(two(), 3).map(asText),
            model: () => [near(which, 3), near(which, 3)],
          },
          {
            name: 'write and attach',
            real: () => asText(indexFromBuffer(index.toBuffer()).search(hash, 9)),
            model: () => near(which, 9),
          },
        ];
        return (
          changes[next() % 20] ?? {
            name: 'add',
            real: () => index.add(hash),
            model() {
              entries.push({ id: nextId, which });
              return nextId++;
            },
          }
        );
      },
      compare() {
        agree(index.size, entries.length);
        if (compaction.deltaLimit === LONG) agree(index.remove(nextId), 0);
        for (const [which, hash] of hashes.entries()) {
          agree(asText(index.search(hash, 1)), near(which, 1));
        }
      },
    };
  }

  test('each step of each change fails', async () => {
    for (const first of [0, 40]) {
      const pair = indexBesideArray(first, { deltaLimit: 3, maxSteps: 5 });
      const { refused, dropped } = await eachStepOfEachChange(pair, first + 1, runs(240));
      expect(refused).toBeGreaterThan(isDeep ? 400 : 10);
      expect(dropped).toBeGreaterThan(isDeep ? 40 : 2);
    }
    // Nothing is merged before arrays have grown twice.
    await eachStepOfEachChange(indexBesideArray(40, { deltaLimit: LONG }), 3, runs(300));
  });

  test('each step of many changes fails, once', async () => {
    for (const first of [0, 40]) {
      const create = () => indexBesideArray(first, { deltaLimit: 3, maxSteps: 5 });
      const { refused, dropped } = await eachStepOfAllChanges(create, first + 7, runs(60));
      expect(refused).toBeGreaterThan(runs(50));
      expect(dropped).toBeGreaterThan(runs(50));
    }
  });
});

// Few hashes, names and sources, so that they coincide.
const HASHES: readonly Hash[] = [
  ...[0, 1, 40, 80].map((flips) => flipBits(BASE, ORDER, flips)),
  { algorithm: 'pdq', bytes: new Uint8Array(32) },
  hashFromHex('dhash', '0123456789abcdef'),
  hashFromHex('dhash', '0123456789abcdee'),
];
let serial = 0;
function entryBy(next: () => number, algorithm?: Algorithm): BlocklistEntry {
  const hashes = HASHES.filter((hash) => hash.algorithm === (algorithm ?? hash.algorithm));
  const hash = hashes[next() % hashes.length]!;
  const labels = [[], ['a'], ['a', 'b'], [`${serial++}`]][next() % 4]!;
  const id = ['1', '2', '3', undefined][next() % 4];
  const source = ['x', undefined][next() % 2];
  const quality = [50, undefined][next() % 2];
  const list = ['a', 'b', undefined, undefined][next() % 4];
  return {
    hash,
    labels,
    ...(id !== undefined && { id }),
    ...(source !== undefined && { source }),
    ...(quality !== undefined && { quality }),
    ...(list !== undefined && { list }),
  };
}

/** A table of entries with an array as its model. */
function columnsBesideArray(packed: PackedEntries, rows: BlocklistEntry[]): Pair {
  const { algorithm } = packed;
  return {
    change(next) {
      const entry = entryBy(next, algorithm);
      const size = rows.length - (next() % 3);
      const push: Change = {
        name: 'push',
        real: () => packed.push(entry),
        model: () => rows.push(entry) - 1,
      };
      const cut: Change = {
        name: 'cut',
        real: () => packed.cut(size),
        model() {
          rows.length = size;
        },
      };
      const changes = [...(size >= 0 ? [cut] : []), push, push, push];
      return changes[next() % changes.length]!;
    },
    compare() {
      agree(packed.size, rows.length);
      agree(
        rows.map((_, row) => packed.entryAt(row)),
        rows,
      );
    },
  };
}

describe('entries by column', () => {
  test('each step of each change fails', async () => {
    const pair = columnsBesideArray(new PackedEntries('pdq', 256, { capacity: 0 }), []);
    expect((await eachStepOfEachChange(pair, 1, runs(400))).refused).toBeGreaterThan(
      isDeep ? 3 : 2,
    );
  });
});

/** A blocklist with a list of entries as its model; some come in a table at first. */
function blocklistBesideArray(first: number): Pair {
  const draw = random(first);
  const rejected = { degenerate: 0, withdrawn: 0 };
  let listed: BlocklistEntry[] = [];
  let withdrawn: WithdrawnKey[] = [];
  let off: string[] = [];
  const same = (a: Hash, b: Hash) =>
    a.algorithm === b.algorithm && Buffer.compare(a.bytes, b.bytes) === 0;
  const covers = (one: WithdrawnKey, { hash, id, source, list = '' }: BlocklistEntry) =>
    (one.list === undefined || one.list === list) &&
    ('id' in one
      ? one.id === id && (one.source === undefined || one.source === source)
      : same(one, hash));
  const isOn = (list: string, { list: on = '' }: BlocklistEntry) => list === on;
  const isWithdrawn = (entry: BlocklistEntry) => withdrawn.some((one) => covers(one, entry));
  const listEntry = (entry: BlocklistEntry) => {
    const fits = !isDegenerate(entry.hash) && !isWithdrawn(entry);
    if (fits) listed.push(entry);
    else rejected[isDegenerate(entry.hash) ? 'degenerate' : 'withdrawn']++;
    return fits;
  };
  const someEntries = (count: number, next: () => number) =>
    Array.from({ length: count }, () => entryBy(next, 'pdq')).filter(
      ({ hash }) => !isDegenerate(hash),
    );
  if (first > 0) {
    listed = someEntries(first, draw);
  }
  const blocklist = createBlocklist(listed, { onRejected: () => mayFail() });
  const matchesOf = (hash: Hash) =>
    match({ hash, variants: [] }, blocklist, { all: true })
      .matches.filter(({ distance }) => distance === 0)
      .map(({ entry }) => textOf(entry))
      .sort();
  const listedAs = (hash: Hash) =>
    listed
      .filter((entry) => same(entry.hash, hash) && !off.includes(entry.list ?? ''))
      .map(textOf)
      .sort();
  return {
    change(next) {
      const one = entryBy(next);
      const { hash, id = '1', source } = one;
      const { list = '' } = one;
      const on = next() % 3 ? {} : { list };
      const withdrawal: WithdrawnKey =
        next() % 2 ? { ...hash, ...on } : { id, ...(source !== undefined && { source }), ...on };
      const enabled = next() % 2 === 0;
      const part = Array.from({ length: next() % 6 }, () => entryBy(next, hash.algorithm));
      const changes: Change[] = [
        {
          name: 'withdraw',
          real: () => blocklist.apply({ withdraw: [withdrawal] }).then((done) => done.removed),
          model() {
            const left = listed.filter((entry) => !covers(withdrawal, entry));
            const count = listed.length - left.length;
            listed = left;
            const others = withdrawn.filter((other) => !equal(other, withdrawal));
            // A map keeps the position of a key that is set again.
            if (others.length === withdrawn.length) withdrawn.push(withdrawal);
            return count;
          },
        },
        {
          name: 'reinstate',
          real: () => blocklist.apply({ reinstate: [withdrawal] }).then((done) => done.reinstated),
          model() {
            const before = withdrawn.length;
            withdrawn = withdrawn.filter((other) => !equal(other, withdrawal));
            return before - withdrawn.length;
          },
        },
        {
          name: 'add a part',
          real: () => blocklist.apply({ add: packedOf(part) }).then((done) => done.added),
          model: () => part.filter(listEntry).length,
        },
        {
          name: 'replace',
          real: () => blocklist.apply({ replace: { all: part } }).then(() => undefined),
          model() {
            listed = [];
            const fits = part.filter((entry) => !isDegenerate(entry.hash));
            const left = fits.filter((entry) => !isWithdrawn(entry));
            rejected.degenerate += part.length - fits.length;
            rejected.withdrawn += fits.length - left.length;
            listed = left;
          },
        },
        {
          name: 'switch a list',
          real: () => blocklist.apply({ settings: { [list]: { enabled } } }).then(() => undefined),
          model() {
            off = off.filter((other) => other !== list);
            if (!enabled) off.push(list);
          },
        },
        {
          name: 'decide',
          real: () => matchesOf(hash),
          model: () => listedAs(hash),
        },
      ];
      const chosen = changes[next() % 20];
      // A list that is replaced often never gets long.
      if (chosen && (chosen.name !== 'replace' || next() % 4 === 0)) return chosen;
      return {
        name: 'add',
        real: () => blocklist.apply({ add: [one] }).then((done) => done.added),
        model: () => Number(listEntry(one)),
      };
    },
    compare() {
      agree(blocklist.size, listed.length);
      agree([...blocklist.entries()].map(textOf).sort(), listed.map(textOf).sort());
      agree(blocklist.rejected, rejected);
      agree(blocklist.withdrawals, withdrawn);
      if (off.length > 0) {
        for (const { name, size, enabled } of blocklist.lists()) {
          agree(size, listed.filter((entry) => isOn(name, entry)).length);
          agree(enabled, !off.includes(name));
        }
      }
      for (const hash of HASHES) agree(matchesOf(hash), listedAs(hash));
    },
  };
}

const textOf = ({ labels, id, source, quality, list = '' }: BlocklistEntry) =>
  `${labels} ${id} ${source} ${quality} ${list}`;
const equal = (a: WithdrawnKey, b: WithdrawnKey) => JSON.stringify(a) === JSON.stringify(b);

function packedOf(entries: readonly BlocklistEntry[]): PackedEntries {
  const { algorithm, bytes } = entries[0]?.hash ?? BASE;
  const packed = new PackedEntries(algorithm, (8 * bytes.length) as Bits);
  for (const entry of entries) packed.push(entry);
  return packed;
}

describe.each([0, 30])('a blocklist that starts with %i entries', (first) => {
  test('each step of each change fails', async () => {
    const pair = blocklistBesideArray(first);
    const { refused } = await eachStepOfEachChange(pair, first + 1, runs(300));
    expect(refused).toBeGreaterThan(runs(500));
  });

  test('each step of many changes fails, once', async () => {
    const create = () => blocklistBesideArray(first);
    const { refused } = await eachStepOfAllChanges(create, first + 7, runs(60));
    expect(refused).toBeGreaterThan(runs(50));
  });
});

const uniform = (count: number, seed: number): Hash[] => {
  const { bytes } = uniformHashes(count, seed);
  return Array.from({ length: count }, (_, i) => ({
    algorithm: 'pdq',
    bytes: bytes.slice(32 * i, 32 * i + 32),
  }));
};

test('without memory to merge, changes succeed, and merging is retried now and then', () => {
  const empty = indexOf([], { algorithm: 'pdq' }, { kind: 'mih' }).toBuffer();
  const index = attachedTo(empty, { deltaLimit: 8 });
  const hashes = uniform(500, 1);
  const large: Fails = (_, length) => length > 8192;
  const nearest = () => hashes.slice(0, index.size).map((hash) => index.search(hash, 31)[0]?.id);
  const { value: ids, faults } = withFaults(large, () =>
    hashes.slice(0, 400).map((hash) => index.add(hash)),
  );
  expect(ids).toEqual([...Array(400).keys()]);
  expect(faults).toBeGreaterThan(10);
  expect(faults).toBeLessThanOrEqual(400 / 8);
  const merged = withFaults(large, () => {
    while (index.compact());
  });
  expect(merged.error).toBeInstanceOf(Fault);
  expect(nearest()).toEqual(ids);
  for (const hash of hashes.slice(400)) index.add(hash);
  expect(index.explain(31).parts.length).toBeLessThan(7);
  while (index.compact());
  expect(index.explain(31).parts.length).toBe(1);
  expect(nearest()).toEqual([...Array(500).keys()]);
});

test('an entry keeps its own labels, whichever large allocation fails as a list grows', async () => {
  const listed = uniform(300, 2);
  const added = uniform(runs(600), 3);
  let refused = 0;
  for (let at = 0, all = false; !all; at++) {
    const blocklist = createBlocklist(listed.map((hash, i) => ({ hash, labels: [`old ${i}`] })));
    const labelsOf = (hash: Hash) =>
      match({ hash, variants: [] }, blocklist).matches.map(({ entry }) => entry.labels[0]);
    expect(labelsOf(listed[0]!)).toEqual(['old 0']);
    let large = 0;
    const fails: Fails = (_, length) => length > 256 && large++ === at;
    for (const [i, hash] of added.entries()) {
      const entry = { hash, labels: [`new ${i}`] };
      const { faults, ...outcome } = withFaults(fails, () => blocklist.apply({ add: [entry] }));
      const { error } = await settled(outcome);
      refused += faults;
      if (error !== undefined) await blocklist.apply({ add: [entry] });
    }
    all = large <= at;
    expect(blocklist.size).toBe(listed.length + added.length);
    if (at % 8 === 0 || all)
      expect(added.flatMap(labelsOf)).toEqual(added.map((_, i) => `new ${i}`));
  }
  expect(refused).toBeGreaterThan(runs(10));
});
