import type { Algorithm, Bits } from '../hash.js';
import { bandWidths } from './plan.js';

/** Engines that may be asked for by name: none, or one of two. */
export const KINDS = [undefined, 'flat', 'mih'] as const;

/** What the header of a segment tells, and all that the places of its sections depend on. */
export interface Shape {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  /** 0: hashes without bands, to be scanned */
  readonly bands: number;
  /** different hashes */
  readonly count: number;
  /** of them those with several entries, which come first */
  readonly groups: number;
  readonly entries: number;
  /** ids given so far: each id is below */
  readonly nextId: number;
  /** counts up with each saved state of one index */
  readonly generation: number;
  readonly notesLength: number;
  /** degenerate entries kept out of the file; undefined if nobody counted them */
  readonly degenerate: number | undefined;
  /** an engine asked for by name */
  readonly kind: (typeof KINDS)[number];
  /** the distance that most searches will ask for */
  readonly maxDistance: number;
}

export const HEADER_BYTES = 64;

/**
 * Bytes of a segment: the header; the hashes; the ids, hash by hash; where those of each group begin, and of the first
 * hash after them; the bucket starts of all bands, and the end of the last bucket; hash positions in the order of the
 * buckets, band by band; the sketches in the same order; notes. All but notes are 32-bit words.
 */
export function byteLengthOf(shape: Shape): number {
  const { bits, bands, count, groups, entries, notesLength } = shape;
  const hashed = count * (bits / 32 + 2 * bands);
  const words = hashed + entries + groups + 1 + offsetsLength(shape) + Math.ceil(notesLength / 4);
  return HEADER_BYTES + 4 * words;
}

/** Bucket starts of all bands, and the end of the last bucket. */
export function offsetsLength({ bits, bands }: Shape): number {
  return bandWidths(bits, bands).reduce((sum, width) => sum + 2 ** width, 1);
}
