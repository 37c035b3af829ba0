import { type Hash, newHash } from '../hash.js';
import { checkedPixels, type Pixels } from '../pixels.js';
import { type BitsOptions, gridOf } from './grid.js';
import { greyThumbnail } from './thumbnail.js';

/**
 * aHash of an image: one bit for each sample of its grey thumbnail of 8 x 8 or 16 x 16, set where
 * it is brighter than their mean; row-major.
 *
 * Algorithm: ImageHash 4.3 (Python), `average_hash(image, hash_size=8 or 16)`: the same bits for
 * the same pixels. Alpha is dropped.
 * @throws {RangeError} if `bits` is neither 64 nor 256, or the pixels' shape contradicts itself
 * @throws {TypeError} if `pixels` or `options` is invalid
 */
export function ahash(pixels: Pixels, options: BitsOptions = {}): { hash: Hash } {
  const { bits, side } = gridOf(options, 'ahash');
  const thumbnail = greyThumbnail(checkedPixels(pixels), side, side);
  let total = 0;
  for (let i = 0; i < bits; i++) total += thumbnail[i]!;
  const bytes = new Uint8Array(bits / 8);
  for (let i = 0; i < bits; i++) {
    if (bits * thumbnail[i]! > total) bytes[i >> 3]! |= 128 >> (i & 7);
  }
  return { hash: newHash('ahash', bytes) };
}
