import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, test, vi } from 'vitest';
import { hashesOf, plant, random, uniformHashes } from '../../../bench/workloads.js';
import { type Blocklist, createBlocklist } from '../../../src/blocklist/blocklist.js';
import { textOfEntry } from '../../../src/entry.js';
import type { Hash } from '../../../src/hash.js';
import type { Decision } from '../../../src/matching/decision.js';
import { match } from '../../../src/matching/match.js';
import { nearHitsBy } from '../../../src/matching/search.js';
import { loadBlocklist as openBlocklist } from '../../../src/node/files/list-records.js';
import { createSearchThreads } from '../../../src/node/files/search-threads.js';
import { setWorkerScripts } from '../../../src/node/pool/start-thread.js';
import { ownScripts } from '../pool/hash-process.js';
import { saveList } from './saved-list.js';

const scripts = ownScripts('index-worker');
afterEach(() => setWorkerScripts(scripts.folder));

const COUNT = 40_000;
const ENTRIES = uniformHashes(COUNT, 11);
const entries = hashesOf(ENTRIES.bytes);
/** Each of them at 0 to 60 bits of an entry. */
const QUERIES = (() => {
  const next = random(12);
  const { bytes } = uniformHashes(400, 13);
  for (let at = 0; at < 400; at++) plant(ENTRIES.bytes, next() % COUNT, bytes, at, at % 61, next);
  return hashesOf(bytes);
})();
const ranks = Uint8Array.from({ length: 256 }, (_, i) => (i * 37) % 256);

const listOf = () => createBlocklist(entries.map((hash, i) => ({ hash, id: `e${i}`, labels: [] })));
const image = (hash: Hash, i = 0) => ({ hash, variants: [], ...(i % 2 === 0 && { ranks }) });
const told = ({ verdict, reason, matches }: Decision) => ({
  verdict,
  reason,
  matches: matches.map(({ entry, distance }) => [entry.id, distance]).sort(),
});

test('decisions are those that the list makes alone, and nearly all of them in threads', async () => {
  const list = listOf();
  const expected = QUERIES.map((hash, i) => told(match(image(hash, i), list, { all: true })));
  expect(new Set(expected.map(({ verdict }) => verdict))).toEqual(
    new Set(['match', 'review', 'none']),
  );
  const threads = createSearchThreads(list, { workers: 2 });
  await threads.ready();
  const asked = QUERIES.map(async (hash, i) => {
    return told(await match(image(hash, i), list, { all: true, remote: [] }));
  });
  expect(await Promise.all(asked)).toEqual(expected);
  expect(threads.stats()).toMatchObject({ workers: 2, restarts: 0, searches: QUERIES.length });
  await threads.close();
  const [first] = QUERIES;
  expect(told(await match(image(first!), list, { all: true, remote: [] }))).toEqual(expected[0]);
  expect(threads.stats().searches).toBe(QUERIES.length);
});

test('a message that cannot be sent leaves its search to the list, and others to the thread', async () => {
  const list = listOf();
  const threads = createSearchThreads(list, { workers: 1 });
  await threads.ready();
  const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementationOnce(() => {
    throw new RangeError('no memory');
  });
  // One after another, so that each has a message of its own.
  const three = QUERIES.filter((_, i) => i % 61 > 31).slice(0, 3);
  for (const hash of three) {
    expect(told(await match(image(hash), list, { remote: [] }))).toEqual(
      told(match(image(hash), list)),
    );
  }
  expect(threads.stats()).toMatchObject({ restarts: 0, searches: 2 });
  post.mockRestore();
  await threads.close();
});

test('further threads take no further memory', async () => {
  const sizes: number[] = [];
  for (const workers of [1, 4]) {
    const threads = createSearchThreads(listOf(), { workers });
    await threads.ready();
    sizes.push(threads.stats().sharedBytes);
    await threads.close();
  }
  expect(sizes[0]).toBeGreaterThan(32 * COUNT);
  // Each has a place to write to.
  expect(sizes[1]! - sizes[0]!).toBeLessThan(1e6);
});

