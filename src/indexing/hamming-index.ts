import { checkInteger, checkOptions, checkTypeOf } from '../door.js';
import type { Hash, PackedHashes } from '../hash.js';
import type { HashType } from '../packed-words.js';
import type { Hit } from './part-search.js';

/**
 * Exact Hamming search over hashes of one algorithm and width. The same query gives the same hits,
 * whatever the engine. A call that throws has changed nothing, even if memory ran out halfway. A
 * change takes milliseconds at most, however many hashes there are; removing a hash also takes a
 * search.
 */
export interface HammingIndex extends HashType {
  /** number of hashes that a search can find */
  readonly size: number;
  /** the engine that holds them */
  readonly kind: 'flat' | 'mih';

  /**
   * Every indexed hash within `maxDistance` bits of `query`, in no particular order. Exact: nothing
   * is missed.
   * @param maxDistance 0…bits, inclusive
   * @returns hits whose `id` is the position at which the hash was added; duplicates give one each
   * @throws {TypeError} if `query` is of another algorithm than the index
   * @throws {RangeError} if it is of another width, or `maxDistance` is not an integer in range
   */
  search(query: Hash, maxDistance: number): Hit[];

  /**
   * Hashes within `maxDistance` bits of `query`, found by a bounded number of look-ups: all up to
   * 31 bits, and beyond these the ones that a fixed rule finds, the same on every engine and after
   * every change (see `near.ts`). So it is not exact beyond 31 bits: of pairs of a photo and its
   * copies at 32 to 60 bits, about 97 % were found. Hashes of 64 bits are searched exactly.
   * @param options `ranks`: certainty of the bits of a PDQ query, as in `HashedVariant`
   * @throws {TypeError | RangeError} as `search`, or if `ranks` does not hold each of 0…255 once
   */
  searchNear(query: Hash, maxDistance: number, options?: NearOptions): Hit[];

  /**
   * As `search`, without an object a hit: writes id and distance of each hit to `out`, pair by
   * pair, while there is room.
   * @returns the number of hits, also beyond the room of `out`
   */
  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number;

  /** As `searchNear`, into an array as `searchInto`. */
  searchNearInto(query: Hash, maxDistance: number, out: Uint32Array, options?: NearOptions): number;

  /** The hits of each query, in the order of the queries. */
  searchBatch(queries: Iterable<Hash> | PackedHashes, maxDistance: number): Hit[][];

  /**
   * Adds a hash, copied; the next search finds it.
   * @returns its id, one more than the one given last
   * @throws {TypeError | RangeError} if it is of another algorithm or width
   */
  add(hash: Hash): number;

  /**
   * Removes the entry of an id, or every entry of a hash; the next search no longer finds it. Ids
   * are never reused. The first call makes a set of all ids, even if it removes nothing.
   * @returns the number of removed entries
   */
  remove(what: number | Hash): number;

  /**
   * Advances the compaction by a few milliseconds, for idle time; changes advance it too. Answers
   * stay the same. If memory runs out, this throws, and the compaction starts again later.
   * @returns true if there is more to do
   */
  compact(): boolean;

  /** The plan of a search at this distance, and its approximate nanoseconds on uniform hashes. */
  explain(maxDistance: number): Explanation;

  /**
   * The whole index as new bytes for `indexFromBuffer`, without removed entries. This blocks:
   * copying takes about 0.2 s a million hashes; an index that is not compacted is rebuilt, which
   * takes about a second. In Node, `saveIndex` does not block.
   */
  toBuffer(options?: SnapshotOptions): ArrayBufferLike;
}

/** Knowledge about the query of a near search. */
export interface NearOptions {
  /** certainty of each bit: from 0, the least certain, to 255 */
  ranks?: Uint8Array | undefined;
}

/** The plan of a search: its parts, one for each segment of the index. */
export interface Explanation {
  readonly parts: readonly {
    /** `flat` compares every hash, `mih` looks into buckets of multi-index hashing */
    readonly engine: 'flat' | 'mih';
    /** the implementation of its loops: WebAssembly SIMD or JavaScript */
    readonly kernel: 'simd' | 'js';
    readonly hashes: number;
    /** into which a hash is cut; 0 if flat */
    readonly bands: number;
    /** buckets looked into; 0 if flat */
    readonly probes: number;
    readonly nanoseconds: number;
  }[];
  readonly nanoseconds: number;
}

/** Data that a snapshot holds beside the hashes. */
export interface SnapshotOptions {
  /** counts up with each saved state, so that an older one is recognised; default 0 */
  generation?: number;
  /** number of rejected degenerate entries; default the number with which the index was opened */
  degenerate?: number | undefined;
  /** in a SharedArrayBuffer, for workers */
  shared?: boolean;
}

/** @throws {TypeError | RangeError} if an option is invalid */
export function checkSnapshotOptions(options: SnapshotOptions): void {
  checkOptions(options);
  const { generation = 0, degenerate = 0, shared } = options;
  checkInteger('generation', generation, 0, 0xffffffff);
  checkInteger('degenerate', degenerate, 0, 0xfffffffe);
  checkTypeOf('shared', shared, 'boolean');
}
