export type { Rectangle, VariantGeometry } from '../hash.js';
export { hashPixels } from './hash-pixels.js';
export { listCrops } from './list-crops.js';
export {
  MOST_HASHES,
  VARIANT_PROFILES,
  type VariantOptions,
  type VariantProfile,
  variantsOf,
} from './variants-of.js';
