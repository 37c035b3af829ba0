import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { indexOf } from '../src/indexing/mutable-index.js';
import { quantile, race, table } from './harness.js';
import { fieldOf } from './index-data.js';
import { type EngineOptions, nameOf } from './index-engines.js';
import { checkAnswers, indexPeer, naivePeer } from './index-peers.js';
import { type IndexPart, JUDGED } from './index-run.js';
import { uniformHashes } from './workloads.js';

const DISTANCE = 60;
const QUERIES = 16;

/**
 * Distances scanned before those that are timed. An engine compiles the loops for what it has
 * seen, so the same scan took 9.8, 11 or 17 ms by what ran before it. Each order has a thread with
 * an engine's state of its own.
 */
const BEFORE: readonly (readonly number[])[] = [
  [],
  [0, 15, 31, 40, 47],
  [47, 40, 31, 15, 0],
  [48, 63, 96, 128],
  [256, 128, 31, 15],
  [15, 48, 31, 63, 0, 47, 256],
];

/** Scans as `workerData` says, and answers with the milliseconds of each timed scan. */
const DRIVER = `
const { parentPort, workerData } = require('node:worker_threads');
const { entry, bytes, asked, simd, before, max } = workerData;
if (simd === 'never') delete globalThis.WebAssembly;
import(entry).then(({ createIndex }) => {
  // At this distance a scan is cheaper than buckets.
  const index = createIndex({ algorithm: 'pdq', bits: 256, bytes }, { maxDistance: 128 });
  const out = new Uint32Array(1024);
  const queries = Array.from({ length: asked.length / 32 }, (_, i) =>
    ({ algorithm: 'pdq', bytes: asked.subarray(32 * i, 32 * i + 32) }));
  for (const distance of before) {
    for (let i = 0; i < 6; i++) index.searchInto(queries[i % queries.length], distance, out);
  }
  const times = [];
  for (let i = 0; i < 24; i++) {
    const start = performance.now();
    index.searchInto(queries[i % queries.length], max, out);
    // The first few are compiled while they run.
    if (i >= 4) times.push(performance.now() - start);
  }
  parentPort.postMessage(times);
});
`;

/** The median time of a scan in a thread of its own, in milliseconds. */
function scanAfter(
  entry: string,
  before: readonly number[],
  simd: 'auto' | 'never',
  bytes: Uint8Array,
): Promise<number> {
  const asked = uniformHashes(QUERIES, 78).bytes;
  const workerData = { entry, bytes, asked, simd, before, max: DISTANCE };
  return new Promise((resolve, reject) => {
    const worker = new Worker(DRIVER, { eval: true, workerData });
    worker.once('error', reject);
    worker.once('exit', () => reject(new Error('the thread ended')));
    worker.once('message', (times: number[]) => {
      resolve(quantile(times, 0.5));
      void worker.terminate();
    });
  });
}

/** Scans of a long list at distance 60 by both kernels, whatever ran before. */
export const flatPart: IndexPart = async ({ context, usual, targets }) => {
  const field = fieldOf(uniformHashes(usual, 5).bytes, usual, QUERIES);
  const hashes = { algorithm: 'pdq', bits: 256, bytes: field.bytes } as const;
  const kinds: EngineOptions[] = [{ kind: 'flat' }, { kind: 'flat', simd: 'never' }];
  const peers = kinds.map((kind) =>
    indexPeer(nameOf(kind), indexOf(hashes, {}, kind), field.queries),
  );
  const expected = await naivePeer(field).answers(DISTANCE, QUERIES);
  for (const peer of peers) await checkAnswers(peer, DISTANCE, expected);
  const title = `flat scan of ${usual.toLocaleString('en')} uniform hashes, distance ${DISTANCE}`;
  const result = await race(
    title,
    peers.map(({ name, hits }) => ({
      name,
      operations: QUERIES,
      run: () => hits(DISTANCE, QUERIES),
    })),
  );
  context.report(result);

  const entry = [import.meta.dirname, join(import.meta.dirname, '../dist')]
    .map((folder) => join(folder, 'indexing.js'))
    .find((path) => existsSync(path));
  if (entry === undefined) {
    context.note('scans after other scans are left out: dist/indexing.js is not built');
    return {};
  }
  const orders: { before: readonly number[]; auto: number; never: number }[] = [];
  for (const before of BEFORE) {
    const after = (simd: 'auto' | 'never') =>
      scanAfter(pathToFileURL(entry).href, before, simd, field.bytes);
    orders.push({ before, auto: await after('auto'), never: await after('never') });
  }
  const rows = orders.map(({ before, auto, never }) => [
    before.length === 0 ? 'nothing before' : `after ${before.join(', ')}`,
    auto.toFixed(2),
    never.toFixed(2),
  ]);
  context.note(`\n  ${table(`${title}, ms`, ['SIMD', 'without'], rows)}`);
  const slowest = Math.max(...orders.map(({ never }) => never));
  if (usual === JUDGED)
    targets.atMost(`${title}, without SIMD, whatever ran before: ms`, slowest, 10);
  return { scansAfterOthers: orders };
};
