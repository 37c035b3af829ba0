import { checkedBriefly } from '../door.js';
import { hashOf } from '../hashing/algorithms.js';
import { type CheckedPixels, checkedPixels, type Pixels } from '../pixels.js';
import type { HashedImage, HashedVariant, Variants, VariantsThenCloser } from '../variant.js';
import { hashedImage, isOpaque, lookingCloser, ownVariants } from './forms.js';
import { furtherVariants } from './further-variants.js';
import { partsOfPicture } from './parts.js';
import { looksCloser, VARIANT_OPTIONS, type VariantOptions } from './variant-profile.js';
import { pixelsFor, viewOf } from './view.js';

/**
 * A picture's hash and those of its variants, all at once. `variantsOf` returns them one at a time;
 * only those can be refined near entries, so that more edited copies match.
 * @param pixels as displayed; only read
 * @returns hash and quality of the picture itself, and its other variants, the likeliest first
 * @throws {TypeError | RangeError} if an option or the pixels are invalid
 * @example
 * const { hash, variants } = hashPixels(imageData, { variants: 'dihedral' });
 */
export function hashPixels(pixels: Pixels, options: VariantOptions = {}): HashedImage {
  return hashedImage(variantsOf(pixels, options));
}

/**
 * A picture's hash and those of its variants, one at a time, the cheapest and likeliest first. Each
 * is computed only on demand. The first is `original`, the picture as displayed.
 *
 * A decision notifies the generator of the entries near a variant (see `Near`). After all variants,
 * the generator moves the nearest places and returns those again that came nearer. In a `for` loop
 * it is not notified.
 * @param pixels as displayed; borrowed until the last variant is taken, never written
 * @throws {TypeError | RangeError} at once, if an option or the pixels are invalid
 * @example
 * for (const { name, hash } of variantsOf(imageData, { variants: 'thorough' })) {
 *   if (isListed(hash)) return name;
 * }
 */
export function variantsOf(pixels: Pixels, options: VariantOptions = {}): Variants {
  checkedBriefly(options, VARIANT_OPTIONS);
  const checked = checkedPixels(pixels);
  const stored = options.stored === undefined ? undefined : checkedPixels(options.stored);
  return lookingCloser(inOrder(checked, stored, options), looksCloser(options));
}

function* inOrder(
  pixels: CheckedPixels,
  stored: CheckedPixels | undefined,
  options: VariantOptions,
): VariantsThenCloser {
  const { variants = 'orientation', algorithm = 'pdq', resample = 512 } = options;
  const hash = (form: CheckedPixels) => hashOf(form, options);
  const view = viewOf(pixels);
  const isTransparent = variants !== 'none' && !isOpaque(pixels);
  // Uses PDQ's sample if it takes one: a copy of the whole is 36 MB at 12 megapixels.
  const isSampled = isTransparent && algorithm === 'pdq';
  const hasParts = options.parts === true && algorithm === 'pdq';
  let parts: string | undefined;
  const own = {
    displayed: isSampled ? pixelsFor(view, algorithm, resample) : pixels,
    stored: variants === 'none' ? undefined : stored,
    isTransparent,
    given(variant: HashedVariant) {
      if (!hasParts || variant.name !== 'original') return variant;
      parts ??= partsOfPicture(view, resample);
      return { ...variant, parts };
    },
  };
  const already = yield* ownVariants(own, hash);
  yield* furtherVariants({ ...own, view }, already, options, hash);
}
