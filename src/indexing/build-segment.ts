import { isDigest } from '../hash.js';
import { clearSteps, inSteps } from '../in-turns.js';
import { sortedSteps } from './digests.js';
import { bucketSteps, STEP } from './mih.js';
import { type Room, Segment, type Shape } from './segment.js';

/** The known properties of a segment before it is built. */
export type Target = Omit<Shape, 'count' | 'groups' | 'entries' | 'hasIds'>;

/** A segment, and the original ids of its entries; undefined if each is the number of the entry. */
export interface Built {
  readonly segment: Segment;
  readonly ids: Uint32Array | undefined;
}

/** Hashes end to end, one per entry. */
interface Given {
  readonly count: number;
  readonly words: Int32Array;
  readonly ids?: Uint32Array;
  /** whether the id of each entry is its number; default true */
  readonly inOrder?: boolean;
}

/** Entries that a step looks up in a hash table, the slowest part. */
const LOOKUP_STEP = STEP / 16;

/**
 * Builds a segment step by step: each `next` is a short step, so that a caller can work in between.
 * Equal hashes become one with several ids. Digests are sorted.
 * @param source hashes end to end, and their ids if these are not their numbers
 * @param isNumbered whether ids are not stored
 */
export function* segmentSteps(
  source: Given,
  target: Target,
  allocate: (shape: Shape) => Room,
  isNumbered = false,
): Generator<void, Built> {
  const { count: entries, words: given, inOrder = true } = source;
  const perHash = target.bits >> 5;
  const isSorted = isDigest(target.algorithm);
  const { order, starts } = yield* (isSorted ? sortedSteps : grouped)(given, perHash, entries);
  const groups = starts.length - 1;
  const count = groups + entries - starts[groups]!;
  const isSame = groups === 0 && inOrder && !isSorted;
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
 * The entries in the order of their hashes, equal ones together, and first the hashes with several
 * entries; and the start and end of each of these groups. A hash table with open addressing; its
 * hash function is keyed at random, as a list made to collide would otherwise cost quadratic time.
 * The result does not depend on the key.
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
