import { checkTypeOf } from '../door.js';
import { checkHashOptions, hashOf } from '../hashing/algorithms.js';
import { checkedPixels, type Pixels } from '../pixels.js';
import type { HashedVariant } from '../variant.js';
import { eachVariant } from './each-variant.js';
import { VARIANT_PROFILES, type VariantOptions } from './variant-profile.js';

/**
 * A picture's hash and those of its variants, one at a time: each is looked for and hashed only when it is asked for, the
 * cheapest and likeliest first. The first is always `original`, the picture as displayed.
 * @param pixels as displayed; borrowed until the last variant was taken, never written
 * @throws {TypeError | RangeError} at once, for options or pixels that are none
 * @example
 * for (const { name, hash } of variantsOf(imageData, { variants: 'thorough' })) if (isListed(hash)) return name;
 */
export function variantsOf(
  pixels: Pixels,
  options: VariantOptions = {},
): Generator<HashedVariant, void, undefined> {
  checkVariantOptions(options);
  const checked = checkedPixels(pixels);
  const stored = options.stored && checkedPixels(options.stored);
  return eachVariant(checked, { ...options, stored }, (form) => hashOf(form, options));
}

/**
 * Checks `options` before there are pixels.
 * @throws {TypeError | RangeError} for one that is none
 */
export function checkVariantOptions(options: VariantOptions): void {
  checkHashOptions(options);
  const { variants = 'orientation', crops } = options;
  checkTypeOf('crops', crops, 'boolean');
  if (!VARIANT_PROFILES.includes(variants)) {
    throw new RangeError(`expected variants to be one of ${VARIANT_PROFILES.join(', ')}`);
  }
}
