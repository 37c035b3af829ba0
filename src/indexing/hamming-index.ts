import { checkInteger, checkOptions, checkTypeOf } from '../door.js';
import type { Hash, PackedHashes } from '../hash.js';
import type { HashType } from '../packed-words.js';
import type { Hit } from './part-search.js';

/**
 * Exact Hamming search over hashes of one algorithm and width. The same query gives the same hits,
 * whatever the engine. A call that throws has changed nothing, even if memory ran out halfway. A
 * change takes milliseconds at most, however many hashes there are; removing a hash takes a search
 * as well.
 */
export interface HammingIndex extends HashType {
  /** hashes that a search can find */
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
   * 31 bits, and of those beyond the ones that a fixed rule finds, the same on every engine and
   * after every change (`near.ts` has the rule). So it is not exact beyond 31 bits: of pairs of a
   * photo and its copies at 32 to 60 bits, 98 % and more are found. Hashes of 64 bits are searched
   * exactly.
   * @param options `ranks`: how sure the bits of a PDQ query are, as `HashedVariant` has them
   * @throws {TypeError | RangeError} as `search`, or if `ranks` does not hold each of 0…255 once
   */
  searchNear(query: Hash, maxDistance: number, options?: NearOptions): Hit[];

  /**
   * As `search`, without an object a hit: writes id and distance of each hit to `out`, pair by
   * pair, while there is room.
   * @returns how many hits there are, also beyond the room of `out`
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
   * are never used again. The first call makes a set of all ids, even if it removes nothing.
   * @returns how many entries were removed
   */
  remove(what: number | Hash): number;

  /**
   * Advances the compaction of what was added and removed by a few milliseconds, for idle time;
   * changes advance it too. Answers stay the same. If memory runs out, this throws, and the
   * compaction starts again later.
   * @returns whether there is more to do
   */
  compact(): boolean;

  /** How a search at this distance works, and the nanoseconds it takes on uniform hashes, about. */
  explain(maxDistance: number): Explanation;

  /**
   * The whole index as bytes for `indexFromBuffer`, fresh; what was removed is not in them. This
   * blocks: copying takes about 0.2 s a million hashes; an index that is not compacted is built
   * anew, which takes about a second. In Node, `saveIndex` does not block.
   */
  toBuffer(options?: SnapshotOptions): ArrayBufferLike;
}

/** What a near search may know of its query. */
export interface NearOptions {
  /** how sure each bit is: from 0, the least sure, to 255 */
  ranks?: Uint8Array | undefined;
}

/** How a search works: its parts, one for each segment of the index. */
export interface Explanation {
  readonly parts: readonly {
    /** `flat` compares every hash, `mih` looks into buckets of multi-index hashing */
    readonly engine: 'flat' | 'mih';
    /** what its loops run in: WebAssembly SIMD or JavaScript */
    readonly kernel: 'simd' | 'js';
    readonly hashes: number;
    /** that a hash is cut into; 0 if flat */
    readonly bands: number;
    /** buckets looked into; 0 if flat */
    readonly probes: number;
    readonly nanoseconds: number;
  }[];
  readonly nanoseconds: number;
}

/** What a snapshot carries beside the hashes. */
export interface SnapshotOptions {
  /** counts up with each saved state, so that an older one can be told; default 0 */
  generation?: number;
  /** degenerate entries that were kept out; default the number the index was opened with */
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
