import { checkArray, checkInteger } from '../door.js';
import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';
import { finish, segmentSteps, stepCount } from './build.js';
import { EntryStore } from './entry-store.js';
import { grown } from './grown.js';
import {
  checkSnapshotOptions,
  type Explanation,
  type HammingIndex,
  type Hit,
  type SnapshotOptions,
} from './hamming-index.js';
import { IdSet } from './id-set.js';
import type { Shape } from './layout.js';
import { liveEntries, mergeFrom } from './merge.js';
import { checkMaxDistance, packedWords, queryWords } from './packed-words.js';
import { chooseBands } from './plan.js';
import { Segment } from './segment.js';
import { copyOf, sealed } from './snapshot.js';

/** Hashes a scan of several queries takes at a time: 128 KiB, which stay in the core's cache from query to query. */
const BLOCK = 4096;

/**
 * Steps of a call of `merge`, and the most that a change does: about 1.5 ms. So a large index takes
 * longer to merge than a delta takes to fill, and the next delta grows on meanwhile.
 */
const MERGE_STEPS = 6;

/** A merge that is under way: what it replaces, and the steps still to be done. */
interface Merge {
  readonly replaces: readonly EntryStore[];
  readonly steps: Generator<void, Segment>;
  /** steps that each later change does */
  readonly stride: number;
}

/** How an index merges. */
export interface Merging {
  /** entries that are scanned one by one before they become a segment */
  readonly deltaLimit?: number;
  /** steps of a merge that a change does at most */
  readonly maxSteps?: number;
}

/**
 * A mutable index: immutable segments, the largest first, a delta of the newest entries, and a
 * mark on each entry that is gone. Merging is done in short steps inside later changes, so none of
 * them waits for a whole merge. A change allocates before its first write. A merge writes nothing
 * before its last step; if it fails, it is dropped and begun again some changes later.
 */
export class SegmentedIndex implements HammingIndex {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly #shape: Shape;
  readonly #deltaLimit: number;
  readonly #maxSteps: number;
  /** segments, deltas that wait for a merge, and last the delta that grows */
  readonly #parts: EntryStore[];
  #merge: Merge | undefined;
  /** changes to let pass without merging, after a merge that failed */
  #pause = 0;
  #nextId: number;
  /** entries that are gone and still stored */
  #dead = 0;
  /** the ids that are not gone; made by the first removal */
  #live: IdSet | undefined;
  readonly #query: Int32Array;
  #found = new Uint32Array(256);
  #hits = new Uint32Array(256);

  /** An index over what `segment` holds, for the purpose that its shape tells. */
  constructor(segment: Segment, { deltaLimit = 512, maxSteps = MERGE_STEPS }: Merging = {}) {
    this.algorithm = segment.algorithm;
    this.bits = segment.bits;
    this.#shape = segment.shape;
    this.#deltaLimit = deltaLimit;
    this.#maxSteps = maxSteps;
    this.#parts = [new EntryStore(this)];
    if (segment.count > 0) this.#parts.unshift(segment);
    this.#nextId = segment.shape.nextId;
    this.#query = new Int32Array(this.bits / 32);
  }

