import { bytesOf, PARTS_BYTES } from '../hash.js';

/*
 * Two pictures part by part, for a candidate beyond the match distance. The rule and its figures:
 * docs/parts-and-crops.md. Of 142 copies at 32 to 60 bits, 0.94 are nearer by parts than nine
 * tenths of 132 false pairs; by chroma 0.56 are, by other hashes at most 0.47.
 */

/** A match by its quarters: two within the first distance, and a third within the other. */
const TWO_QUARTERS = 31;
const THIRD_QUARTER = 50;
/** A match by its centre or its middle band. */
const CENTRE_OR_BAND = 24;

/** The parts of two pictures, compared. */
export interface PartsCompared {
  /** in bits: the least of the second-nearest quarter, the centre and the middle band */
  readonly distance: number;
  /** true if the entry is a page: other pages of its layout have the same parts */
  readonly isPage: boolean;
  /** whether they are those of one photo */
  readonly match: boolean;
}

/**
 * Compares the parts of a variant with those of an entry.
 * @param a the hashes end to end; those of the entry may be their hex
 */
export function comparedParts(a: Uint8Array, entry: string | Uint8Array): PartsCompared {
  const b = typeof entry === 'string' ? bytesOf(entry) : entry;
  const distances: number[] = [];
  for (let from = 0; from < PARTS_BYTES; from += 32) {
    let bits = 0;
    for (let i = from; i < from + 32; i++) {
      for (let x = a[i]! ^ b[i]!; x > 0; x &= x - 1) bits++;
    }
    distances.push(bits);
  }
  const [centre, band] = distances.slice(4) as [number, number];
  const [, second, third] = distances.slice(0, 4).sort((x, y) => x - y) as [number, number, number];
  const middle = Math.min(centre, band);
  const isByQuarters = second <= TWO_QUARTERS && third <= THIRD_QUARTER;
  const isPage = b.length > PARTS_BYTES;
  return {
    distance: Math.min(second, middle),
    isPage,
    match: !isPage && (isByQuarters || middle <= CENTRE_OR_BAND),
  };
}
