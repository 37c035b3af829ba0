/**
 * From pixels to a hash, from a hash to hex and JSON, and the distance of two hashes.
 * @module onlyhashes
 */

export { DecodeError, type DecodeErrorCode, FormatError, type FormatErrorCode } from './errors.js';
export {
  ALGORITHMS,
  type Algorithm,
  type Bits,
  DEFAULT_BITS,
  distance,
  type Hash,
  type HashJSON,
  hashFromHex,
  hashFromJSON,
  hashToHex,
  hashToJSON,
  type PackedHashes,
  type Resample,
} from './hash.js';
export { ahash } from './hashing/ahash.js';
export { blockhash } from './hashing/blockhash.js';
export { dhash } from './hashing/dhash.js';
export { pdq } from './hashing/pdq.js';
export { pdqDihedral } from './hashing/pdq-dihedral.js';
export { phash } from './hashing/phash.js';
export type { Pixels } from './pixels.js';
export {
  DIHEDRAL_NAMES,
  type DihedralName,
  type HashedImage,
  type HashedVariant,
  type VariantName,
} from './variant.js';
