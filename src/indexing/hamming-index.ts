import { checkArray, checkInteger, checkOptions, checkTypeOf } from '../door.js';
import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';

/** What a search finds: the number under which a hash was added, and its distance in bits. */
export interface Hit {
  readonly id: number;
  readonly distance: number;
}

/**
 * Exact Hamming search over hashes of one algorithm and width. The same query gives the same hits
 * whichever the kind. A call that throws has changed nothing, even if memory ran out halfway.
 */
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

  /**
   * Adds a hash, copied; the next search finds it.
   * @returns its id, one more than the one given last
   * @throws {TypeError | RangeError} if it is of another algorithm or width
   */
  add(hash: Hash): number;

  /**
   * Removes the entry of an id, or every entry of a hash; the next search finds it no more. Ids
   * are never used again. The first call makes a set of all ids, even if there is nothing to
   * remove; later calls need no memory.
   * @returns how many entries went
   */
  remove(what: number | Hash): number;

  /**
   * Advances the merging of what was added and removed by a few milliseconds, for idle time;
   * changes advance it too. Answers stay the same. If memory runs out, this throws and the merge
   * begins anew later.
   * @returns whether there is more to do
   */
  merge(): boolean;

  /** How a search at this distance would go about it, and the nanoseconds it is expected to take on uniform hashes. */
  explain(maxDistance: number): Explanation;

  /** The whole index as bytes for `indexFromBuffer`, fresh; what was removed is not in them. */
  toBuffer(options?: SnapshotOptions): ArrayBufferLike;
}

/** What a search does: its parts, one a segment of the index. */
export interface Explanation {
  readonly parts: readonly {
    /** `scan` looks at every hash, `mih` into buckets of multi-index hashing */
    readonly engine: 'scan' | 'mih';
    readonly hashes: number;
    /** that a hash is cut into; 0 of a scan */
    readonly bands: number;
    /** buckets looked into; 0 of a scan */
    readonly probes: number;
    readonly nanoseconds: number;
  }[];
  readonly nanoseconds: number;
}

/** What a snapshot carries beside the hashes. */
export interface SnapshotOptions {
  /** any bytes, kept at its end (`snapshotNotes` gives them back) */
  notes?: Uint8Array;
  /** counts up with each saved state, so that an older one can be told; 0 unless given */
  generation?: number;
  /** degenerate entries that were kept out; by default the number the index was opened with */
  degenerate?: number | undefined;
  /** in a SharedArrayBuffer, for workers */
  shared?: boolean;
}

/** @throws {TypeError} if `index` is none */
export function checkIndex(index: HammingIndex): void {
  if (typeof index?.search !== 'function' || typeof index.toBuffer !== 'function') {
    throw new TypeError('expected an index, as createIndex gives it');
  }
}

/** @throws {TypeError | RangeError} if an option is invalid */
export function checkSnapshotOptions(options: SnapshotOptions): void {
  checkOptions(options);
  const { notes, generation = 0, degenerate = 0, shared } = options;
  if (notes !== undefined) checkArray('notes', notes, Uint8Array);
  checkInteger('generation', generation, 0, 0xffffffff);
  checkInteger('degenerate', degenerate, 0, 0xfffffffe);
  checkTypeOf('shared', shared, 'boolean');
}