test('a decision includes changes made while threads search, and no withdrawn entry', async () => {
  const list = listOf();
  const threads = createSearchThreads(list, { workers: 2 });
  await threads.ready();
  const next = random(14);
  let changed = 0;
  const late = hashesOf(uniformHashes(QUERIES.length, 15).bytes);
  for (const [i, hash] of QUERIES.entries()) {
    const { generation } = list;
    const before = match(image(hash, i), list, { all: true });
    const deciding = match(image(hash, i), list, { all: true, remote: [] });
    // Now, once it is sent, or once it is answered.
    for (let turns = next() % 3; turns > 0; turns--) await new Promise(setImmediate);
    const [near] = before.matches;
    if (i % 2 === 0 && near) await list.apply({ withdraw: [{ id: near.entry.id! }] });
    else
      await list.apply({
        add: [{ hash: i % 3 === 0 ? hash : late[i]!, id: `late ${i}`, labels: [] }],
      });
    // It may have been made before the change.
    const decision = await deciding;
    const isBefore = decision.generation === generation;
    const now = isBefore ? before : match(image(hash, i), list, { all: true });
    expect(told(decision)).toEqual(told(now));
    if (!isBefore) changed++;
    // The segment that threads search still has what was withdrawn.
    const again = await match(image(hash, i), list, { all: true, remote: [] });
    expect(told(again)).toEqual(told(match(image(hash, i), list, { all: true })));
  }
  expect(changed).toBeGreaterThan(QUERIES.length / 2);
  await threads.close();
});

test('threads answer for the list at the time of the request', async () => {
  const list = listOf();
  const hits = Uint32Array.of(7, 40, 8, 40, 4999, 40);
  const policy = { matchDistance: 31, reviewDistance: 60, minQuality: 50 };
  const [query] = entries;
  const kind = () => list.state.of({ algorithm: 'pdq', bits: 256 });
  const ask = (answer: Promise<Uint32Array>) =>
    nearHitsBy({ searchNear: () => answer }, kind(), query!, policy, undefined);
  const asked = ask(new Promise((resolve) => setTimeout(() => resolve(hits), 50)));
  for (const id of [8, 4999]) await list.apply({ withdraw: [{ id: `e${id}` }] });
  expect(await ask(Promise.resolve(hits))).toEqual(Uint32Array.of(7, 40));
  // So much goes that the segment is made anew, and entries have other numbers.
  const second = entries.slice(0, COUNT / 2);
  await list.apply({ remove: second.map((hash, i) => ({ hash, id: `e${i}`, labels: [] })) });
  await list.settled();
  expect(kind().parts.map(({ table }) => table.size)).toEqual([COUNT / 2]);
  expect(await asked).toEqual(hits);
});

test('a list whose segments are shared is the same list', async () => {
  const list = listOf();
  await list.apply({
    add: [{ hash: entries[3]!, id: 'e3', source: 'twice', labels: ['b'], list: 'a' }],
  });
  await list.apply({ withdraw: [{ id: 'e4' }] });
  const { generation } = list;
  const textOf = (one: Blocklist) => [...one.entries()].map(textOfEntry).sort().join('\n');
  const before = textOf(list);
  const decided = QUERIES.map((hash, i) => told(match(image(hash, i), list, { all: true })));
  const threads = createSearchThreads(list);
  await threads.ready();
  expect(threads.stats().sharedBytes).toBeGreaterThan(32 * COUNT);
  expect(textOf(list) === before).toBe(true);
  expect(QUERIES.map((hash, i) => told(match(image(hash, i), list, { all: true })))).toEqual(
    decided,
  );
  expect(list.generation).toBe(generation);
  const path = fileURLToPath(new URL('shared.ohb', scripts.folder));
  await saveList(path, list);
  expect(textOf(await openBlocklist(path)) === before).toBe(true);
  expect((await list.apply({ withdraw: [{ id: 'e3' }] })).removed).toBe(2);
  await threads.close();
});

