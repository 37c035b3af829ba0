import { type Bits, isDigest } from '../hash.js';
import { inSteps } from '../in-turns.js';
import { grown, type HashType } from '../packed-words.js';
import { type Built, segmentSteps, type Target } from './build-segment.js';
import { STEP } from './mih.js';
import { chooseBands, type SearchPlan, scanPlan } from './plan.js';
import {
  kernelFor,
  type Room,
  roomFor,
  type Segment,
  type Shape,
  type Simd,
  scan,
} from './segment.js';

export type { Segment };

/*
 * Segments do not change. Added entries are in a delta, which becomes a segment; removed entries
 * are marked. Segments are merged now and then, step by step, into one without the marked entries.
 * An index does so inside its changes, a blocklist in turns of the event loop.
 */

/** Hashes with ids, to be searched. The position of a hash is its number. */
export type Part = Entries | Segment;

/** Entries in order of addition, one hash each, in arrays that grow; a search scans them. */
export class Entries {
  readonly bits: Bits;
  readonly bands = 0;
  readonly groups = 0;
  count = 0;
  words: Int32Array;
  ids: Uint32Array;
  /** keeps the values read ahead, so that no engine optimises the reads away */
  read = 0;
  /** whether the id of each entry is its number */
  inOrder = true;

  constructor(bits: Bits, capacity = 64) {
    this.bits = bits;
    this.words = new Int32Array((capacity * bits) / 32);
    this.ids = new Uint32Array(capacity);
  }

  get entries(): number {
    return this.count;
  }

  startOf(position: number): number {
    return position;
  }

  idAt(entry: number): number {
    return this.ids[entry]!;
  }

  /** Makes room for one more hash. After that, adding it cannot fail. */
  reserve(): void {
    if (this.count < this.ids.length) return;
    const words = grown(this.words, 2 * this.words.length);
    this.ids = grown(this.ids, 2 * this.count);
    this.words = words;
  }

  /** Copies hash number `at` of `words`. */
  push(words: Int32Array, at: number, id: number): void {
    this.reserve();
    const perHash = this.bits >> 5;
    const to = this.count * perHash;
    for (let i = 0; i < perHash; i++) this.words[to + i] = words[at * perHash + i]!;
    this.inOrder &&= id === this.count;
    this.ids[this.count++] = id;
  }

  plan(maxDistance: number): SearchPlan {
    return scanPlan({ bits: this.bits, kernel: 'js' }, this.count, maxDistance);
  }

  search(query: Int32Array, max: number, out: Uint32Array, from = 0, to = this.count): number {
    return scan(this, from, to, query, max, out);
  }
}

/** Numbers of a page: 4 KiB. */
const PAGE = 2 ** 15;

/**
 * A set of numbers 0…2^32 - 1: a bit for each, in pages. A number takes one page at most, however
 * high it is. A copy shares the pages until it changes them.
 */
export class Marks {
  readonly #pages: (Int32Array | undefined)[];
  /** pages that must not be changed */
  readonly #shared: readonly (Int32Array | undefined)[];
  #count = 0;

  constructor(original?: Marks) {
    this.#shared = original ? original.#pages : [];
    this.#pages = this.#shared.slice();
    this.#count = original ? original.#count : 0;
  }

  /** The numbers below `end`. */
  static below(end: number): Marks {
    const marks = new Marks();
    for (let number = 0; number < end; number += PAGE) marks.#own(number >>> 15).fill(-1);
    marks.#count = PAGE * Math.ceil(end / PAGE);
    for (let number = end; number % PAGE > 0; number++) marks.delete(number);
    return marks;
  }

  get count(): number {
    return this.#count;
  }

  has(number: number): boolean {
    const page = this.#pages[number >>> 15];
    return page !== undefined && (page[(number >>> 5) & 1023]! & (1 << number)) !== 0;
  }

  /** Makes room for a number. After that, adding or deleting it cannot fail. */
  reserve(number: number): void {
    this.#own(number >>> 15);
  }

  /** True if it was not in the set. */
  add(number: number): boolean {
    if (this.has(number)) return false;
    this.#own(number >>> 15)[(number >>> 5) & 1023]! |= 1 << number;
    this.#count++;
    return true;
  }

  /** True if it was in the set. */
  delete(number: number): boolean {
    if (!this.has(number)) return false;
    this.#own(number >>> 15)[(number >>> 5) & 1023]! &= ~(1 << number);
    this.#count--;
    return true;
  }

  /** Adds all of another set, whose size matters little. @returns those present already */
  addAll(others: Marks): number[] {
    const known: number[] = [];
    for (const [at, page] of others.#pages.entries()) {
      if (!page) continue;
      const own = this.#own(at);
      for (let word = 0; word < page.length; word++) {
        for (let both = own[word]! & page[word]!; both !== 0; both &= both - 1) {
          known.push(numberAt(at, word, both));
        }
        own[word]! |= page[word]!;
      }
    }
    this.#count += others.#count - known.length;
    return known;
  }

