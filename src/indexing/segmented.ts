import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';
import { scan64, scan256, scanWide256 } from '../kernels/scan.js';
import { segmentSteps, stepsOf } from './build.js';
import { EntryStore } from './entry-store.js';
import type { Explanation, HammingIndex, Hit, SnapshotOptions } from './hamming-index.js';
import { IdSet } from './id-set.js';
import { finish, liveEntries, mergeFrom } from './merge.js';
import { checkMaxDistance, packedWords, queryWords } from './packed-words.js';
import { chooseBands, scanNanoseconds, WIDE_DISTANCE } from './plan.js';
import type { Segment } from './segment.js';
import { copyOf, sealed } from './snapshot.js';

/** What an index is to be. */
export interface SegmentedOptions {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  /** an engine asked for by name */
  readonly kind?: 'flat' | 'mih' | undefined;
  /** the distance that most searches will ask for */
  readonly maxDistance: number;
  /** entries that are scanned one by one before they become a segment; 512 unless told */
  readonly delta?: number;
}

/** Hashes a scan of several queries takes at a time: 128 KiB, which stay in the core's cache from query to query. */
const BLOCK = 4096;

/** Steps that one call of `merge` does: a few milliseconds. */
const MERGE_STEPS = 8;

/** A merge that is under way: what it replaces, and the steps still to be done. */
interface Merge {
  readonly replaces: readonly Segment[];
  readonly steps: Generator<void, Segment | undefined>;
  /** steps that each later change does */
  readonly stride: number;
}

/**
 * A mutable index: immutable segments, the largest first, a delta of the newest entries, and a mark on each entry that
 * is gone. Merging is done in short steps inside later changes: none of them waits for a whole merge.
 */
export class SegmentedIndex implements HammingIndex {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly #kind: 'flat' | 'mih' | undefined;
  readonly #maxDistance: number;
  readonly #deltaLimit: number;
  #segments: Segment[];
  #delta: EntryStore;
  #merge: Merge | undefined;
  #nextId: number;
  #size: number;
  /** entries that are gone and still stored */
  #dead = 0;
  /** the ids that are not gone; made by the first removal */
  #live: IdSet | undefined;
  readonly #query: Int32Array;
  #found = new Uint32Array(256);
  #hits = new Uint32Array(256);

  constructor(
    { algorithm, bits, kind, maxDistance, delta = 512 }: SegmentedOptions,
    segments: Segment[],
    nextId: number,
  ) {
    this.algorithm = algorithm;
    this.bits = bits;
    this.#kind = kind;
    this.#maxDistance = maxDistance;
    this.#deltaLimit = delta;
    this.#segments = segments;
    this.#delta = new EntryStore(this);
    this.#nextId = nextId;
    this.#size = segments.reduce((sum, { entries }) => sum + entries, 0);
    this.#query = new Int32Array(bits / 32);
  }

  get size(): number {
    return this.#size;
  }

  get kind(): 'flat' | 'mih' {
    return this.#kind ?? (this.#segments.some(({ shape }) => shape.bands > 0) ? 'mih' : 'flat');
  }

