import type { Hash, Resample } from '../hash.js';
import type { Pixels } from '../pixels.js';
import { DIHEDRAL_NAMES, type DihedralName } from '../variant.js';
import { type PdqOptions, pdqOptions } from './pdq.js';
import { bitsAbove } from './pdq-bits.js';
import { rasterOf } from './pdq-raster.js';
import { transform } from './pdq-transform.js';

/**
 * What each form does to the coefficients: mirroring a dimension negates its odd frequencies (the even rows or columns,
 * as the first one is frequency 1), and turning exchanges rows and columns.
 */
const FORMS: Record<DihedralName, { rows: boolean; columns: boolean; turned: boolean }> = {
  original: { rows: false, columns: false, turned: false },
  rotate90: { rows: false, columns: true, turned: true },
  rotate180: { rows: true, columns: true, turned: false },
  rotate270: { rows: true, columns: false, turned: true },
  flipX: { rows: true, columns: false, turned: false },
  flipY: { rows: false, columns: true, turned: false },
  flipPlus1: { rows: false, columns: false, turned: true },
  flipMinus1: { rows: true, columns: true, turned: true },
};

/**
 * PDQ hashes of an image's eight dihedral forms, from one filtering: the coefficients of the others are those of the
 * first with some signs changed and rows and columns exchanged. The same bits as the reference's C++ code. The names are
 * the reference's too: its `flipX` turns the picture upside down, and its `rotate90` goes counterclockwise.
 *
 * The hash of pixels that were mirrored first differs from these by a few bits, since the filter is not symmetric. And
 * 64 x 64 pixels, which `pdq` takes as they are, are filtered here, as in the reference: there `original` is not the hash
 * that `pdq` gives.
 * @returns the eight hashes, and `quality` and `resample` as `pdq` gives them; all-zero hashes of quality 0 where a side is under 5 pixels
 * @throws {RangeError} if `resample` is neither 512 nor 'none', or the pixels' shape contradicts itself
 * @throws {TypeError} if `pixels` or `options` is none
 */
export function pdqDihedral(
  pixels: Pixels,
  options: PdqOptions = {},
): { hashes: Record<DihedralName, Hash>; quality: number; resample: Resample } {
  const { resample, exact } = pdqOptions(options);
  const raster = rasterOf(pixels, resample);
  if (raster.columns.length < 5 || raster.rows.length < 5) {
    const zero = (): Hash => ({ algorithm: 'pdq', bytes: new Uint8Array(32) });
    return { hashes: eachForm(zero)!, quality: 0, resample };
  }
  const { bits, quality } = transform(raster, true, exact, (coefficients, band) =>
    eachForm((name) => bitsAbove(reshaped(coefficients, name), band)),
  );
  return { hashes: bits, quality, resample };
}

/** A hash for each form, or `undefined` if one has none. */
function eachForm(
  hashOf: (name: DihedralName) => Hash | undefined,
): Record<DihedralName, Hash> | undefined {
  const hashes: Partial<Record<DihedralName, Hash>> = {};
  for (const name of DIHEDRAL_NAMES) {
    const hash = hashOf(name);
    if (hash === undefined) return undefined;
    hashes[name] = hash;
  }
  return hashes as Record<DihedralName, Hash>;
}

/** The 16 x 16 coefficients of one form, fresh, from those of the original. */
export function reshaped(coefficients: Float64Array, name: DihedralName): Float64Array {
  const { rows, columns, turned } = FORMS[name];
  const out = new Float64Array(256);
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      const value = coefficients[16 * i + j]!;
      const negative = (rows && (i & 1) === 0) !== (columns && (j & 1) === 0);
      out[turned ? 16 * j + i : 16 * i + j] = negative ? -value : value;
    }
  }
  return out;
}
