/**
 * The file of hashes that a person shares, and takes back.
 * @module onlyhashes/submission
 */

export { bundleText, type CreateBundleOptions, createBundle, entriesOfBundle } from './bundle.js';
export type { Bundle, BundledDigest, BundledHash, UnknownHash } from './bundle-shape.js';
export { type ReadBundleOptions, readBundle } from './read-bundle.js';
export { sealBundle, unsealBundle } from './seal.js';
export type { TextLimits } from './strict-json.js';
export {
  allowsWithdrawal,
  createWithdrawal,
  readWithdrawal,
  type Withdrawal,
  withdrawalText,
} from './withdrawal.js';
