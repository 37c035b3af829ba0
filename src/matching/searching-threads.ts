import type { Hash } from '../hash.js';
import type { Segment } from '../indexing/segment.js';

/** How the threads of a list fare. */
export interface SearchThreadsStats {
  /** threads that run */
  readonly workers: number;
  /** threads that took the place of one that died */
  readonly restarts: number;
  /** bytes of the memory that all of them read */
  readonly sharedBytes: number;
  /** searches of a segment that were sent to threads, and answered */
  readonly searches: number;
}

/** Threads that search the large segments of a blocklist. */
export interface SearchingThreads {
  /**
   * Searches a segment of hashes of 256 bits beyond 31 bits: pairs of entry and distance.
   * @returns undefined if it is not for them; resolves to undefined if they failed
   */
  searchNear(
    segment: Segment,
    hash: Hash,
    maxDistance: number,
    ranks: Uint8Array | undefined,
  ): Promise<Uint32Array | undefined> | undefined;
  stats(): SearchThreadsStats;
}
