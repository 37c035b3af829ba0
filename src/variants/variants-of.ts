import { hashOf } from '../hashing/algorithms.js';
import { checkedPixels, type Pixels } from '../pixels.js';
import type { HashedVariant } from '../variant.js';
import { eachVariant } from './each-variant.js';
import { checkVariantOptions, type VariantOptions } from './variant-profile.js';

/**
 * A picture's hash and those of its variants, one at a time: each is looked for and hashed only when it is asked for, the
 * cheapest and likeliest first. The first is always `original`, the picture as displayed.
 * @param pixels as displayed; borrowed until the last variant was taken, never written
 * @throws {TypeError | RangeError} at once, if an option or the pixels are invalid
 * @example
 * for (const { name, hash } of variantsOf(imageData, { variants: 'thorough' })) if (isListed(hash)) return name;
 */
export function variantsOf(
  pixels: Pixels,
  options: VariantOptions = {},
): Generator<HashedVariant, void, undefined> {
  checkVariantOptions(options);
  const checked = checkedPixels(pixels);
  const stored = options.stored === undefined ? undefined : checkedPixels(options.stored);
  return eachVariant(checked, { ...options, stored }, (form) => hashOf(form, options));
}
