import { parentPort, workerData } from 'node:worker_threads';
import type { HammingIndex } from '../indexing/hamming-index.js';
import { openShared, type SharedIndex } from '../indexing/mutable-index.js';

/** What a worker is started with. */
export interface IndexStart {
  /** index number 0; absent: it gets its indexes later */
  readonly shared?: SharedIndex;
  /** of the thread, for the memory that it writes to: no two of an index have the same */
  readonly number: number;
}

/** A message to the worker: packed queries and the search distance. */
export interface PoolTask {
  /** number of the index, default 0 */
  readonly index?: number;
  readonly bytes: Uint8Array;
  readonly maxDistance: number;
  /** of near searches: the ranks of each query, where they are known */
  readonly ranks?: readonly (Uint8Array | undefined)[];
}

/** A message without an answer: an index to search from now on, or one to let go of. */
export type IndexMessage =
  | { readonly attach: number; readonly shared: SharedIndex }
  | { readonly detach: number };

/**
 * The worker's answer: the number of hits of each query, and all ids and distances, pair by pair.
 */
export interface PoolAnswer {
  readonly totals: Uint32Array;
  readonly hits: Uint32Array;
}

// The program of one thread of `createIndexPool` or `createSearchThreads`. It searches the memory
// that these made.
const { shared, number } = workerData as IndexStart;
const indexes = new Map<number, HammingIndex>();
if (shared) indexes.set(0, openShared(shared, number));
let found = new Uint32Array(4096);

parentPort?.on('message', (message: PoolTask | IndexMessage) => {
  if ('attach' in message) indexes.set(message.attach, openShared(message.shared, number));
  else if ('detach' in message) indexes.delete(message.detach);
  else answer(indexes.get(message.index ?? 0), message);
});

function answer(index: HammingIndex | undefined, { bytes, maxDistance, ranks }: PoolTask): void {
  if (!index) {
    // It was let go of while the question was on its way: no query is answered.
    parentPort?.postMessage({ totals: new Uint32Array(0), hits: new Uint32Array(0) });
    return;
  }
  const { algorithm, bits } = index;
  const size = bits / 8;
  const totals = new Uint32Array(bytes.length / size);
  let used = 0;
  for (let i = 0; i < totals.length; i++) {
    const query = { algorithm, bytes: bytes.subarray(i * size, (i + 1) * size) };
    const near = ranks && index.searchNear(query, maxDistance, { ranks: ranks[i] });
    const total = near?.length ?? index.searchInto(query, maxDistance, found.subarray(used));
    if (used + 2 * total > found.length) {
      const grown = new Uint32Array(2 * (used + 2 * total));
      grown.set(found.subarray(0, used));
      found = grown;
      if (!near) index.searchInto(query, maxDistance, found.subarray(used));
    }
    for (const [n, { id, distance }] of near?.entries() ?? []) {
      found[used + 2 * n] = id;
      found[used + 2 * n + 1] = distance;
    }
    totals[i] = total;
    used += 2 * total;
  }
  const answer: PoolAnswer = { totals, hits: found.slice(0, used) };
  parentPort?.postMessage(answer, [totals.buffer, answer.hits.buffer as ArrayBuffer]);
}
