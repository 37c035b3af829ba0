export {
  type Bundle,
  type BundledDigest,
  type BundledHash,
  bundleText,
  type CreateBundleOptions,
  createBundle,
  entriesOfBundle,
} from './bundle.js';
export { readBundle } from './read-bundle.js';
export { BUNDLE_SCHEMA, WITHDRAWAL_SCHEMA } from './schema.js';
export { sealBundle, unsealBundle } from './seal.js';
export type { TextLimits } from './strict-json.js';
export {
  allowsWithdrawal,
  createWithdrawal,
  readWithdrawal,
  type Withdrawal,
  withdrawalText,
} from './withdrawal.js';
