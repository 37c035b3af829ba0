import { checkArray, checkInteger, checkOneOf, checkOptions, checkTypeOf } from '../door.js';
import type { Algorithm, Bits, Hash, PackedHashes } from '../hash.js';
import { checkMaxDistance, type HashType, type PackedWords, packedWords } from '../packed-words.js';
import {
  checkSnapshotOptions,
  type Explanation,
  type HammingIndex,
  type Hit,
  type NearOptions,
  type SnapshotOptions,
} from './hamming-index.js';
import { askNear, checkRanks, EXACT_DISTANCE } from './near.js';
import { endOf, PartSearch } from './part-search.js';
import { chooseBands } from './plan.js';
import {
  Entries,
  finish,
  inSteps,
  kernelFor,
  type Part,
  type Room,
  roomFor,
  Segment,
  type Shape,
  type Simd,
  segmentSteps,
  stepCount,
  type Target,
} from './segment.js';
import { alignedBytes, IdSet, type SnapshotSource, sealed, shapeOf, verified } from './snapshot.js';

/** What an index holds, and how it is made. */
export interface CreateOptions {
  /** needed only where there are no hashes */
  algorithm?: Algorithm;
  /** needed only where there are no hashes and the algorithm has several widths */
  bits?: Bits;
  /**
   * the distance that most searches will ask for, default 31 of 256 bits, 8 of 64; any works. From
   * 32 to 63 of 256 bits, lists of 16,384 hashes and more are kept as near searches want them.
   */
  maxDistance?: number;
  /**
   * `small` takes a fifth less memory than `fast`, the default, for a large list: 116 bytes a hash
   * of 256 bits instead of 148. Searches up to distance 31 of 256 bits take about as long, further
   * ones up to three times as long.
   */
  memory?: 'fast' | 'small';
}

/** An engine and a kernel by name, obeyed: for tests and benchmarks. */
export interface Engine {
  kind?: 'flat' | 'mih' | undefined;
  simd?: Simd;
}

/**
 * An index over `hashes`, which are copied; ids count from 0 in their order. A million hashes of
 * 256 bits take about a second and 150 bytes each; fewer take up to 290 each. It compares every
 * hash or looks into buckets, whichever is cheaper. Lists of 2,048 hashes and more are kept in
 * WebAssembly memory and searched by SIMD where the platform has it and allows it.
 * @throws {TypeError} if one is not a hash, or they are not all of one algorithm
 * @throws {RangeError} if they are not all of one width, or an option is out of range
 * @example
 * const index = createIndex(hashes);
 * for (const { id, distance } of index.search(query, 31)) …
 */
export function createIndex(
  hashes: Iterable<Hash> | PackedHashes,
  options: CreateOptions = {},
): HammingIndex {
  checkOptions(options);
  checkOneOf('memory', options.memory, [undefined, 'fast', 'small']);
  return indexOf(hashes, options);
}

/** As `createIndex`, of a named engine. */
export function indexOf(
  hashes: Iterable<Hash> | PackedHashes,
  options: CreateOptions = {},
  { kind, simd = 'auto' }: Engine = {},
): MutableIndex {
  const entries = packedWords(hashes, options);
  const { maxDistance = entries.bits === 64 ? 8 : 31, memory } = options;
  checkMaxDistance(maxDistance, entries.bits);
  const sketchBits = memory === 'small' ? 16 : 32;
  return finish(indexSteps(entries, { kind, maxDistance, sketchBits }, { simd }));
}

/** Makes an index step by step. The words must not change until the last step. */
export function* indexSteps(
  entries: PackedWords,
  purpose: Pick<Shape, 'kind' | 'maxDistance' | 'sketchBits'>,
  options: Compaction & { simd: Simd },
): Generator<void, MutableIndex> {
  const target = newTarget(entries, purpose, options.simd);
  const segment = yield* segmentSteps(entries, target, (shape) => roomFor(shape, options.simd));
  return new MutableIndex(segment, options);
}

/** What a new segment of so many entries is to be like. */
export function newTarget(
  { algorithm, bits, count }: HashType & { readonly count: number },
  purpose: Pick<Shape, 'kind' | 'maxDistance' | 'sketchBits'>,
  simd: Simd,
): Target {
  const none = { generation: 0, notesLength: 0, degenerate: undefined };
  const like = { ...purpose, ...none, algorithm, bits, nextId: count };
  return { ...like, bands: bandsFor(like, count, simd) };
}

