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
  /** of near searches: the ranks of each query, where they are known */
  readonly ranks?: readonly (Uint8Array | undefined)[];
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

parentPort?.on('message', ({ bytes, maxDistance, ranks }: PoolTask) => {
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
});
