import type { Hash } from '../hash.js';
import type { Hit } from '../indexing/hamming-index.js';
import type { MutableIndex } from '../indexing/mutable-index.js';

/** Threads that search the large parts of the indexes of a blocklist. */
export interface SearchingThreads {
  /**
   * As `index.searchNear`, of 256 bits and beyond 31 bits. The hits have to be read before the
   * index changes.
   * @returns undefined if nothing of the index is for them; resolves to undefined if they failed
   */
  searchNear(
    index: MutableIndex,
    hash: Hash,
    maxDistance: number,
    ranks: Uint8Array | undefined,
  ): Promise<Hit[] | undefined> | undefined;
}