/**
 * The index that `toBuffer` wrote. It stays attached to `buffer` (the one place where an input is
 * kept: do not write to it), so nothing is copied, unless a view begins at no multiple of four
 * bytes. What is added or removed later does not change the buffer.
 * Searches of the buffer run in JavaScript.
 * @param options `verify`: false skips the checksum and the check of the content, for a buffer
 *   that was verified before
 * @throws {TypeError} if `buffer` is not bytes
 * @throws {FormatError} `bad-magic`, `bad-version`, `bad-header`, `bad-length` or `bad-checksum`
 */
export function indexFromBuffer(
  buffer: SnapshotSource,
  options: { verify?: boolean } = {},
): HammingIndex {
  checkOptions(options);
  const { verify = true } = options;
  checkTypeOf('verify', verify, 'boolean');
  const bytes = alignedBytes(buffer);
  return attachedIndex(shapeOf(bytes, bytes.length), bytes, { verify });
}

/** An index over the segment in `room`. */
export function attachedIndex(
  shape: Shape,
  room: Room,
  { verify }: { verify: boolean },
): MutableIndex {
  const segment = new Segment(shape, room);
  return new MutableIndex(segment, { live: verify ? verified(segment) : undefined });
}

/**
 * Hashes that a scan of several queries takes at a time: 128 KiB, which stay in the core's cache.
 */
const BLOCK = 4096;
/**
 * Steps of a call of `compact`, and the most that a change does: about 1.5 ms. A large index takes
 * longer to compact than a delta takes to fill, and the next delta grows on meanwhile.
 */
const COMPACT_STEPS = 6;
/** Segments beside the delta: a base and three more. */
const MAX_SEGMENTS = 4;
/**
 * A segment is compacted with what follows it when it is under this many times as long. So each
 * entry is moved few times, and all that was added to a base is nearly always one segment.
 */
const GROWTH = 16;

/** How an index compacts. */
export interface Compaction {
  /** entries that are scanned one by one before they become a segment, default 512 */
  readonly deltaLimit?: number;
  /** steps of a compaction that a change does at most */
  readonly maxSteps?: number;
}

/** A compaction that is under way: what it replaces, its steps, and how many each change does. */
interface Running {
  readonly replaces: readonly Part[];
  readonly steps: Generator<void, Segment>;
  readonly stride: number;
}

/**
 * A mutable index: immutable segments, the largest first, a delta of the newest entries, and a
 * mark on each entry that is gone. Compaction is done in short steps inside later changes, so none
 * of them waits for a whole one. A change allocates before its first write. A compaction writes
 * nothing before its last step; if it fails, it is dropped and begun again some changes later.
 */
export class MutableIndex implements HammingIndex {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly #shape: Shape;
  readonly #simd: Simd;
  readonly #deltaLimit: number;
  readonly #maxSteps: number;
  /** segments, deltas that wait for compaction, and last the delta that grows */
  readonly #parts: Part[];
  #running: Running | undefined;
  /** changes to let pass without compacting, after a compaction that failed */
  #pause = 0;
  #nextId: number;
  /** entries that are gone and still stored */
  #dead = 0;
  /** the ids that are not gone; made by the first removal */
  #live: IdSet | undefined;
  readonly #search: PartSearch;

  /**
   * An index over what `segment` holds, for the purpose that its shape tells.
   * @param options `live`: the ids of its entries, if they are known
   */
  constructor(
    segment: Segment,
    options: Compaction & { simd?: Simd; live?: IdSet | undefined } = {},
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
    return this.#search.hitsTo([], this.#searchAll(query, maxDistance));
  }

  searchNear(query: Hash, maxDistance: number, options: NearOptions = {}): Hit[] {
    return this.#search.hitsTo([], this.#searchNearAll(query, maxDistance, options));
  }

  searchInto(query: Hash, maxDistance: number, out: Uint32Array): number {
    checkArray('out', out, Uint32Array);
    return this.#search.pairsTo(out, this.#searchAll(query, maxDistance));
  }

