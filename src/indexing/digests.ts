/*
 * Digests are equal or not, so their segments have no bands. They are sorted instead: first those
 * with several entries, then the others, each in ascending order of their words. A look-up guesses
 * the place of a digest by its first word. Digests are spread evenly, so few guesses lead there;
 * every second one halves the rest, whatever the list.
 */

import { allSteps, inSteps } from '../in-turns.js';

/** Digests in the order of a segment. */
interface Sorted {
  readonly words: Int32Array;
  readonly groups: number;
  readonly count: number;
}

/**
 * Looks up a digest, and writes its position and the distance 0 to `out` if there is room.
 * @returns the number of positions: 0 or 1
 */
export function lookUp({ words, groups, count }: Sorted, query: Int32Array, out: Uint32Array) {
  let at = placeOf(words, query, 0, groups);
  if (at < 0) at = placeOf(words, query, groups, count);
  if (at < 0) return 0;
  if (out.length > 1) {
    out[0] = at;
    out[1] = 0;
  }
  return 1;
}

/** The position of a digest among `from`…`to` - 1; -1 if it is not there. */
function placeOf(words: Int32Array, query: Int32Array, from: number, to: number): number {
  const size = query.length;
  const first = query[0]! >>> 0;
  // The first word of the rest is at least `low`, and below `high`.
  let low = 0;
  let high = 2 ** 32;
  for (let halves = false; from < to; halves = !halves) {
    const share = halves ? 0.5 : (first - low) / (high - low);
    const at = Math.min(from + Math.floor(share * (to - from)), to - 1);
    const order = compared(words, size * at, query);
    if (order === 0) return at;
    const word = words[size * at]! >>> 0;
    if (order < 0) [from, low] = [at + 1, word];
    else [to, high] = [at, word + 1];
  }
  return -1;
}

/** Below 0 if the digest at `at` comes before `query`, 0 if they are equal. */
function compared(words: Int32Array, at: number, query: Int32Array): number {
  for (let i = 0; i < query.length; i++) {
    const order = (words[at + i]! >>> 0) - (query[i]! >>> 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** As the kernels that scan, for the few digests of a delta. */
export function scanEqual(
  words: Int32Array,
  count: number,
  query: Int32Array,
  _: number,
  out: Uint32Array,
): number {
  const size = query.length;
  let found = 0;
  for (let at = 0; at < count; at++) {
    if (words[size * at] !== query[0] || compared(words, size * at, query) !== 0) continue;
    if (2 * found + 1 < out.length) {
      out[2 * found] = at;
      out[2 * found + 1] = 0;
    }
    found++;
  }
  return found;
}

/** Values of a digit: half a word. */
const DIGITS = 2 ** 16;

/**
 * The entries in the order of a segment, equal ones in the order of their numbers; and the start
 * and end of each group of equal ones. A radix sort, whose time depends on no digest.
 */
export function* sortedSteps(
  words: Int32Array,
  perHash: number,
  entries: number,
): Generator<void, { order: Uint32Array; starts: Uint32Array }> {
  let order = new Uint32Array(entries);
  let next = new Uint32Array(entries);
  yield* inSteps(entries, (i) => {
    order[i] = i;
  });
  const places = new Uint32Array(DIGITS + 1);
  for (let digit = 2 * perHash - 1; digit >= 0; digit--) {
    const shift = digit % 2 === 0 ? 16 : 0;
    const digitOf = (entry: number) => (words[entry * perHash + (digit >> 1)]! >>> shift) % DIGITS;
    places.fill(0);
    yield* inSteps(entries, (i) => {
      places[digitOf(i) + 1]!++;
    });
    for (let value = 0; value < DIGITS; value++) places[value + 1]! += places[value]!;
    yield* inSteps(entries, (i) => {
      const entry = order[i]!;
      next[places[digitOf(entry)]!++] = entry;
    });
    [order, next] = [next, order];
  }
  return yield* groupedSteps(words, perHash, order, next);
}

/** Moves equal entries to the front. @param out overwritten with the order */
function* groupedSteps(
  words: Int32Array,
  perHash: number,
  sorted: Uint32Array,
  out: Uint32Array,
): Generator<void, { order: Uint32Array; starts: Uint32Array }> {
  const entries = sorted.length;
  /** 1 for an entry that equals the one before it; an extra 0 ends the last run */
  const repeats = new Uint8Array(entries + 1);
  let groups = 0;
  let grouped = 0;
  yield* inSteps(entries, (i) => {
    if (i === 0 || !areEqual(words, perHash, sorted[i - 1]!, sorted[i]!)) return;
    repeats[i] = 1;
    if (repeats[i - 1] === 0) {
      groups++;
      grouped++;
    }
    grouped++;
  });
  const starts = new Uint32Array(groups + 1);
  starts[groups] = grouped;
  let [group, place, single] = [0, 0, grouped];
  yield* inSteps(entries, (i) => {
    if (repeats[i] === 0 && repeats[i + 1] === 0) out[single++] = sorted[i]!;
    else {
      if (repeats[i] === 0) starts[group++] = place;
      out[place++] = sorted[i]!;
    }
  });
  return { order: out, starts };
}

function areEqual(words: Int32Array, perHash: number, a: number, b: number): boolean {
  for (let i = 0; i < perHash; i++) {
    if (words[a * perHash + i] !== words[b * perHash + i]) return false;
  }
  return true;
}

/** True if a segment's digests are in order, each once. */
export function* areSortedSteps(
  { words, groups, count }: Sorted,
  perHash: number,
): Generator<void, boolean> {
  return yield* allSteps(count, (from, to) => {
    for (let at = Math.max(1, from); at < to; at++) {
      if (at === groups) continue;
      const here = words.subarray(at * perHash, (at + 1) * perHash);
      if (compared(words, (at - 1) * perHash, here) >= 0) return false;
    }
    return true;
  });
}
