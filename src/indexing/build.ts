import { countKeys, placeKeys } from '../kernels/bands.js';
import type { Kind } from './entry-store.js';
import type { SnapshotOptions } from './hamming-index.js';
import type { Shape } from './layout.js';
import { bandWidths } from './plan.js';
import { blankSegment, type Segment } from './segment.js';

/** Entries to build a segment of: hashes end to end, an id each; ids are the positions where absent. */
export interface Entries extends Kind {
  readonly count: number;
  readonly words: Int32Array;
  readonly ids?: Uint32Array;
}

/** Hashes that a step of the building puts into buckets: about 0.3 ms. */
const STEP = 1 << 14;
/** Entries that a step copies one by one, which takes longer. */
const COPY_STEP = STEP / 4;
/** Entries that a step looks up in a hash table, longest of all. */
const LOOKUP_STEP = COPY_STEP / 4;

/**
 * Steps, at most, of copying the entries of at most seven parts and building a segment of them: one of looking up,
 * five of copying and two a band, and what is rounded up.
 */
export const stepCount = (entries: number, bands: number): number =>
  (entries * (18 + bands)) / (STEP / 2) + 3 * bands + 16;

/** Runs `run` on each of 0…`count` - 1, `size` a step. */
export function* inSteps(
  count: number,
  run: (i: number) => void,
  size = COPY_STEP,
): Generator<void, void> {
  for (let i = 0; i < count; i++) {
    if (i % size === 0) yield;
    run(i);
  }
}

/** Runs steps to their end. */
export function finish<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/**
 * Builds a segment step by step (each `next` is one short step), so that a caller may do other things in between.
 * Equal hashes become one with several ids; a counting sort fills each band's buckets.
 */
export function* segmentSteps(
  { algorithm, bits, count: entries, words: source, ids }: Entries,
  plan: Pick<Shape, 'bands' | 'kind' | 'maxDistance' | 'nextId'>,
  options: SnapshotOptions = {},
): Generator<void, Segment> {
  const perHash = bits >> 5;
  const { order, starts } = yield* grouped(source, perHash, entries);
  const groups = starts.length - 1;
  const count = groups + entries - starts[groups]!;
  const segment = blankSegment({ algorithm, bits, count, groups, entries, ...plan }, options);
  const { words, offsets, positions, sketches } = segment;
  segment.starts.set(starts);
  yield* inSteps(entries, (i) => {
    segment.ids[i] = ids ? ids[order[i]!]! : order[i]!;
  });
  yield* inSteps(count, (i) => {
    const entry = order[segment.startOf(i)]! * perHash;
    for (let word = 0; word < perHash; word++) words[i * perHash + word] = source[entry + word]!;
  });
  let start = 0;
  let place = 0;
  let base = 1;
  for (const width of bandWidths(bits, plan.bands)) {
    // First the sizes of buckets, then their starts; placing moves each on to where the next bucket starts.
    const cursors = offsets.subarray(base, base + 2 ** width);
    for (let from = 0; from < count; from += STEP) {
      const to = Math.min(from + STEP, count);
      countKeys(segment, from, to, start, width, cursors);
      // New memory is cleared where it is first used: here, step by step, not all of it in the first step of placing.
      positions.fill(0, place + from, place + to);
      sketches.fill(0, place + from, place + to);
      yield;
    }
    for (let key = 0; key < cursors.length; key++) {
      const size = cursors[key]!;
      cursors[key] = place;
      place += size;
    }
    yield;
    for (let from = 0; from < count; from += STEP) {
      const to = Math.min(from + STEP, count);
      placeKeys(segment, from, to, start, width, cursors);
      yield;
    }
    base += cursors.length;
    start += width;
  }
  return segment;
}

/**
 * The entries in the order of their hashes, equal ones together and those first that several entries have; where the
 * entries of each of these groups start, and end. A hash table with open addressing; its hash function is keyed by
 * chance, as a list made to collide would otherwise cost quadratic time. The result does not depend on the key.
 */
function* grouped(
  words: Int32Array,
  perHash: number,
  entries: number,
): Generator<void, { order: Uint32Array; starts: number[] }> {
  const key = Math.floor(Math.random() * 2 ** 32) | 0;
  const mask = 2 ** Math.ceil(Math.log2(1.5 * entries + 1)) - 1;
  // Entry + 1 in each slot; 0 is empty. To make arrays of megabytes takes milliseconds: each is a step of its own.
  const slots = new Uint32Array(mask + 1);
  yield;
  const firsts = new Uint32Array(entries);
  yield;
  const sizes = new Uint32Array(entries);
  const find = (entry: number) => {
    let mix = key;
    for (let word = 0; word < perHash; word++) {
      mix = Math.imul(mix ^ words[entry * perHash + word]!, 0x9e3779b1);
      mix ^= mix >>> 15;
    }
    let slot = mix & mask;
    while (slots[slot] !== 0 && !equalAt(words, perHash, slots[slot]! - 1, entry)) {
      slot = (slot + 1) & mask;
    }
    if (slots[slot] === 0) slots[slot] = entry + 1;
    const first = slots[slot]! - 1;
    firsts[entry] = first;
    sizes[first]!++;
  };
  yield* inSteps(entries, find, LOOKUP_STEP);
  const starts: number[] = [];
  // The same memory again: the size of a group becomes its next place + 2, and the slots the order.
  let place = 0;
  yield* inSteps(entries, (entry) => {
    const size = sizes[entry]!;
    if (size < 2) return;
    starts.push(place);
    sizes[entry] = place + 2;
    place += size;
  });
  starts.push(place);
  const order = slots.subarray(0, entries);
  yield* inSteps(entries, (entry) => {
    const first = firsts[entry]!;
    order[sizes[first]! > 1 ? sizes[first]!++ - 2 : place++] = entry;
  });
  return { order, starts };
}

function equalAt(words: Int32Array, perHash: number, a: number, b: number): boolean {
  for (let i = 0; i < perHash; i++) {
    if (words[a * perHash + i] !== words[b * perHash + i]) return false;
  }
  return true;
}