test('added segments become shared, and those they replace are released', async () => {
  const list = listOf();
  const threads = createSearchThreads(list, { workers: 1 });
  await threads.ready();
  const before = threads.stats().sharedBytes;
  await list.apply({
    add: hashesOf(uniformHashes(COUNT, 16).bytes).map((hash) => ({ hash, labels: [] })),
  });
  await threads.ready();
  const both = threads.stats().sharedBytes;
  expect(both).toBeGreaterThan(1.5 * before);
  await list.apply({ replace: { list: '', entries: [] } });
  await threads.ready();
  expect(threads.stats().sharedBytes).toBe(0);
  const [hash] = QUERIES;
  expect(await match(image(hash!), list, { remote: [] })).toMatchObject({ verdict: 'none' });
  await threads.close();
});

test('a thread that dies is replaced, and no question is lost by it', async () => {
  const mortal = scripts.played(
    'index-worker',
    'mortal',
    `import '../index-worker.js';
import { parentPort } from 'node:worker_threads';
let questions = 0;
parentPort.on('message', ({ bytes }) => { if (bytes && ++questions === 3) process.exit(1); });`,
  );
  setWorkerScripts(mortal);
  const list = listOf();
  const problems: string[] = [];
  const onProblem = ({ message }: Error) => problems.push(message);
  const threads = createSearchThreads(list, { workers: 2, onProblem });
  await threads.ready();
  const expected = QUERIES.map((hash, i) => told(match(image(hash, i), list, { all: true })));
  // They die young, and are replaced after a second.
  for (let round = 0; threads.stats().restarts < 3; round++) {
    const asked: Promise<Decision>[] = [];
    for (let i = 0; i < 8; i++) {
      const at = (8 * round + i) % QUERIES.length;
      asked.push(match(image(QUERIES[at]!, at), list, { all: true, remote: [] }));
      await new Promise(setImmediate);
    }
    for (const [i, decision] of (await Promise.all(asked)).entries()) {
      expect(told(decision)).toEqual(expected[(8 * round + i) % QUERIES.length]);
    }
  }
  expect(problems.length).toBeGreaterThanOrEqual(3);
  expect(new Set(problems)).toEqual(new Set(['an index worker exited']));
  await threads.close();
});

test('a thread that cannot run is not restarted endlessly', async () => {
  const list = listOf();
  let problems = 0;
  setWorkerScripts(scripts.played('index-worker', 'stillborn', 'process.exit(1);'));
  const threads = createSearchThreads(list, { onProblem: () => problems++ });
  await threads.ready();
  for (const [i, hash] of QUERIES.slice(0, 20).entries()) {
    const decision = await match(image(hash, i), list, { all: true, remote: [] });
    expect(told(decision)).toEqual(told(match(image(hash, i), list, { all: true })));
  }
  expect(problems).toBeLessThan(5);
  await threads.close();
});

test('an empty list, a small one and hashes of other kinds are searched without threads', async () => {
  const hash: Hash = { algorithm: 'dhash', bytes: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) };
  for (const list of [
    createBlocklist([]),
    createBlocklist([
      { hash, labels: [] },
      { hash: entries[0]!, labels: [] },
    ]),
  ]) {
    const threads = createSearchThreads(list);
    await threads.ready();
    for (const one of [hash, entries[0]!]) {
      expect(await match(image(one, 1), list, { remote: [] })).toEqual({
        ...match(image(one, 1), list),
        generation: list.generation,
      });
    }
    expect(threads.stats()).toMatchObject({ sharedBytes: 0, searches: 0 });
    await threads.close();
  }
});

test('a list has one set of threads at a time', async () => {
  const list = createBlocklist([]);
  const threads = createSearchThreads(list);
  expect(() => createSearchThreads(list)).toThrow(TypeError);
  await threads.close();
  await createSearchThreads(list).close();
  expect(() => createSearchThreads({} as Blocklist)).toThrow('expected a blocklist');
});
