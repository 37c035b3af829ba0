export type { Rectangle, VariantGeometry } from '../variant.js';
export { hashPixels } from './hash-pixels.js';
export { listCrops } from './list-crops.js';
export {
  MOST_HASHES,
  VARIANT_PROFILES,
  type VariantOptions,
  type VariantProfile,
} from './variant-profile.js';
export { variantsOf } from './variants-of.js';
