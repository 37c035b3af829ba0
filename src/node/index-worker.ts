import { parentPort, workerData } from 'node:worker_threads';
import type { HammingIndex } from '../indexing/hamming-index.js';
import { openShared, type SharedIndex } from '../indexing/mutable-index.js';

/** What a worker is started with. */
export interface IndexStart {
  /** of the thread, for the memory that it writes to: no two of an index have the same */
  readonly number: number;
}

/** A message to the worker: packed queries of near searches, and their distance. */
export interface SearchTask {
  /** number of the index */
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly maxDistance: number;
  /** the ranks of each query, where they are known */
  readonly ranks: readonly (Uint8Array | undefined)[];
}

/** A message without an answer: an index to search from now on, or one to let go of. */
export type IndexMessage =
  | { readonly attach: number; readonly shared: SharedIndex }
  | { readonly detach: number };

/**
 * The worker's answer: the number of hits of each query, and all ids and distances, pair by pair.
 */
export interface SearchTaskAnswer {
  readonly totals: Uint32Array;
  readonly hits: Uint32Array;
}

// The program of one thread of `createSearchThreads`. It searches the memory that this made.
const { number } = workerData as IndexStart;
const indexes = new Map<number, HammingIndex>();

parentPort?.on('message', (message: SearchTask | IndexMessage) => {
  if ('attach' in message) indexes.set(message.attach, openShared(message.shared, number));
  else if ('detach' in message) indexes.delete(message.detach);
  else answer(indexes.get(message.index), message);
});

/** Without an index, it was let go of while the question was on its way: no query is answered. */
function answer(index: HammingIndex | undefined, { bytes, maxDistance, ranks }: SearchTask): void {
  const found = index
    ? ranks.map((each, i) => {
        const size = index.bits / 8;
        const query = {
          algorithm: index.algorithm,
          bytes: bytes.subarray(i * size, (i + 1) * size),
        };
        return index.searchNear(query, maxDistance, { ranks: each });
      })
    : [];
  const totals = Uint32Array.from(found, (hits) => hits.length);
  const hits = Uint32Array.from(found.flat().flatMap(({ id, distance }) => [id, distance]));
  const answer: SearchTaskAnswer = { totals, hits };
  parentPort?.postMessage(answer, [totals.buffer, hits.buffer]);
}
