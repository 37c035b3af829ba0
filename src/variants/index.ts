/**
 * The hashes of a picture and of the copies that people make of it.
 * @module onlyhashes/variants
 */

export type { Near, Rectangle, VariantGeometry, Variants, WindowName } from '../variant.js';
export { hashPixels, variantsOf } from './hash-pixels.js';
export {
  MATCHING_VARIANTS,
  VARIANT_PROFILES,
  type VariantOptions,
  type VariantProfile,
} from './variant-profile.js';
