import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { clusteredHashes, random } from '../../bench/workloads.js';
import type { Hash } from '../../src/hash.js';
import type { HammingIndex, Hit } from '../../src/indexing/hamming-index.js';
import { createIndex, mutableIndex, openShared } from '../../src/indexing/mutable-index.js';
import { createIndexPool } from '../../src/node/index-pool.js';

// Threads run JavaScript, so the worker is built as the package builds it.
const folder = mkdtempSync(join(tmpdir(), 'index-pool-'));
const workerUrl = pathToFileURL(join(folder, 'index-worker.mjs'));
beforeAll(() => {
  buildSync({
    entryPoints: [join(import.meta.dirname, '../../src/node/index-worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: join(folder, 'index-worker.mjs'),
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inOrder = (hits: Hit[]) => hits.sort((a, b) => a.id - b.id);
const list = clusteredHashes(5000, 8);
const index = createIndex(list);
const queries = { ...list, bytes: list.bytes.slice(0, 32 * 1000) };
const asHashes = (): Hash[] =>
  Array.from({ length: 1000 }, (_, i) => ({
    algorithm: 'pdq',
    bytes: queries.bytes.subarray(32 * i, 32 * i + 32),
  }));

const changed = createIndex(list, { simd: 'never' });
for (const id of [3, 7, 4999]) changed.remove(id);
changed.add(asHashes()[3]!);
const { algorithm, bits, size, kind } = changed;
/** An index of another implementation. */
const other = {
  ...{ algorithm, bits, size, kind },
  search: () => [],
  searchInto: () => 0,
  searchNearInto: () => 0,
  toBuffer: () => changed.toBuffer(),
} as unknown as HammingIndex;

test.each([
  ['in SIMD', index],
  ['in JavaScript, amid changes', changed],
])('near searches find what a single thread finds: %s', async (_, searched) => {
  const ranks = Uint8Array.from({ length: 256 }, (_, i) => (i * 37) % 256);
  const next = random(5);
  const variants = asHashes().map(({ bytes }, i) => {
    const copy = bytes.slice();
    for (let flips = i % 70; flips > 0; flips--) copy[next() % 32]! ^= 1 << (next() % 8);
    return { hash: { algorithm, bytes: copy }, ...(i % 3 && { ranks }) };
  });
  const pool = createIndexPool(searched, { workers: 2, workerUrl });
  try {
    const expected = variants.map(({ hash, ranks }) => searched.searchNear(hash, 60, { ranks }));
    const found = await pool.searchNearBatch(variants, 60);
    expect(found.map(inOrder)).toEqual(expected.map(inOrder));
    expect(found.flat().some(({ distance }) => distance > 31)).toBe(true);
    const broken = [{ hash: variants[0]!.hash, ranks: new Uint8Array(256) }];
    await expect(pool.searchNearBatch(broken, 60)).rejects.toThrow(RangeError);
    expect(await pool.searchNearBatch([], 60)).toEqual([]);
    // Ranks are copied at once: the caller may use their memory again.
    const many = Array.from({ length: 10 }, () => variants).flat();
    const own = many.map(({ hash, ranks }) => ({ hash, ...(ranks && { ranks: ranks.slice() }) }));
    const answer = pool.searchNearBatch(own, 60);
    for (const { ranks } of own) ranks?.fill(0);
    expect(await answer).toEqual(await pool.searchNearBatch(many, 60));
  } finally {
    await pool.close();
  }
});

test.each<[string, HammingIndex, HammingIndex]>([
  ['in SIMD', index, index],
  ['in JavaScript, amid changes', changed, changed],
  ['of another implementation', other, changed],
])('answers like a single thread, packed or not: %s', async (_, searched, index) => {
  const pool = createIndexPool(searched, { workers: 2, workerUrl });
  try {
    expect(pool.workers).toBe(2);
    for (const max of [0, 31]) {
      const expected = index.searchBatch(queries, max).map(inOrder);
      expect((await pool.searchBatch(queries, max)).map(inOrder)).toEqual(expected);
      const both = [pool.searchBatch(asHashes(), max), pool.searchBatch(asHashes(), max)];
      for (const hits of await Promise.all(both)) expect(hits.map(inOrder)).toEqual(expected);
    }
    expect(await pool.searchBatch([], 31)).toEqual([]);
    const [all] = await pool.searchBatch(asHashes().slice(0, 1), 256);
    expect(all).toHaveLength(index.size);
  } finally {
    await pool.close();
  }
});

test('threads share one memory, by SIMD or not, and answer alike', () => {
  const expected = changed.searchBatch(queries, 31).map(inOrder);
  for (const [simd, kernel] of [
    ['auto', 'simd'],
    ['never', 'js'],
  ] as const) {
    const index = mutableIndex(createIndex(list, { simd }));
    for (const id of [3, 7, 4999]) index.remove(id);
    index.add(asHashes()[3]!);
    const shared = index.share(3);
    expect(shared.buffer).toBeInstanceOf(SharedArrayBuffer);
    const threads = [0, 1, 2].map((thread) => openShared(shared, thread));
    // Later changes are not seen.
    index.remove(0);
    for (const opened of threads) {
      expect(opened.explain(31).parts.map((part) => part.kernel)).toEqual([kernel]);
      expect(opened.searchBatch(queries, 31).map(inOrder)).toEqual(expected);
    }
  }
});

test('a message that cannot be sent fails its own search and no other', async () => {
  const pool = createIndexPool(index, { workers: 1, workerUrl });
  const post = vi.spyOn(Worker.prototype, 'postMessage').mockImplementationOnce(() => {
    throw new RangeError('no memory');
  });
  try {
    const [one, two, three] = [3, 4, 5].map((at) => asHashes().slice(at, at + 1));
    await expect(pool.searchBatch(one!, 0)).rejects.toThrow(RangeError);
    for (const query of [two!, three!]) {
      expect(await pool.searchBatch(query, 0)).toEqual(index.searchBatch(query, 0));
    }
  } finally {
    post.mockRestore();
    await pool.close();
  }
});

test('reads a stream only a little ahead of its hits', async () => {
  const pool = createIndexPool(index, { workers: 1, workerUrl });
  try {
    const expected = index.searchBatch(queries, 31);
    let given = 0;
    async function* source() {
      for (const hash of asHashes()) {
        given++;
        yield hash;
      }
    }
    let taken = 0;
    for await (const hits of pool.search(source(), 31)) {
      expect(hits).toEqual(expected[taken++]);
      expect(given - taken).toBeLessThanOrEqual(4 * 128);
    }
    expect(taken).toBe(1000);
  } finally {
    await pool.close();
  }
});

test('stops on abort, and serves the next search', async () => {
  const pool = createIndexPool(index, { workers: 1, workerUrl });
  try {
    const reason = new Error('enough');
    const ended = AbortSignal.abort(reason);
    await expect(pool.searchBatch(queries, 31, { signal: ended })).rejects.toBe(reason);
    const controller = new AbortController();
    const pending = pool.searchBatch(queries, 256, { signal: controller.signal });
    setImmediate(() => controller.abort(reason));
    await expect(pending).rejects.toBe(reason);
    const one = { ...queries, bytes: queries.bytes.slice(0, 32) };
    expect(await pool.searchBatch(one, 31)).toEqual(index.searchBatch(one, 31));
  } finally {
    await pool.close();
  }
});

test('refuses what the index refuses, and everything after it is closed', async () => {
  const pool = createIndexPool(index, { workers: 1, workerUrl });
  const wrong: Hash = { algorithm: 'dhash', bytes: new Uint8Array(32) };
  await expect(pool.searchBatch([wrong], 31)).rejects.toThrow(TypeError);
  await expect(pool.searchBatch(queries, 257)).rejects.toThrow(RangeError);
  expect(() => createIndexPool(index, { workers: 0 })).toThrow(RangeError);
  const pending = pool.searchBatch(queries, 256);
  const refused = expect(pending).rejects.toThrow('closed');
  await pool.close();
  await refused;
  await expect(pool.searchBatch(queries, 31)).rejects.toThrow('closed');
});

test('a worker that cannot start gives an error instead of hanging', async () => {
  const missing = pathToFileURL(join(folder, 'nothing.mjs'));
  const pool = createIndexPool(index, { workers: 1, workerUrl: missing });
  await expect(pool.searchBatch(queries, 31)).rejects.toThrow('index-worker.js as workerUrl');
  await pool.close();
});
