import type { Pixels } from '../pixels.js';
import type { HashedImage } from '../variant.js';
import { hashedImage } from './own-variants.js';
import type { VariantOptions } from './variant-profile.js';
import { variantsOf } from './variants-of.js';

/**
 * A picture's hash and those of its variants, all at once; `variantsOf` gives them one at a time.
 * @param pixels as displayed; only read
 * @returns the hash and quality of the picture itself, and its variants, the likeliest first, without the picture itself
 * @throws {TypeError | RangeError} if an option or the pixels are invalid
 * @example
 * const { hash, variants } = hashPixels(imageData, { variants: 'dihedral' });
 */
export function hashPixels(pixels: Pixels, options: VariantOptions = {}): HashedImage {
  return hashedImage(variantsOf(pixels, options));
}
