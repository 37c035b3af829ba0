import { checkArray, checkInteger, checkOptions, wrongRange } from '../door.js';
import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';
import { finish, inSteps } from '../in-turns.js';
import { checkMaxDistance, packedWords } from '../packed-words.js';
import { checkRanks } from '../variant.js';
import type { Built, Target } from './build-segment.js';
import {
  Entries,
  firstDue,
  fitted,
  isWasteful,
  Marks,
  mergedSteps,
  type Part,
  replacedIn,
  stepCount,
} from './compaction.js';
import {
  checkSnapshotOptions,
  type Explanation,
  type HammingIndex,
  type NearOptions,
  type SnapshotOptions,
} from './hamming-index.js';
import { type Hit, PartSearch } from './part-search.js';
import { type Room, roomFor, Segment, type Shape, type Simd } from './segment.js';
import { sealed } from './snapshot.js';

/**
 * Hashes that a scan of several queries takes at a time: 128 KiB, which stay in the core's cache.
 */
const BLOCK = 4096;
/**
 * Steps of a call of `compact`, and the most of a change: about 1.5 ms. A large index takes longer
 * to compact than a delta takes to fill, and the next delta grows meanwhile.
 */
const COMPACT_STEPS = 6;
/** Settings of an index's compaction. */
export interface Compaction {
  /** entries that are scanned one by one before they become a segment, default 512 */
  readonly deltaLimit?: number;
  /** the most steps of a compaction in one change */
  readonly maxSteps?: number;
}

/** A running compaction: the parts that it replaces, its steps, and the steps of each change. */
interface Running {
  readonly replaces: readonly Part[];
  readonly steps: Generator<void, Built>;
  readonly stride: number;
}

/**
 * A mutable index: immutable segments, the largest first, a delta of the newest entries, and the
 * ids that are alive. Compaction is done in short steps inside later changes, so none of them waits
 * for a whole one. A change allocates before its first write. A compaction writes nothing before
 * its last step; if it fails, it is dropped and restarted some changes later.
 */
export class MutableIndex implements HammingIndex {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly #shape: Shape;
  readonly #simd: Simd;
  readonly #deltaLimit: number;
  readonly #maxSteps: number;
  /** segments, deltas that wait for compaction, and last the delta that grows */
  #parts: Part[];
  #running: Running | undefined;
  /** changes to let pass without compacting, after a failed compaction */
  #pause = 0;
  #nextId: number;
  /** removed entries that are still stored */
  #dead = 0;
  /** the ids that are alive; made by the first removal */
  #live: Marks | undefined;
  readonly #search: PartSearch;

  /**
   * An index over the content of `segment`, for the purpose in its shape.
   * @param options `live`: the ids of its entries, if they are known
   */
  constructor(
    segment: Segment,
    options: Compaction & { simd?: Simd; live?: Marks | undefined } = {},
  ) {
    const { simd = 'auto', live, deltaLimit = 512, maxSteps = COMPACT_STEPS } = options;
    const { shape } = segment;
    this.algorithm = shape.algorithm;
    this.bits = shape.bits;
    this.#shape = shape;
    this.#simd = simd;
    this.#live = live;
    this.#deltaLimit = deltaLimit;
    this.#maxSteps = maxSteps;
    this.#parts = [...(segment.count > 0 ? [segment] : []), new Entries(shape.bits)];
    this.#nextId = shape.nextId;
    this.#search = new PartSearch(shape);
  }