  get size(): number {
    return entriesOf(this.#parts) - this.#dead;
  }

  get kind(): 'flat' | 'mih' {
    return this.#shape.kind ?? (this.#parts.some(({ bands }) => bands > 0) ? 'mih' : 'flat');
  }

  search(query: Hash, maxDistance: number): Hit[] {
    return this.#hitsTo([], this.#searchAll(query, maxDistance));
  }

  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number {
    checkArray('out', out, Uint32Array);
    const total = this.#searchAll(query, maxDistance);
    out.set(this.#hits.subarray(0, Math.min(2 * total, out.length & ~1)));
    return total;
  }

  searchBatch(queries: Iterable<Hash> | PackedHashes, maxDistance: number): Hit[][] {
    checkMaxDistance(maxDistance, this.bits);
    const { words, count } = packedWords(queries, this);
    const results: Hit[][] = Array.from({ length: count }, () => []);
    const perHash = this.bits >> 5;
    for (const part of this.#parts) {
      const block = part.plan(maxDistance).probes ? part.count : BLOCK;
      for (let from = 0; from < part.count; from += block) {
        const to = Math.min(from + block, part.count);
        for (const [i, hits] of results.entries()) {
          this.#query.set(words.subarray(i * perHash, (i + 1) * perHash));
          this.#hitsTo(hits, this.#searchPart(part, maxDistance, 0, from, to));
        }
      }
    }
    return results;
  }

  add(hash: Hash): number {
    queryWords(hash, this, this.#query);
    const id = this.#nextId;
    if (id === 0xffffffff) throw new RangeError('expected fewer than 2^32 - 1 entries');
    const delta = this.#delta;
    delta.reserve();
    this.#live?.reserve(id);
    delta.push(this.#query, 0, id);
    this.#live?.add(id);
    this.#nextId++;
    this.#tend();
    return id;
  }

  remove(what: number | Hash): number {
    if (typeof what === 'number') checkInteger('an id', what, 0);
    const hits = typeof what === 'number' ? [{ id: what }] : this.search(what, 0);
    this.#live ??= idsOf(this.#parts);
    let removed = 0;
    for (const { id } of hits) if (this.#live.delete(id)) removed++;
    this.#dead += removed;
    if (removed > 0) this.#tend();
    return removed;
  }

  merge(): boolean {
    try {
      if (!this.#merge && !this.#isMerged()) this.#begin(0);
      if (this.#merge) this.#step(MERGE_STEPS);
    } catch (error) {
      this.#drop();
      throw error;
    }
    return this.#merge !== undefined || !this.#isMerged();
  }

  explain(maxDistance: number): Explanation {
    checkMaxDistance(maxDistance, this.bits);
    const parts = this.#parts
      .filter(({ count }) => count > 0)
      .map((part) => {
        const { probes, probeCount, nanoseconds } = part.plan(maxDistance);
        return {
          engine: probes ? ('mih' as const) : ('scan' as const),
          hashes: part.count,
          bands: probes ? part.bands : 0,
          probes: probeCount,
          nanoseconds,
        };
      });
    return { parts, nanoseconds: parts.reduce((sum, part) => sum + part.nanoseconds, 0) };
  }

  toBuffer(given: SnapshotOptions = {}): ArrayBufferLike {
    checkSnapshotOptions(given);
    const options = { degenerate: this.#shape.degenerate, ...given };
    const [first] = this.#parts;
    if (!(first instanceof Segment) || !this.#isMerged()) {
      return sealed(finish(this.#build(this.#parts, options)));
    }
    return copyOf(first, this.#nextId, options);
  }

  get #delta(): EntryStore {
    return this.#parts.at(-1)!;
  }

  /** Whether all is in one part, of which another building would make nothing else. */
  #isMerged(): boolean {
    const [first] = this.#parts;
    return (
      this.#parts.length < 3 &&
      this.#dead === 0 &&
      this.#delta.count === 0 &&
      first!.bands === chooseBands(this.#shape, first!.entries)
    );
  }

  /** Fills `#hits` with id and distance of every hit; returns how many. */
  #searchAll(query: Hash, maxDistance: number): number {
    queryWords(query, this, this.#query);
    checkMaxDistance(maxDistance, this.bits);
    let total = 0;
    for (const part of this.#parts) total = this.#searchPart(part, maxDistance, total);
    return total;
  }

  /** As of all parts, of hashes `from`…`to` - 1 of one: from hit number `total` on. */
  #searchPart(part: EntryStore, max: number, total: number, from = 0, to = part.count): number {
    let found = part.search(this.#query, max, this.#found, from, to);
    if (2 * found > this.#found.length) {
      this.#found = new Uint32Array(4 * found);
      found = part.search(this.#query, max, this.#found, from, to);
    }
    let hits = total;
    for (let i = 0; i < found; i++) {
      const position = from + this.#found[2 * i]!;
      const end = Math.min(part.startOf(position + 1), part.entries);
      for (let at = part.startOf(position); at < end; at++) {
        const id = part.ids[at]!;
        if (this.#dead > 0 && !this.#live!.has(id)) continue;
        if (2 * hits === this.#hits.length) this.#hits = grown(this.#hits, 4 * hits);
        this.#hits[2 * hits] = id;
        this.#hits[2 * hits + 1] = this.#found[2 * i + 1]!;
        hits++;
      }
    }
    return hits;
  }

  #hitsTo(hits: Hit[], total: number): Hit[] {
    for (let i = 0; i < total; i++) {
      hits.push({ id: this.#hits[2 * i]!, distance: this.#hits[2 * i + 1]! });
    }
    return hits;
  }

  /**
   * After each change: some steps of the merge that is under way, or the beginning of one that is
   * due. The change is made already, so a merge that fails does not fail it.
   */
  #tend(): void {
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    try {
      if (this.#merge) this.#step(this.#merge.stride);
      // A merge that is not through by now has the delta grow on.
      if (this.#merge) return;
      if (this.#delta.count >= this.#deltaLimit) this.#begin();
      else if (this.#dead > this.#deltaLimit && 3 * this.#dead > this.size) this.#begin(0);
    } catch {
      this.#drop();
    }
  }

  /** Drops a merge that failed: the parts are as before. It waits for more changes. */
  #drop(): void {
    this.#merge = undefined;
    this.#pause = this.#deltaLimit;
  }

  /** Begins to merge the parts before a new delta, from number `from` on: those that are due unless told. */
  #begin(from?: number): void {
    const delta = this.#delta.count > 0 ? new EntryStore(this) : undefined;
    const parts = delta ? this.#parts.slice() : this.#parts.slice(0, -1);
    const replaces = parts.slice(from ?? mergeFrom(parts));
    const total = entriesOf(replaces);
    const bands = chooseBands(this.#shape, total);
    const stride = Math.ceil(stepCount(total, bands) / this.#deltaLimit);
    if (delta) this.#parts.push(delta);
    // One part alone is built anew only to give it other bands, or to let go of what was removed.
    const clean = this.#dead === 0 || from === undefined;
    if (replaces.length === 1 && clean && replaces[0]!.bands === bands) return;
    this.#pause = 0;
    this.#merge = {
      replaces,
      steps: this.#build(replaces),
      stride: Math.min(stride, this.#maxSteps),
    };
  }

  *#build(parts: readonly EntryStore[], options?: SnapshotOptions): Generator<void, Segment> {
    const entries = yield* liveEntries(this, parts, this.#live);
    const { kind, maxDistance } = this.#shape;
    const bands = chooseBands(this.#shape, entries.count);
    const nextId = this.#nextId;
    return yield* segmentSteps(entries, { bands, kind, maxDistance, nextId }, options);
  }

  #step(count: number): void {
    const { replaces, steps } = this.#merge!;
    for (let i = 0; i < count; i++) {
      const { done, value } = steps.next();
      if (!done) continue;
      this.#dead -= entriesOf(replaces) - value.entries;
      const built = value.count > 0 ? [value] : [];
      this.#parts.splice(this.#parts.indexOf(replaces[0]!), replaces.length, ...built);
      this.#merge = undefined;
      return;
    }
  }
}

/** The ids of all entries of `parts`. */
function idsOf(parts: readonly EntryStore[]): IdSet {
  const set = new IdSet();
  for (const { ids, entries } of parts) for (let i = 0; i < entries; i++) set.add(ids[i]!);
  return set;
}

function entriesOf(parts: readonly EntryStore[]): number {
  return parts.reduce((sum, { entries }) => sum + entries, 0);
}
