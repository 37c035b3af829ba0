import { checkedBriefly } from '../door.js';
import type { Hash, Resample } from '../hash.js';
import { beside } from '../kernels/simd/arena.js';
import { checkedPixels, type Pixels } from '../pixels.js';
import { DIHEDRAL_NAMES, type DihedralName, layOf } from '../variant.js';
import { bitsAbove, PDQ_OPTIONS, type PdqOptions, rasterOf, transform } from './pdq.js';

/**
 * PDQ hashes of an image's eight dihedral forms, from one filtering: the coefficients of the others
 * are those of the first with some signs changed and rows and columns exchanged. They are the same
 * bits as those of the reference's C++ code. The names are the reference's too: its `flipX` turns
 * the picture upside down, and its `rotate90` goes counterclockwise.
 *
 * If the pixels are mirrored before hashing, the hash differs from these by a few bits, since the
 * filter is not symmetric. 64 x 64 pixels, which `pdq` takes unfiltered, are filtered here, as in
 * the reference; their `original` is not the hash of `pdq`.
 * @returns the eight hashes, and `quality` and `resample` as `pdq` returns them. An image with a
 *   side under 5 pixels has all-zero hashes of quality 0.
 * @throws {RangeError} if `resample` is neither 512 nor 'none', or the pixels' shape contradicts
 *   itself
 * @throws {TypeError} if `pixels` or `options` is invalid
 */
export function pdqDihedral(
  pixels: Pixels,
  options: PdqOptions = {},
): { hashes: Record<DihedralName, Hash>; quality: number; resample: Resample } {
  const { resample, exact } = checkedBriefly(options, PDQ_OPTIONS);
  const raster = rasterOf(checkedPixels(pixels), resample);
  const { bits, quality } = transform(raster, { filtered: true, exact }, eachForm);
  return { hashes: bits, quality, resample };
}

/** `bitsAbove` of each form, or `undefined` if one is in doubt. */
function eachForm(
  coefficients: Float64Array,
  band: number,
): Record<DihedralName, Hash> | undefined {
  const hashes: Partial<Record<DihedralName, Hash>> = {};
  for (const name of DIHEDRAL_NAMES) {
    const hash = bitsAbove(reshaped(coefficients, name), band);
    if (hash === undefined) return undefined;
    hashes[name] = hash;
  }
  return hashes as Record<DihedralName, Hash>;
}

/**
 * The 16 x 16 coefficients of one form, in a new array beside those of the original. Mirroring a
 * dimension negates its odd frequencies: the even rows or columns, as the first one is frequency 1.
 * Turning exchanges rows and columns.
 */
export function reshaped(coefficients: Float64Array, name: DihedralName): Float64Array {
  const { fromBottom, fromRight, turned } = layOf(name);
  const out = beside(coefficients, Float64Array, 256);
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      const value = coefficients[16 * i + j]!;
      const negative = (fromBottom && (i & 1) === 0) !== (fromRight && (j & 1) === 0);
      out[turned ? 16 * j + i : 16 * i + j] = negative ? -value : value;
    }
  }
  return out;
}