  get size(): number {
    return entriesOf(this.#parts) - this.#dead;
  }

  get kind(): 'flat' | 'mih' {
    return this.#shape.kind ?? (this.#parts.some(({ bands }) => bands > 0) ? 'mih' : 'flat');
  }

  search(query: Hash, maxDistance: number): Hit[] {
    return this.#search.hitsTo([], this.#find(query, maxDistance));
  }

  searchNear(query: Hash, maxDistance: number, options: NearOptions = {}): Hit[] {
    return this.#search.hitsTo([], this.#find(query, maxDistance, options));
  }

  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number {
    checkArray('out', out, Uint32Array);
    return this.#search.pairsTo(out, this.#find(query, maxDistance));
  }

  searchNearInto(
    query: Hash,
    maxDistance: number,
    out: Uint32Array,
    options: NearOptions = {},
  ): number {
    checkArray('out', out, Uint32Array);
    return this.#search.pairsTo(out, this.#find(query, maxDistance, options));
  }

  searchBatch(queries: Iterable<Hash> | PackedHashes, maxDistance: number): Hit[][] {
    checkMaxDistance(maxDistance, this.bits);
    const { words, count } = packedWords(queries, this);
    const results: Hit[][] = Array.from({ length: count }, () => []);
    const perHash = this.bits >> 5;
    const search = this.#search;
    const live = this.#living;
    for (const part of this.#parts) {
      const block = part.plan(maxDistance).probes ? part.count : BLOCK;
      for (let from = 0; from < part.count; from += block) {
        const to = Math.min(from + block, part.count);
        for (const [i, hits] of results.entries()) {
          search.query.set(words.subarray(i * perHash, (i + 1) * perHash));
          search.hitsTo(hits, search.search(part, maxDistance, 0, { from, to, live }));
        }
      }
    }
    return results;
  }

  add(hash: Hash): number {
    this.#search.ask(hash);
    const id = this.#nextId;
    if (id === 0xffffffff) wrongRange('fewer than 2^32 - 1 entries');
    const delta = this.#delta;
    delta.reserve();
    this.#live?.reserve(id);
    delta.push(this.#search.query, 0, id);
    this.#live?.add(id);
    this.#nextId++;
    this.#tend();
    return id;
  }

  remove(what: number | Hash): number {
    if (typeof what === 'number') checkInteger('an id', what, 0);
    const hits = typeof what === 'number' ? [{ id: what }] : this.search(what, 0);
    this.#live ??= this.size === this.#nextId ? Marks.below(this.#nextId) : idsOf(this.#parts);
    const live = this.#live;
    const living = hits.filter(({ id }) => id < this.#nextId && live.has(id));
    for (const { id } of living) live.reserve(id);
    for (const { id } of living) live.delete(id);
    this.#dead += living.length;
    if (living.length > 0) this.#tend();
    return living.length;
  }

  compact(): boolean {
    try {
      if (!this.#running && !this.#isCompact) this.#begin(0);
      if (this.#running) this.#step(COMPACT_STEPS);
    } catch (error) {
      this.#drop();
      throw error;
    }
    return this.#running !== undefined || !this.#isCompact;
  }

  explain(maxDistance: number): Explanation {
    checkMaxDistance(maxDistance, this.bits);
    const used = this.#parts.filter(({ count }) => count > 0);
    const parts = used.map((part) => {
      const { kernel, probes, nanoseconds } = part.plan(maxDistance);
      const [engine, bands] = probes ? (['mih', part.bands] as const) : (['flat', 0] as const);
      return { engine, kernel, hashes: part.count, bands, probes: probes?.count ?? 0, nanoseconds };
    });
    return { parts, nanoseconds: parts.reduce((sum, part) => sum + part.nanoseconds, 0) };
  }

  toBuffer(options: SnapshotOptions = {}): ArrayBufferLike {
    checkSnapshotOptions(options);
    const { shared = false } = options;
    const allocate = (shape: Shape) => roomFor(shape, 'never', { shared });
    const whole = this.#whole;
    if (!whole) return sealed(finish(this.#mergedSteps(this.#parts, allocate, options)).segment);
    const { count, groups, entries, hasIds } = whole.shape;
    const shape = { ...this.#target(entries, options), count, groups, entries, hasIds };
    const copy = new Segment(shape, allocate(shape));
    copy.sections.set(whole.sections);
    return sealed(copy);
  }

  /**
   * The current content of the index in an immutable segment, built step by step; the index may
   * change meanwhile. Nothing is copied if the content is in one segment already.
   * @param leavesOut returns true to exclude hash number `at` of `words`
   */
  frozenSteps(leavesOut: LeavesOut): Generator<void, Segment> {
    let whole = this.#whole;
    const allocate = (shape: Shape) => roomFor(shape, 'never');
    const merging = this.#mergedSteps(this.#parts, allocate, {}, leavesOut);
    // Entries removed meanwhile are removed from a copy.
    this.#live = this.#live && new Marks(this.#live);
    return (function* () {
      yield* inSteps(whole?.count ?? 0, (at) => {
        if (whole && leavesOut(whole.words, at)) whole = undefined;
      });
      return whole ?? (yield* merging).segment;
    })();
  }

  /** Ids given so far. */
  get nextId(): number {
    return this.#nextId;
  }

  /** The ids that are alive, if some are not. */
  get #living(): Marks | undefined {
    return this.#dead > 0 ? this.#live : undefined;
  }

  get #delta(): Entries {
    return this.#parts.at(-1) as Entries;
  }

  /** True if all entries are in one part, and rebuilding it would change nothing. */
  get #isCompact(): boolean {
    const one = this.#parts.length < 3 && this.#dead === 0 && this.#delta.count === 0;
    return one && this.#fits(this.#parts[0]!);
  }

  /** The whole content, if it is in one segment. */
  get #whole(): Segment | undefined {
    const [first] = this.#isCompact ? this.#parts : [];
    return first instanceof Segment ? first : undefined;
  }

  /** The target shape of a segment of `count` entries. */
  #target(count: number, { generation = 0, degenerate }: SnapshotOptions = {}): Target {
    const saved = { generation, notesLength: 0, nextId: this.#nextId };
    const like = { ...this.#shape, ...saved, degenerate: degenerate ?? this.#shape.degenerate };
    return fitted(like, count, this.#simd);
  }

  #fits(part: Part): boolean {
    return part.bands === this.#target(part.entries).bands;
  }

  /** Finds all hits, or those of a near search; returns their number. */
  #find(query: Hash, maxDistance: number, options?: NearOptions): number {
    if (options !== undefined) checkOptions(options);
    const { ranks } = options ?? {};
    if (ranks !== undefined) checkRanks(ranks, this.bits);
    this.#search.ask(query);
    checkMaxDistance(maxDistance, this.bits);
    const near = options && this.#search.near(maxDistance, ranks);
    const scope = { near, live: this.#living };
    let total = 0;
    for (const part of this.#parts) total = this.#search.search(part, maxDistance, total, scope);
    return total;
  }

  /**
   * Called after each change: runs some steps of the current compaction, or begins one that is due.
   * The change is made already, so a failing compaction does not fail it.
   */
  #tend(): void {
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    try {
      if (this.#running) this.#step(this.#running.stride);
      // While a compaction runs, the delta grows.
      if (this.#running) return;
      if (this.#delta.count >= this.#deltaLimit) this.#begin();
      else if (this.#dead > this.#deltaLimit && isWasteful(this.#dead, entriesOf(this.#parts))) {
        this.#begin(0);
      }
    } catch {
      this.#drop();
    }
  }

  /** Drops a failed compaction: the parts are unchanged. It waits for more changes. */
  #drop(): void {
    this.#running = undefined;
    this.#pause = this.#deltaLimit;
  }

  /** Begins to compact the parts from number `from` on, by default those that are due. */
  #begin(from?: number): void {
    const delta = this.#delta.count > 0 ? new Entries(this.bits) : undefined;
    const parts = delta ? this.#parts.slice() : this.#parts.slice(0, -1);
    const replaces = parts.slice(from ?? firstDue(parts));
    const total = entriesOf(replaces);
    const { bands } = this.#target(total);
    const stride = Math.ceil(stepCount(total, bands) / this.#deltaLimit);
    if (delta) this.#parts = [...parts, delta];
    // A single part is rebuilt only if it does not fit, or to free removed entries.
    const isClean = this.#dead === 0 || from === undefined;
    if (replaces.length === 1 && isClean && this.#fits(replaces[0]!)) return;
    this.#pause = 0;
    const steps = this.#mergedSteps(replaces, (shape) => roomFor(shape, this.#simd));
    this.#running = { replaces, steps, stride: Math.min(stride, this.#maxSteps) };
  }

  #step(count: number): void {
    const { replaces, steps } = this.#running!;
    for (let i = 0; i < count; i++) {
      const { done, value } = steps.next();
      if (!done) continue;
      const { segment } = value;
      this.#parts = replacedIn(this.#parts, replaces, segment.count > 0 ? [segment] : [])!;
      this.#dead -= entriesOf(replaces) - segment.entries;
      this.#running = undefined;
      return;
    }
  }

  /** Merges the current content of parts, without removed entries. */
  #mergedSteps(
    parts: readonly Part[],
    allocate: (shape: Shape) => Room,
    options?: SnapshotOptions,
    leavesOut?: LeavesOut,
  ): Generator<void, Built> {
    const live = this.#live;
    const sources = parts.map((part) => ({
      part,
      entries: part.entries,
      has: (entry: number, position: number) =>
        (!live || live.has(part.idAt(entry))) && !leavesOut?.(part.words, position),
    }));
    const target = (count: number) => this.#target(count, options);
    return mergedSteps(sources, { most: entriesOf(parts), target, allocate });
  }
}

type LeavesOut = (words: Int32Array, at: number) => boolean;

/** The ids of all entries of `parts`. */
function idsOf(parts: readonly Part[]): Marks {
  const set = new Marks();
  for (const part of parts) for (let i = 0; i < part.entries; i++) set.add(part.idAt(i));
  return set;
}

function entriesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { entries }) => sum + entries, 0);
}