  /** The numbers that are not in another set, in ascending order; shared pages take no time. */
  *besides(other?: Marks): Generator<number> {
    const theirs = other ? other.#pages : [];
    for (const [at, page] of this.#pages.entries()) {
      const others = theirs[at];
      for (let word = 0; page && page !== others && word < page.length; word++) {
        for (let bits = page[word]! & ~(others?.[word] ?? 0); bits !== 0; bits &= bits - 1) {
          yield numberAt(at, word, bits);
        }
      }
    }
  }

  #own(at: number): Int32Array {
    const page = this.#pages[at];
    if (page && page !== this.#shared[at]) return page;
    const own = page ? page.slice() : new Int32Array(PAGE / 32);
    this.#pages[at] = own;
    return own;
  }
}

/** The number of the lowest bit that is set in a word of a page. */
const numberAt = (page: number, word: number, bits: number): number =>
  PAGE * page + 32 * word + 31 - Math.clz32(bits & -bits);

/** The most segments of a tree before they are merged. */
const MAX_SEGMENTS = 4;
/**
 * A segment is merged with the following ones when it is under this many times as long. So each
 * entry is moved few times, and all entries added to a base are nearly always one segment.
 */
const GROWTH = 16;

/** The first of the parts to merge into one; the newest part is last. */
export function firstDue(parts: readonly { readonly entries: number }[]): number {
  let from = parts.length - 1;
  let total = parts[from]!.entries;
  while (from > 0 && (from >= MAX_SEGMENTS || parts[from - 1]!.entries < GROWTH * total)) {
    total += parts[--from]!.entries;
  }
  return from;
}

/** True if so many of the entries are gone that the others are worth a segment of their own. */
export const isWasteful = (lost: number, entries: number): boolean => 4 * lost > entries;

/** The purpose of segments. */
export type Purpose = Pick<Shape, 'kind' | 'maxDistance' | 'sketchBits'>;

/** The target shape of a segment of so many entries with ids below `nextId`. */
export function newTarget(
  { algorithm, bits }: HashType,
  purpose: Purpose,
  count: number,
  simd: Simd,
): Target {
  const none = { generation: 0, notesLength: 0, degenerate: undefined };
  return fitted({ ...purpose, ...none, algorithm, bits, nextId: count }, count, simd);
}

/** The same with the bands that suit so many entries best. */
export function fitted(like: Omit<Target, 'bands'>, count: number, simd: Simd): Target {
  const purpose = { ...like, kernel: kernelFor(simd, count) };
  const isBanded = !isDigest(like.algorithm);
  return { ...like, bands: isBanded ? chooseBands(purpose, count, like.maxDistance) : 0 };
}

/** Entries that may go into a segment: those present when it was begun. */
export interface Source {
  readonly part: Pick<Part, 'words' | 'count' | 'startOf' | 'idAt'>;
  /** the part may grow meanwhile */
  readonly entries: number;
  /**
   * True if an entry goes into the segment.
   * @param position of its hash
   */
  has(entry: number, position: number): boolean;
}

/** Options of a merge. */
export interface MergeOptions {
  /** the most entries that go into the segment */
  readonly most: number;
  readonly target: (count: number) => Target;
  readonly allocate?: (shape: Shape) => Room;
  /** whether ids are not stored, and the returned ones are numbers among all of the sources */
  readonly isNumbered?: boolean;
}

/** Memory where a segment is searched fastest. */
const anywhere = (shape: Shape): Room => roomFor(shape, 'auto');

/** Merges entries of parts into a segment step by step. */
export function* mergedSteps(
  sources: readonly Source[],
  { most, target, allocate = anywhere, isNumbered = false }: MergeOptions,
): Generator<void, Built> {
  const kept = new Entries(target(0).bits, most);
  yield;
  let base = 0;
  for (const { part, entries, has } of sources) {
    let position = 0;
    yield* inSteps(entries, (entry) => {
      while (position < part.count - 1 && part.startOf(position + 1) <= entry) position++;
      if (!has(entry, position)) return;
      kept.push(part.words, position, isNumbered ? base + entry : part.idAt(entry));
    });
    base += entries;
  }
  return yield* segmentSteps(kept, target(kept.count), allocate, isNumbered);
}

/**
 * The parts with replacements in place of those that were merged; undefined if these are not
 * consecutive there.
 */
export function replacedIn<T>(
  parts: readonly T[],
  merged: readonly (T | undefined)[],
  by: readonly T[],
): T[] | undefined {
  const from = parts.indexOf(merged[0]!);
  if (from < 0 || merged.some((part, at) => part !== parts[from + at])) return undefined;
  return [...parts.slice(0, from), ...by, ...parts.slice(from + merged.length)];
}

/**
 * The most steps of merging at most seven parts with so many entries: one for look-ups, six for
 * copying or spreading and two a band, and the rounding.
 */
export const stepCount = (entries: number, bands: number): number =>
  (entries * (20 + bands)) / (STEP / 2) + 3 * bands + 18;
