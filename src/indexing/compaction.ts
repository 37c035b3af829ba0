import { clearSteps, inSteps } from '../in-turns.js';
import type { HashType } from '../packed-words.js';
import { bucketSteps, STEP } from './mih.js';
import { chooseBands } from './plan.js';
import {
  Entries,
  kernelFor,
  type Part,
  type Room,
  Segment,
  type Shape,
  type Simd,
} from './segment.js';

/*
 * Segments do not change. Entries that come are in a delta, which becomes a segment; entries that
 * go are marked. Segments are merged now and then, step by step, into one without what is marked.
 * An index does so inside its changes, a blocklist in turns of the event loop.
 */

/** Segments of a tree, at most, before they are merged. */
const MAX_SEGMENTS = 4;
/**
 * A segment is merged with what follows it when it is under this many times as long. So each entry
 * is moved few times, and all that was added to a base is nearly always one segment.
 */
const GROWTH = 16;

/** The first of the parts, the newest of which is last, that are to be merged into one. */
export function firstDue(parts: readonly { readonly entries: number }[]): number {
  let from = parts.length - 1;
  let total = parts[from]!.entries;
  while (from > 0 && (from >= MAX_SEGMENTS || parts[from - 1]!.entries < GROWTH * total)) {
    total += parts[--from]!.entries;
  }
  return from;
}

/** Whether so many of the entries are gone that the others are worth a segment of their own. */
export const isWasteful = (lost: number, entries: number): boolean => 4 * lost > entries;

/** What is known of a segment before it is built. */
export type Target = Omit<Shape, 'count' | 'groups' | 'entries' | 'hasIds'>;

/** What segments are for. */
export type Purpose = Pick<Shape, 'kind' | 'maxDistance' | 'sketchBits'>;

/** What a segment of so many entries with the ids below is to be like. */
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
  return { ...like, bands: chooseBands(purpose, count, like.maxDistance) };
}

/** Entries that may go into a segment: those that were there when it was begun. */
export interface Source {
  readonly part: Pick<Part, 'words' | 'count' | 'startOf' | 'idAt'>;
  /** the part may grow meanwhile */
  readonly entries: number;
  /**
   * Whether an entry goes there.
   * @param position of its hash
   */
  has(entry: number, position: number): boolean;
}

/** What a merge is to make. */
export interface MergeOptions {
  /** entries that go there, at most */
  readonly most: number;
  readonly target: (count: number) => Target;
  readonly allocate: (shape: Shape) => Room;
  /** whether ids are not stored, and the given ones are numbers among all of the sources */
  readonly isNumbered?: boolean;
}

/** A segment, and the given ids of its entries; undefined if each is the number of the entry. */
export interface Built {
  readonly segment: Segment;
  readonly ids: Uint32Array | undefined;
}

/** Merges entries of parts into a segment step by step. */
export function* mergedSteps(
  sources: readonly Source[],
  { most, target, allocate, isNumbered = false }: MergeOptions,
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
 * The parts with others in place of those that were merged; undefined if these do not follow one
 * another there.
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

/** Entries that a step looks up in a hash table, which takes longest of all. */
const LOOKUP_STEP = STEP / 16;

/**
 * Steps, at most, of merging at most seven parts with so many entries: one of looking up, six of
 * copying or spreading and two a band, and what is rounded up.
 */
export const stepCount = (entries: number, bands: number): number =>
  (entries * (20 + bands)) / (STEP / 2) + 3 * bands + 18;

/**
 * Builds a segment step by step: each `next` is a short step, so that a caller may do other things
 * in between. Equal hashes become one with several ids.
 * @param source hashes end to end, and their ids unless these are their numbers
 * @param isNumbered whether ids are not stored
 */
export function* segmentSteps(
  source: Pick<Entries, 'count' | 'words'> & Partial<Entries>,
  target: Target,
  allocate: (shape: Shape) => Room,
  isNumbered = false,
): Generator<void, Built> {
  const { count: entries, words: given, inOrder = true } = source;
  const perHash = target.bits >> 5;
  const { order, starts } = yield* grouped(given, perHash, entries);
  const groups = starts.length - 1;
  const count = groups + entries - starts[groups]!;
  const isSame = groups === 0 && inOrder;
  const shape = { ...target, count, groups, entries, hasIds: !isSame && !isNumbered };
  const segment = new Segment(shape, allocate(shape));
  const { words, buckets } = segment;
  segment.starts.set(starts);
  const ids = segment.ids ?? (isSame ? undefined : new Uint32Array(entries));
  yield* inSteps(isSame ? 0 : entries, (i) => {
    ids![i] = source.ids ? source.ids[order[i]!]! : order[i]!;
  });
  yield* inSteps(count, (i) => {
    const entry = order[segment.startOf(i)]! * perHash;
    for (let word = 0; word < perHash; word++) words[i * perHash + word] = given[entry + word]!;
  });
  if (target.bands > 0) yield* bucketSteps(buckets.hashes, target.bands, count);
  return { segment, ids };
}

/**
 * The entries in the order of their hashes, equal ones together and those first that several
 * entries have; where the entries of each of these groups start, and end. A hash table with open
 * addressing; its hash function is keyed by chance, as a list made to collide would otherwise cost
 * quadratic time. The result does not depend on the key.
 */
function* grouped(
  words: Int32Array,
  perHash: number,
  entries: number,
): Generator<void, { order: Uint32Array; starts: Uint32Array }> {
  const key = Math.floor(Math.random() * 2 ** 32) | 0;
  const mask = 2 ** Math.ceil(Math.log2(1.5 * entries + 1)) - 1;
  // Entry + 1 in each slot; 0 is empty.
  const slots = new Uint32Array(mask + 1);
  yield* clearSteps(slots);
  const firsts = new Uint32Array(entries);
  yield;
  const sizes = new Uint32Array(entries);
  yield* clearSteps(sizes);
  const equal = (a: number, b: number) => {
    for (let i = 0; i < perHash; i++) {
      if (words[a * perHash + i] !== words[b * perHash + i]) return false;
    }
    return true;
  };
  let groups = 0;
  const find = (entry: number) => {
    let mix = key;
    for (let word = 0; word < perHash; word++) {
      mix = Math.imul(mix ^ words[entry * perHash + word]!, 0x9e3779b1);
      mix ^= mix >>> 15;
    }
    let slot = mix & mask;
    while (slots[slot] !== 0 && !equal(slots[slot]! - 1, entry)) slot = (slot + 1) & mask;
    if (slots[slot] === 0) slots[slot] = entry + 1;
    const first = slots[slot]! - 1;
    firsts[entry] = first;
    if (++sizes[first]! === 2) groups++;
  };
  yield* inSteps(entries, find, LOOKUP_STEP);
  const starts = new Uint32Array(groups + 1);
  groups = 0;
  // The same memory again: the size of a group becomes its next place + 2, and the slots the order.
  let place = 0;
  yield* inSteps(entries, (entry) => {
    const size = sizes[entry]!;
    if (size < 2) return;
    starts[groups++] = place;
    sizes[entry] = place + 2;
    place += size;
  });
  starts[groups] = place;
  const order = slots.subarray(0, entries);
  yield* inSteps(entries, (entry) => {
    const first = firsts[entry]!;
    order[sizes[first]! > 1 ? sizes[first]!++ - 2 : place++] = entry;
  });
  return { order, starts };
}
