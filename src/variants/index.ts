/**
 * The hashes of a picture and of the copies that people make of it.
 * @module onlyhashes/variants
 */

export type { VariantGeometry } from '../variant.js';
export { hashPixels, variantsOf } from './hash-pixels.js';
export {
  VARIANT_PROFILES,
  type VariantOptions,
  type VariantProfile,
} from './variant-profile.js';
