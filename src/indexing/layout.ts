import type { Algorithm, Bits } from '../hash.js';
import { bandWidths } from './plan.js';

/** What the header of a segment tells, and all that the places of its sections depend on. */
export interface Shape {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  /** 0: hashes without bands, to be scanned */
  readonly bands: number;
  /** different hashes */
  readonly count: number;
  /** entries beyond the first of each hash */
  readonly duplicates: number;
  /** whether the first id of each hash is its position, so that none are kept */
  readonly positional: boolean;
  /** ids given so far: each id is below */
  readonly nextId: number;
  /** counts up with each saved state of one index */
  readonly generation: number;
  readonly notesLength: number;
  /** an engine asked for by name */
  readonly kind: 'flat' | 'mih' | undefined;
  /** the distance that most searches will ask for */
  readonly maxDistance: number;
}

/** Words of the header: magic (2), version, algorithm, bits, bands, count, duplicates, positional, next id, generation, bytes of notes, kind, usual distance, checksum, 0. */
export const HEADER_WORDS = 16;

/**
 * Where the sections of a segment begin, in 32-bit words. In their order: the hashes; the first id of each, unless
 * positional; of each further entry its hash's position, ascending, and its id; the bucket starts of each band,
 * 2^width + 1 of them; hash positions in the order of the buckets, band by band; the sketches in the same order; notes.
 */
export interface Sections {
  readonly hashes: number;
  readonly firstIds: number;
  readonly duplicateOf: number;
  readonly duplicateIds: number;
  readonly offsets: number;
  readonly ids: number;
  readonly sketches: number;
  readonly notes: number;
  readonly byteLength: number;
}

export function sectionsOf(shape: Shape): Sections {
  const { bits, bands, count, duplicates, positional, notesLength } = shape;
  const hashes = HEADER_WORDS;
  const firstIds = hashes + (count * bits) / 32;
  const duplicateOf = firstIds + (positional ? 0 : count);
  const duplicateIds = duplicateOf + duplicates;
  const offsets = duplicateIds + duplicates;
  const ids = offsets + offsetsLength(bits, bands);
  const sketches = ids + bands * count;
  const notes = sketches + bands * count;
  return {
    hashes,
    firstIds,
    duplicateOf,
    duplicateIds,
    offsets,
    ids,
    sketches,
    notes,
    byteLength: 4 * (notes + Math.ceil(notesLength / 4)),
  };
}

function offsetsLength(bits: Bits, bands: number): number {
  let length = 0;
  if (bands > 0) for (const width of bandWidths(bits, bands)) length += 2 ** width + 1;
  return length;
}