  searchNearInto(
    query: Hash,
    maxDistance: number,
    out: Uint32Array,
    options: NearOptions = {},
  ): number {
    checkArray('out', out, Uint32Array);
    return this.#search.pairsTo(out, this.#searchNearAll(query, maxDistance, options));
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
    if (id === 0xffffffff) throw new RangeError('expected fewer than 2^32 - 1 entries');
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
    this.#live ??= this.size === this.#nextId ? IdSet.below(this.#nextId) : idsOf(this.#parts);
    let removed = 0;
    for (const { id } of hits) if (this.#live.delete(id)) removed++;
    this.#dead += removed;
    if (removed > 0) this.#tend();
    return removed;
  }

  compact(): boolean {
    try {
      if (!this.#running && !this.#isCompact()) this.#begin(0);
      if (this.#running) this.#step(COMPACT_STEPS);
    } catch (error) {
      this.#drop();
      throw error;
    }
    return this.#running !== undefined || !this.#isCompact();
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
    return sealed(this.#copy(options, (shape) => roomFor(shape, 'never', { shared })));
  }

  /**
   * What the index holds when this is called, in a segment that does not change, step by step; the
   * index may change meanwhile. Nothing is copied where it is in one segment already.
   * @param leavesOut whether to leave out hash number `at` of `words`
   */
  frozenSteps(leavesOut: LeavesOut): Generator<void, Segment> {
    const [first] = this.#isCompact() ? this.#parts : [];
    const { words, ids, count } = this.#delta;
    const delta = new Entries(this.bits, Math.max(1, count));
    for (let i = 0; i < count; i++) delta.push(words, i, ids[i]!);
    const parts = [...this.#parts.slice(0, -1), delta];
    const live = this.#living?.copy();
    const target = (count: number) => this.#target(count);
    const allocate = (shape: Shape) => roomFor(shape, 'never');
    return (function* () {
      let whole = first instanceof Segment ? first : undefined;
      yield* inSteps(whole?.count ?? 0, (at) => {
        if (whole && leavesOut(whole.words, at)) whole = undefined;
      });
      return whole ?? (yield* rebuiltSteps(parts, live, target, allocate, leavesOut));
    })();
  }

  /** A copy that does not change, in a segment of its own. */
  #copy(options: SnapshotOptions, allocate: (shape: Shape) => Room): Segment {
    const [first] = this.#parts;
    const target = (count: number) => this.#target(count, options);
    if (!(first instanceof Segment) || !this.#isCompact()) {
      return finish(rebuiltSteps(this.#parts, this.#live, target, allocate));
    }
    const { count, groups, entries, hasIds } = first.shape;
    const shape = { ...target(entries), count, groups, entries, hasIds };
    const copy = new Segment(shape, allocate(shape));
    copy.sections.set(first.sections);
    return copy;
  }

  /** Ids given so far. */
  get nextId(): number {
    return this.#nextId;
  }

  /** What tells the ids that are there, if some are not. */
  get #living(): IdSet | undefined {
    return this.#dead > 0 ? this.#live : undefined;
  }

  get #delta(): Entries {
    return this.#parts.at(-1) as Entries;
  }

  /** What a segment of `count` entries is to be like. */
  #target(count: number, { generation = 0, degenerate }: SnapshotOptions = {}): Target {
    const saved = { generation, notesLength: 0, nextId: this.#nextId };
    const bands = bandsFor(this.#shape, count, this.#simd);
    return { ...this.#shape, ...saved, degenerate: degenerate ?? this.#shape.degenerate, bands };
  }

  /** Whether all is in one part, and building it anew would change nothing. */
  #isCompact(): boolean {
    const one = this.#parts.length < 3 && this.#dead === 0 && this.#delta.count === 0;
    return one && this.#fits(this.#parts[0]!);
  }

  #fits(part: Part): boolean {
    return part.bands === this.#target(part.entries).bands;
  }

  /** Finds every hit; returns how many. */
  #searchAll(query: Hash, maxDistance: number): number {
    this.#search.ask(query);
    checkMaxDistance(maxDistance, this.bits);
    const live = this.#living;
    const scope = live && { live };
    let total = 0;
    for (const part of this.#parts) total = this.#search.search(part, maxDistance, total, scope);
    return total;
  }

  /** As `#searchAll`, of a near search. */
  #searchNearAll(query: Hash, maxDistance: number, options: NearOptions): number {
    checkOptions(options);
    const { ranks } = options;
    if (ranks !== undefined) checkRanks(ranks, this.bits);
    this.#search.ask(query);
    checkMaxDistance(maxDistance, this.bits);
    if (this.bits === 64 || maxDistance <= EXACT_DISTANCE) {
      return this.#searchAll(query, maxDistance);
    }
    const scope = { near: askNear(this.#search.query, ranks), live: this.#living };
    let total = 0;
    for (const part of this.#parts) total = this.#search.search(part, maxDistance, total, scope);
    return total;
  }

  /**
   * After each change: some steps of the compaction that is under way, or the beginning of one that
   * is due. The change is made already, so a compaction that fails does not fail it.
   */
  #tend(): void {
    if (this.#pause > 0) {
      this.#pause--;
      return;
    }
    try {
      if (this.#running) this.#step(this.#running.stride);
      // While a compaction is not through, the delta grows on.
      if (this.#running) return;
      if (this.#delta.count >= this.#deltaLimit) this.#begin();
      else if (this.#dead > this.#deltaLimit && 3 * this.#dead > this.size) this.#begin(0);
    } catch {
      this.#drop();
    }
  }

  /** Drops a compaction that failed: the parts are as before. It waits for more changes. */
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
    if (delta) this.#parts.push(delta);
    // One part alone is built anew only if it does not fit, or to let go of what was removed.
    const isClean = this.#dead === 0 || from === undefined;
    if (replaces.length === 1 && isClean && this.#fits(replaces[0]!)) return;
    this.#pause = 0;
    const allocate = (shape: Shape) => roomFor(shape, this.#simd);
    const steps = rebuiltSteps(replaces, this.#live, (count) => this.#target(count), allocate);
    this.#running = { replaces, steps, stride: Math.min(stride, this.#maxSteps) };
  }

  #step(count: number): void {
    const { replaces, steps } = this.#running!;
    for (let i = 0; i < count; i++) {
      const { done, value } = steps.next();
      if (!done) continue;
      this.#dead -= entriesOf(replaces) - value.entries;
      const built = value.count > 0 ? [value] : [];
      this.#parts.splice(this.#parts.indexOf(replaces[0]!), replaces.length, ...built);
      this.#running = undefined;
      return;
    }
  }
}

type LeavesOut = (words: Int32Array, at: number) => boolean;

/** A segment of the entries of `parts` whose ids are in `live`, or all if it is absent. */
function* rebuiltSteps(
  parts: readonly Part[],
  live: IdSet | undefined,
  target: (count: number) => Target,
  allocate: (shape: Shape) => Room,
  leavesOut?: LeavesOut,
): Generator<void, Segment> {
  const kept = new Entries(target(0).bits, entriesOf(parts));
  for (const part of parts) {
    yield* inSteps(part.count, (position) => {
      if (leavesOut?.(part.words, position)) return;
      const end = endOf(part, position);
      for (let i = part.startOf(position); i < end; i++) {
        const id = part.idAt(i);
        if (!live || live.has(id)) kept.push(part.words, position, id);
      }
    });
  }
  return yield* segmentSteps(kept, target(kept.count), allocate);
}

/** The bands that suit `count` entries of such a segment best. */
const bandsFor = (like: Omit<Target, 'bands'>, count: number, simd: Simd): number =>
  chooseBands({ ...like, kernel: kernelFor(simd, count) }, count, like.maxDistance);

/** The first of the parts, the newest of which is last, that are to be compacted into one. */
export function firstDue(parts: readonly { readonly entries: number }[]): number {
  let from = parts.length - 1;
  let total = parts[from]!.entries;
  while (from > 0 && (from >= MAX_SEGMENTS || parts[from - 1]!.entries < GROWTH * total)) {
    total += parts[--from]!.entries;
  }
  return from;
}

/** The ids of all entries of `parts`. */
function idsOf(parts: readonly Part[]): IdSet {
  const set = new IdSet();
  for (const part of parts) for (let i = 0; i < part.entries; i++) set.add(part.idAt(i));
  return set;
}

function entriesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { entries }) => sum + entries, 0);
}

/** An index as ours: itself, or a copy if it is of another implementation. */
export function mutableIndex(index: HammingIndex): MutableIndex {
  if (index instanceof MutableIndex) return index;
  const bytes = alignedBytes(index.toBuffer());
  return attachedIndex(shapeOf(bytes, bytes.length), bytes, { verify: false });
}
