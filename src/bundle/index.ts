/**
 * The file of hashes that a person shares, and takes back.
 * @module onlyhashes/submission
 */

export { bundleText, createBundle, entriesOfBundle } from './bundle.js';
export type { Bundle, BundledHash } from './bundle-shape.js';
export { readBundle } from './read-bundle.js';
export { sealBundle, unsealBundle } from './seal.js';
export {
  allowsWithdrawal,
  createWithdrawal,
  readWithdrawal,
  type Withdrawal,
} from './withdrawal.js';
