import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';

/** What a search finds: the number under which a hash was added, and its distance in bits. */
export interface Hit {
  readonly id: number;
  readonly distance: number;
}

/** Exact Hamming search over hashes of one algorithm and width. The same query gives the same hits whichever the kind. */
export interface HammingIndex {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  /** hashes that a search can find */
  readonly size: number;
  /** which engine holds them */
  readonly kind: 'flat' | 'mih';

  /**
   * Every indexed hash within `maxDistance` bits of `query`, in no particular order. Exact: nothing is missed.
   * @param maxDistance 0…bits, inclusive
   * @returns hits whose `id` is the position at which the hash was added; duplicates give one hit each
   * @throws {TypeError} if `query` is of another algorithm than the index
   * @throws {RangeError} if it is of another width, or `maxDistance` is no integer from 0 to the width
   */
  search(query: Hash, maxDistance: number): Hit[];

  /**
   * As `search`, without an object a hit: writes id and distance of each hit to `out`, pair by pair, while there is room.
   * @returns how many hits there are, also beyond the room of `out`
   */
  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number;

  /** The hits of each query, in the order of the queries. */
  searchBatch(queries: Iterable<Hash> | PackedHashes, maxDistance: number): Hit[][];
}
