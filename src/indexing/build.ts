import type { Algorithm, Bits } from '../hash.js';
import { countKeys, placeKeys } from '../kernels/bands.js';
import { HEADER_WORDS, type Shape, sectionsOf } from './layout.js';
import { bandWidths } from './plan.js';
import { Segment } from './segment.js';

/** Entries to build a segment of: hashes end to end, an id each; ids are the positions where absent. */
export interface Entries {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly count: number;
  readonly words: Int32Array;
  readonly ids?: Uint32Array;
}

/** What else goes into a segment. */
export interface BuildOptions {
  readonly bands: number;
  readonly kind: 'flat' | 'mih' | undefined;
  readonly maxDistance: number;
  readonly nextId: number;
  readonly generation?: number;
  readonly notes?: Uint8Array;
  /** in a SharedArrayBuffer, for workers */
  readonly shared?: boolean;
}

/** Hashes that a step of the building puts into buckets: about 0.3 ms. */
const STEP = 1 << 14;
/** Entries that a step looks up or copies one by one, which takes longer. */
export const SMALL_STEP = STEP / 4;

/** Steps that it takes to copy entries and build a segment of them, about. */
export function stepsOf(count: number, bands: number): number {
  return bands + Math.ceil(count / SMALL_STEP) * 3 + Math.ceil(count / STEP) * 2 * bands;
}

/**
 * Builds a segment step by step (each `next` is one short step), so that a caller may do other things in between.
 * Equal hashes become one with several ids; a counting sort fills each band's buckets.
 */
export function* segmentSteps(
  entries: Entries,
  { bands, kind, maxDistance, nextId, generation = 0, notes, shared = false }: BuildOptions,
): Generator<void, Segment> {
  const { algorithm, bits, words: source } = entries;
  const perHash = bits >> 5;
  const { first, duplicateOf, duplicateEntries } = yield* distinct(entries);
  const idOf = (entry: number) => (entries.ids ? entries.ids[entry]! : entry);
  const count = first ? first.length : entries.count;
  let positional = !entries.ids;
  if (first && positional) {
    for (let i = 0; i < count && positional; i++) positional = first[i] === i;
  }
  const shape: Shape = {
    algorithm,
    bits,
    bands,
    count,
    duplicates: duplicateOf.length,
    positional,
    nextId,
    generation,
    notesLength: notes?.length ?? 0,
    kind,
    maxDistance,
  };
  const at = sectionsOf(shape);
  const buffer = shared ? new SharedArrayBuffer(at.byteLength) : new ArrayBuffer(at.byteLength);
  const whole = new Uint32Array(buffer);
  const words = new Int32Array(buffer, 4 * HEADER_WORDS, count * perHash);
  for (let from = 0; from < count; from += SMALL_STEP) {
    const to = Math.min(from + SMALL_STEP, count);
    if (first) {
      for (let i = from; i < to; i++) {
        const entry = first[i]! * perHash;
        for (let word = 0; word < perHash; word++)
          words[i * perHash + word] = source[entry + word]!;
      }
    } else words.set(source.subarray(from * perHash, to * perHash), from * perHash);
    if (!positional) {
      for (let i = from; i < to; i++) whole[at.firstIds + i] = idOf(first ? first[i]! : i);
    }
    yield;
  }
  for (let i = 0; i < duplicateOf.length; i++) {
    whole[at.duplicateOf + i] = duplicateOf[i]!;
    whole[at.duplicateIds + i] = idOf(duplicateEntries[i]!);
  }
  const ids = whole.subarray(at.ids, at.ids + bands * count);
  const sketches = new Int32Array(buffer, 4 * at.sketches, bands * count);
  let base = at.offsets;
  let start = 0;
  for (let band = 0; band < bands; band++) {
    const width = bandWidths(bits, bands)[band]!;
    const cursors = new Uint32Array(1 << width);
    for (let from = 0; from < count; from += STEP) {
      countKeys(words, perHash, from, Math.min(from + STEP, count), start, width, cursors);
      yield;
    }
    let place = band * count;
    for (let key = 0; key < cursors.length; key++) {
      const size = cursors[key]!;
      whole[base + key] = place;
      cursors[key] = place;
      place += size;
    }
    whole[base + cursors.length] = place;
    yield;
    for (let from = 0; from < count; from += STEP) {
      const to = Math.min(from + STEP, count);
      placeKeys(words, perHash, from, to, start, width, cursors, ids, sketches);
      yield;
    }
    base += cursors.length + 1;
    start += width;
  }
  if (notes) new Uint8Array(buffer, 4 * at.notes, notes.length).set(notes);
  return new Segment(shape, buffer);
}

/**
 * Which entries are the first with their hash (undefined: all), and of the others, in the order of those firsts, the
 * position of the first and the entry. A hash table with open addressing. Its hash function is keyed by chance, as a
 * list made to collide would otherwise cost quadratic time; the result does not depend on the key.
 */
function* distinct({
  bits,
  count,
  words,
}: Entries): Generator<
  void,
  { first: Uint32Array | undefined; duplicateOf: Uint32Array; duplicateEntries: Uint32Array }
> {
  const perHash = bits >> 5;
  const key = Math.floor(Math.random() * 2 ** 32) | 0;
  const none = {
    first: undefined,
    duplicateOf: new Uint32Array(0),
    duplicateEntries: new Uint32Array(0),
  };
  const mask = 2 ** Math.ceil(Math.log2(2 * count + 1)) - 1;
  // Position + 1 of the first entry in each slot; 0 is empty.
  const slots = new Uint32Array(mask + 1);
  const positions = new Uint32Array(count);
  const first = new Uint32Array(count);
  let found = 0;
  for (let from = 0; from < count; from += SMALL_STEP) {
    const to = Math.min(from + SMALL_STEP, count);
    for (let entry = from; entry < to; entry++) {
      const at = entry * perHash;
      let mix = key;
      for (let word = 0; word < perHash; word++) {
        mix = Math.imul(mix ^ words[at + word]!, 0x9e3779b1);
        mix ^= mix >>> 15;
      }
      let slot = mix & mask;
      for (;;) {
        const position = slots[slot]!;
        if (position === 0) {
          first[found] = entry;
          positions[entry] = found++;
          slots[slot] = found;
          break;
        }
        if (equalAt(words, perHash, first[position - 1]!, entry)) {
          positions[entry] = position - 1;
          break;
        }
        slot = (slot + 1) & mask;
      }
    }
    yield;
  }
  if (found === count) return none;
  // A counting sort of the others by the position of their first.
  const starts = new Uint32Array(found + 1);
  for (let entry = 0; entry < count; entry++) {
    if (first[positions[entry]!] !== entry) starts[positions[entry]! + 1]!++;
  }
  for (let position = 0; position < found; position++) starts[position + 1]! += starts[position]!;
  const duplicateOf = new Uint32Array(count - found);
  const duplicateEntries = new Uint32Array(count - found);
  yield;
  for (let entry = 0; entry < count; entry++) {
    const position = positions[entry]!;
    if (first[position] === entry) continue;
    const place = starts[position]!++;
    duplicateOf[place] = position;
    duplicateEntries[place] = entry;
  }
  return { first: first.slice(0, found), duplicateOf, duplicateEntries };
}

function equalAt(words: Int32Array, perHash: number, a: number, b: number): boolean {
  for (let i = 0; i < perHash; i++) {
    if (words[a * perHash + i] !== words[b * perHash + i]) return false;
  }
  return true;
}
