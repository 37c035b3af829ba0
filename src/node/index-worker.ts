import { parentPort, workerData } from 'node:worker_threads';
import { openShared, type SharedIndex } from '../indexing/mutable-index.js';

/** What a worker is started with. */
interface PoolStart {
  readonly shared: SharedIndex;
  /** of the thread; the first is 0 */
  readonly number: number;
}

/** A message to the worker: packed queries and the search distance. */
export interface PoolTask {
  readonly bytes: Uint8Array;
  readonly maxDistance: number;
}

/**
 * The worker's answer: the number of hits of each query, and all ids and distances, pair by pair.
 */
export interface PoolAnswer {
  readonly totals: Uint32Array;
  readonly hits: Uint32Array;
}

// The program of one thread of `createIndexPool`. It searches the memory that the pool made.
const { shared, number } = workerData as PoolStart;
const index = openShared(shared, number);
let found = new Uint32Array(4096);

parentPort?.on('message', ({ bytes, maxDistance }: PoolTask) => {
  const { algorithm, bits } = index;
  const size = bits / 8;
  const totals = new Uint32Array(bytes.length / size);
  let used = 0;
  for (let i = 0; i < totals.length; i++) {
    const query = { algorithm, bytes: bytes.subarray(i * size, (i + 1) * size) };
    let total = index.searchInto(query, maxDistance, found.subarray(used));
    if (used + 2 * total > found.length) {
      const grown = new Uint32Array(2 * (used + 2 * total));
      grown.set(found.subarray(0, used));
      found = grown;
      total = index.searchInto(query, maxDistance, found.subarray(used));
    }
    totals[i] = total;
    used += 2 * total;
  }
  const answer: PoolAnswer = { totals, hits: found.slice(0, used) };
  parentPort?.postMessage(answer, [totals.buffer, answer.hits.buffer as ArrayBuffer]);
});
