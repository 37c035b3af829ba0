import { type Hash, newHash } from '../hash.js';
import { checkedPixels, type Pixels } from '../pixels.js';
import { type BitsOptions, gridOf } from './grid.js';
import { greyThumbnail } from './thumbnail.js';

/**
 * dHash of an image: one bit for each sample of its grey thumbnail of 9 x 8 or 17 x 16, the first
 * column left out, set where it is brighter than its left neighbour; row-major.
 *
 * Algorithm: ImageHash 4.3 (Python), `dhash(image, hash_size=8 or 16)`: the same bits for the same
 * pixels. Alpha is dropped.
 * @throws {RangeError} if `bits` is neither 64 nor 256, or the pixels' shape contradicts itself
 * @throws {TypeError} if `pixels` or `options` is invalid
 */
export function dhash(pixels: Pixels, options: BitsOptions = {}): { hash: Hash } {
  const { bits, side } = gridOf(options, 'dhash');
  const thumbnail = greyThumbnail(checkedPixels(pixels), side + 1, side);
  const bytes = new Uint8Array(bits / 8);
  for (let i = 0; i < bits; i++) {
    const at = i + Math.floor(i / side);
    if (thumbnail[at + 1]! > thumbnail[at]!) bytes[i >> 3]! |= 128 >> (i & 7);
  }
  return { hash: newHash('dhash', bytes) };
}
