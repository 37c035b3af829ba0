import { type Hash, newHash } from '../hash.js';
import { blockSums } from '../kernels/pixels/block-sums.js';
import { checkedPixels, type Pixels, wordsOf } from '../pixels.js';
import { type BitsOptions, gridOf } from './grid.js';

/**
 * Blockhash of an image: one bit for each rectangle of a grid of 8 x 8 or 16 x 16, set where its
 * mean brightness is above the median of its quarter of the picture, a band of two or four rows of
 * the grid.
 *
 * Algorithm: Yang, Gu and Niu, "Block Mean Value Based Image Perceptual Hashing" (2006), as in the
 * npm package blockhash-core 0.1.0 (`bmvbhash`): the same bits for the same pixels. Pixels of alpha
 * 0 count as white, all others as opaque. Grey counts as R = G = B.
 * @throws {RangeError} if `bits` is neither 64 nor 256, or the pixels' shape contradicts itself
 * @throws {TypeError} if `pixels` or `options` is invalid
 * @example
 * const { hash } = blockhash(imageData);
 */
export function blockhash(pixels: Pixels, options: BitsOptions = {}): { hash: Hash } {
  const { bits, side } = gridOf(options, 'blockhash');
  const checked = checkedPixels(pixels);
  const sums = new Float64Array(bits);
  blockSums({ ...checked, words: wordsOf(checked) }, side, sums);

  const bytes = new Uint8Array(bits / 8);
  const band = bits / 4;
  for (let start = 0; start < bits; start += band) {
    const sorted = sums.slice(start, start + band).sort();
    const twiceMedian = sorted[band / 2 - 1]! + sorted[band / 2]!;
    // Sums are in units of 1 / bits. Near ties (within 1 of the median) count as bright if the
    // median itself is in the brighter half, so that a mostly white picture is not all zeros. This
    // is the original's rule, with 768 as its white.
    const bright = twiceMedian > 768 * checked.width * checked.height;
    for (let i = start; i < start + band; i++) {
      const above = 2 * sums[i]! - twiceMedian;
      if (above > 0 || (bright && above > -2 * bits)) bytes[i >> 3]! |= 128 >> (i & 7);
    }
  }
  return { hash: newHash('blockhash', bytes) };
}
