import { type Hash, newHash } from '../hash.js';
import { lowDct } from '../kernels/pdq/low-dct.js';
import { checkedPixels, type Pixels } from '../pixels.js';
import { type BitsOptions, gridOf } from './grid.js';
import { greyThumbnail } from './thumbnail.js';

/**
 * pHash of an image: one bit for each of the 8 x 8 or 16 x 16 lowest coefficients of the DCT of its
 * grey thumbnail of 32 x 32 or 64 x 64, set where it is above their median; row-major, the mean of
 * the picture first.
 *
 * Algorithm: ImageHash 4.3 (Python), `phash(image, hash_size=8 or 16, highfreq_factor=4)`: the same
 * bits for the same pixels, except for a coefficient within 1e-6 of the median, where rounding
 * decides. There, as in flat and symmetric pictures, coefficients that are zero by symmetry are
 * exactly zero here. Alpha is dropped.
 * @throws {RangeError} if `bits` is neither 64 nor 256, or the pixels' shape contradicts itself
 * @throws {TypeError} if `pixels` or `options` is invalid
 */
export function phash(pixels: Pixels, options: BitsOptions = {}): { hash: Hash } {
  const { bits, side } = gridOf(options, 'phash');
  const size = 4 * side;
  const thumbnail = new Float64Array(greyThumbnail(checkedPixels(pixels), size, size));
  const across = new Float64Array(side * size);
  lowDct(thumbnail, size, size, side, across);
  // The second pass transposes again: rows are vertical frequencies, as in the original.
  const low = new Float64Array(bits);
  lowDct(across, size, side, side, low);
  const sorted = low.slice().sort();
  const median = (sorted[bits / 2 - 1]! + sorted[bits / 2]!) / 2;
  const bytes = new Uint8Array(bits / 8);
  for (let i = 0; i < bits; i++) if (low[i]! > median) bytes[i >> 3]! |= 128 >> (i & 7);
  return { hash: newHash('phash', bytes) };
}