  search(query: Hash, maxDistance: number): Hit[] {
    queryWords(query, this, this.#query);
    checkMaxDistance(maxDistance, this.bits);
    return this.#hitsOf(this.#searchAll(maxDistance));
  }

  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number {
    queryWords(query, this, this.#query);
    checkMaxDistance(maxDistance, this.bits);
    const total = this.#searchAll(maxDistance);
    out.set(this.#hits.subarray(0, Math.min(2 * total, out.length & ~1)));
    return total;
  }

  searchBatch(queries: Iterable<Hash> | PackedHashes, maxDistance: number): Hit[][] {
    const { algorithm, bits } = this;
    checkMaxDistance(maxDistance, bits);
    const { words, count } = packedWords(queries, { algorithm, bits });
    const results: Hit[][] = Array.from({ length: count }, () => []);
    const perHash = bits >> 5;
    const queryOf = (i: number) => this.#query.set(words.subarray(i * perHash, (i + 1) * perHash));
    for (const segment of this.#segments) {
      const plan = segment.plan(maxDistance, this.#kind === 'mih');
      const block = plan.bands ? segment.count : BLOCK;
      for (let from = 0; from < segment.count; from += block) {
        const to = Math.min(from + block, segment.count);
        for (let i = 0; i < count; i++) {
          queryOf(i);
          const found = plan.bands
            ? this.#searchSegment(segment, maxDistance)
            : this.#grown((out) => segment.scan(this.#query, maxDistance, from, to, out));
          const total = this.#collect(segment, plan.bands ? 0 : from, found, 0);
          results[i]!.push(...this.#hitsOf(total));
        }
      }
    }
    for (let i = 0; i < count; i++) {
      queryOf(i);
      results[i]!.push(...this.#hitsOf(this.#searchDelta(maxDistance, 0)));
    }
    return results;
  }

  add(hash: Hash): number {
    queryWords(hash, this, this.#query);
    const id = this.#nextId;
    if (id === 0xffffffff) throw new RangeError('expected fewer than 2^32 - 1 entries');
    this.#nextId++;
    this.#live?.add(id);
    this.#delta.push(this.#query, 0, id);
    this.#size++;
    this.#tend();
    return id;
  }

  remove(what: number | Hash): number {
    let removed = 0;
    if (typeof what === 'number') {
      if (!Number.isInteger(what) || what < 0) {
        throw new RangeError(`expected an id, got ${what}`);
      }
      if (what < this.#nextId && this.#liveIds().delete(what)) removed = 1;
    } else {
      queryWords(what, this, this.#query);
      removed = this.#searchAll(0);
      const live = this.#liveIds();
      for (let i = 0; i < removed; i++) live.delete(this.#hits[2 * i]!);
    }
    this.#size -= removed;
    this.#dead += removed;
    if (removed > 0) this.#tend();
    return removed;
  }

  merge(): boolean {
    if (!this.#merge) {
      if (this.#isMerged()) return false;
      this.#freeze();
      this.#begin(0);
    }
    if (this.#merge) this.#step(MERGE_STEPS);
    return this.#merge !== undefined || !this.#isMerged();
  }

  explain(maxDistance: number): Explanation {
    checkMaxDistance(maxDistance, this.bits);
    const parts = this.#segments.map((segment) => {
      const { bands, nanoseconds } = segment.plan(maxDistance, this.#kind === 'mih');
      const { shape, count } = segment;
      return bands
        ? {
            engine: 'mih' as const,
            hashes: count,
            bands: shape.bands,
            probes: bands.probes,
            nanoseconds,
          }
        : { engine: 'scan' as const, hashes: count, nanoseconds };
    });
    const { count } = this.#delta;
    if (count > 0) {
      const nanoseconds = scanNanoseconds(this.bits, count, maxDistance);
      parts.push({ engine: 'scan', hashes: count, nanoseconds });
    }
    return { parts, nanoseconds: parts.reduce((sum, part) => sum + part.nanoseconds, 0) };
  }

  toBuffer(options: SnapshotOptions = {}): ArrayBufferLike {
    const [only] = this.#segments;
    const how = { ...this.#purpose, nextId: this.#nextId, ...options };
    if (only && this.#isMerged()) return copyOf(only, how);
    const entries = finish(liveEntries(this, this.#segments, this.#delta, this.#live));
    const bands = this.#bandsFor(entries.count);
    return sealed(finish(segmentSteps(entries, { ...how, bands })));
  }

  /** Whether all is in one segment, as it would be built anew. */
  #isMerged(): boolean {
    const [only] = this.#segments;
    return (
      this.#segments.length <= 1 &&
      this.#delta.count === 0 &&
      this.#dead === 0 &&
      (!only || only.shape.bands === this.#bandsFor(only.entries))
    );
  }

  get #purpose() {
    return { kind: this.#kind, maxDistance: this.#maxDistance };
  }

  #bandsFor(count: number): number {
    return chooseBands(this.bits, count, this.#maxDistance, this.#kind);
  }

  /** Fills `#hits` with id and distance of every hit; returns how many. */
  #searchAll(maxDistance: number): number {
    let total = 0;
    for (const segment of this.#segments) {
      total = this.#collect(segment, 0, this.#searchSegment(segment, maxDistance), total);
    }
    return this.#searchDelta(maxDistance, total);
  }

  /** Runs a search into `#found`, again with more room where it found more. */
  #grown(search: (out: Uint32Array) => number): number {
    const found = search(this.#found);
    if (2 * found <= this.#found.length) return found;
    this.#found = new Uint32Array(4 * found);
    return search(this.#found);
  }

  #searchSegment(segment: Segment, maxDistance: number): number {
    const plan = segment.plan(maxDistance, this.#kind === 'mih');
    const found = segment.search(this.#query, maxDistance, plan, this.#found);
    if (2 * found <= this.#found.length) return found;
    this.#found = new Uint32Array(4 * found);
    return segment.search(this.#query, maxDistance, plan, this.#found);
  }

  /** Turns `found` positions of a segment, counted from `from`, into hits that are not gone. */
  #collect(segment: Segment, from: number, found: number, total: number): number {
    let hits = total;
    const { duplicates } = segment.shape;
    for (let i = 0; i < found; i++) {
      const position = from + this.#found[2 * i]!;
      const distance = this.#found[2 * i + 1]!;
      hits = this.#push(segment.firstId(position), distance, hits);
      if (duplicates === 0) continue;
      for (let at = segment.duplicatesFrom(position); ; at++) {
        const id = segment.duplicateId(at, position);
        if (id === -1) break;
        hits = this.#push(id, distance, hits);
      }
    }
    return hits;
  }

  #searchDelta(maxDistance: number, total: number): number {
    const { words, count, ids } = this.#delta;
    if (count === 0) return total;
    const scan = this.bits === 64 ? scan64 : maxDistance < WIDE_DISTANCE ? scan256 : scanWide256;
    const found = this.#grown((out) => scan(words, count, this.#query, maxDistance, out));
    let hits = total;
    for (let i = 0; i < found; i++) {
      hits = this.#push(ids[this.#found[2 * i]!]!, this.#found[2 * i + 1]!, hits);
    }
    return hits;
  }

  #push(id: number, distance: number, total: number): number {
    if (this.#dead > 0 && !this.#live!.has(id)) return total;
    if (2 * total === this.#hits.length) {
      const grown = new Uint32Array(4 * total);
      grown.set(this.#hits);
      this.#hits = grown;
    }
    this.#hits[2 * total] = id;
    this.#hits[2 * total + 1] = distance;
    return total + 1;
  }

  #hitsOf(total: number): Hit[] {
    const hits: Hit[] = new Array(total);
    for (let i = 0; i < total; i++) {
      hits[i] = { id: this.#hits[2 * i]!, distance: this.#hits[2 * i + 1]! };
    }
    return hits;
  }

  #liveIds(): IdSet {
    if (!this.#live) {
      const live = new IdSet();
      for (const segment of this.#segments) segment.addIdsTo(live);
      for (let i = 0; i < this.#delta.count; i++) live.add(this.#delta.ids[i]!);
      this.#live = live;
    }
    return this.#live;
  }

  /** After each change: some steps of the merge that is under way, or the beginning of one that is due. */
  #tend(): void {
    if (this.#size === 0) {
      this.#segments = [];
      this.#delta = new EntryStore(this);
      this.#merge = undefined;
      this.#dead = 0;
      return;
    }
    if (this.#merge) this.#step(this.#merge.stride);
    if (this.#delta.count >= this.#deltaLimit) {
      // Within half a delta's changes a merge is through; this only makes sure.
      if (this.#merge) this.#step(Number.POSITIVE_INFINITY);
      this.#freeze();
      this.#begin(mergeFrom(this.#segments));
    } else if (!this.#merge && this.#dead > this.#deltaLimit && 3 * this.#dead > this.#size) {
      this.#freeze();
      this.#begin(0);
    }
  }

  /** Makes the delta a segment, without bands for now. */
  #freeze(): void {
    const stored = this.#delta.count;
    const entries = finish(liveEntries(this, [], this.#delta, this.#live));
    this.#dead -= stored - entries.count;
    this.#delta = new EntryStore(this);
    if (entries.count === 0) return;
    this.#segments.push(
      finish(segmentSteps(entries, { ...this.#purpose, bands: 0, nextId: this.#nextId })),
    );
  }

  #begin(from: number): void {
    const replaces = this.#segments.slice(from);
    const total = replaces.reduce((sum, { entries }) => sum + entries, 0);
    const bands = this.#bandsFor(total);
    // A lone segment is built anew only to give it bands, or to let go of what was removed.
    const clean = this.#dead === 0 || from > 0;
    if (
      replaces.length === 0 ||
      (replaces.length === 1 && clean && replaces[0]!.shape.bands === bands)
    )
      return;
    const steps = stepsOf(total, bands);
    this.#merge = {
      replaces,
      steps: this.#mergeSteps(replaces),
      stride: Math.ceil(steps / (this.#deltaLimit / 2)),
    };
  }

  *#mergeSteps(replaces: readonly Segment[]): Generator<void, Segment | undefined> {
    const entries = yield* liveEntries(this, replaces, undefined, this.#live);
    if (entries.count === 0) return undefined;
    const bands = this.#bandsFor(entries.count);
    return yield* segmentSteps(entries, { ...this.#purpose, bands, nextId: this.#nextId });
  }

  #step(count: number): void {
    const merge = this.#merge!;
    for (let i = 0; i < count; i++) {
      const { done, value } = merge.steps.next();
      if (!done) continue;
      const stored = merge.replaces.reduce((sum, { entries }) => sum + entries, 0);
      this.#dead -= stored - (value?.entries ?? 0);
      const others = this.#segments.filter((segment) => !merge.replaces.includes(segment));
      // What was frozen since is newer and smaller, and stands behind.
      const older = this.#segments.indexOf(merge.replaces[0]!);
      others.splice(older, 0, ...(value ? [value] : []));
      this.#segments = others;
      this.#merge = undefined;
      return;
    }
  }
}
