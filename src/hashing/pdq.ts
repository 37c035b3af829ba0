import { checkOptions, checkTypeOf } from '../door.js';
import { checkResample, type Hash, type Resample } from '../hash.js';
import type { Pixels } from '../pixels.js';
import { bitsAbove } from './pdq-bits.js';
import { rasterOf } from './pdq-raster.js';
import { transform } from './pdq-transform.js';

/** How PDQ treats a picture. */
export interface PdqOptions {
  /**
   * `512` (the default): a picture with a side over 512 is first brought to 512 x 512, as by the reference's C++ program;
   * `'none'`: never, as by its Python binding. Both are in use; on large pictures they differ by a few bits.
   */
  resample?: Resample;
  /**
   * Take every rounding of the reference, in its order. By default that is done only where a bit or
   * the quality lies within a guard band. The band is measured, not proved: it gave the same answer
   * on each of 200,000 hard pictures, and is faster.
   */
  exact?: boolean;
}

/**
 * PDQ hash of an image: 256 bits, one for each low-frequency 16 x 16 DCT coefficient, set where it exceeds their median.
 * Algorithm: ThreatExchange, hashing/hashing.pdf; the same bits as its C++ code for the same pixels (fixtures/pdq).
 * Alpha is ignored, not composited. One sample a pixel is luma itself; red, green and blue alike are still three
 * products and two roundings.
 * @returns `hash`; `quality` 0…100: how much gradient the image has; below 50 a match means little; and `resample`, the
 *   size convention of the hash, for its record. An image with a side under 5 pixels has an all-zero hash of quality 0,
 *   as in the reference.
 * @throws {RangeError} if `resample` is neither 512 nor 'none', or the pixels' shape contradicts itself
 * @throws {TypeError} if `pixels` or `options` is none
 * @example
 * const { hash, quality } = pdq(imageData);
 */
export function pdq(
  pixels: Pixels,
  options: PdqOptions = {},
): { hash: Hash; quality: number; resample: Resample } {
  const { resample, exact } = pdqOptions(options);
  const raster = rasterOf(pixels, resample);
  const width = raster.columns.length;
  const height = raster.rows.length;
  if (width < 5 || height < 5) {
    return { hash: { algorithm: 'pdq', bytes: new Uint8Array(32) }, quality: 0, resample };
  }
  // The reference takes 64 x 64 pixels as they are: frames that a video decoder has scaled.
  const filtered = width !== 64 || height !== 64;
  const { bits, quality } = transform(raster, filtered, exact, bitsAbove);
  return { hash: bits, quality, resample };
}

/**
 * What `options` ask for.
 * @throws {TypeError} if `options` is none, or `exact` no boolean
 * @throws {RangeError} if `resample` is neither 512 nor 'none'
 */
export function pdqOptions(options: PdqOptions): Required<PdqOptions> {
  checkOptions(options);
  const { resample = 512, exact = false } = options;
  checkResample(resample);
  checkTypeOf('exact', exact, 'boolean');
  return { resample, exact };
}
