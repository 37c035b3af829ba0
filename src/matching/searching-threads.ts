import type { Hash } from '../hash.js';
import type { MutableIndex } from '../indexing/mutable-index.js';

/** How the threads of a list fare. */
export interface SearchThreadsStats {
  /** threads that run */
  readonly workers: number;
  /** threads that took the place of one that died */
  readonly restarts: number;
  /** bytes of the memory that all of them read */
  readonly sharedBytes: number;
  /** searches that were sent to threads, and answered */
  readonly searches: number;
}

/** Threads that search the large parts of the indexes of a blocklist. */
export interface SearchingThreads {
  /**
   * As `index.searchNear`, of 256 bits and beyond 31 bits, in pairs of id and distance. They have
   * to be read before the index changes.
   * @returns undefined if nothing of the index is for them; resolves to undefined if they failed
   */
  searchNear(
    index: MutableIndex,
    hash: Hash,
    maxDistance: number,
    ranks: Uint8Array | undefined,
  ): Promise<Uint32Array | undefined> | undefined;
  stats(): SearchThreadsStats;
}
