/**
 * From pixels to hashes, from hashes and a list to a decision: for Node, browsers and other
 * runtimes.
 * @module onlyhashes
 */

export { type Blocklist, createBlocklist, type ListInfo } from './blocklist/blocklist.js';
export type { Withdrawn, WithdrawnKey } from './blocklist/withdrawn.js';
export { createBundle, entriesOfBundle, type WrittenBundle } from './bundle/bundle.js';
export type { Bundle, BundledHash } from './bundle/bundle-shape.js';
export { readBundle } from './bundle/read-bundle.js';
export { sealBundle } from './bundle/seal.js';
export {
  createStateProof,
  createWithdrawal,
  readWithdrawal,
  type Withdrawal,
} from './bundle/withdrawal.js';
export type { BlocklistEntry } from './entry.js';
export { DecodeError, type DecodeErrorCode, FormatError, type FormatErrorCode } from './errors.js';
export {
  ALGORITHMS,
  type Algorithm,
  type Bits,
  DIGESTS,
  type Digest,
  distance,
  type Hash,
  type HashJSON,
  hashFromHex,
  hashFromJSON,
  hashToHex,
  hashToJSON,
  type PackedHashes,
  type Perceptual,
  type Resample,
} from './hash.js';
export { ahash } from './hashing/ahash.js';
export { blockhash } from './hashing/blockhash.js';
export { dhash } from './hashing/dhash.js';
export { pdq } from './hashing/pdq.js';
export { pdqDihedral } from './hashing/pdq-dihedral.js';
export { pdqOutline } from './hashing/pdq-outline.js';
export { phash } from './hashing/phash.js';
export { createIndex, indexFromBuffer } from './indexing/create-index.js';
export type { HammingIndex } from './indexing/hamming-index.js';
export type { Hit } from './indexing/part-search.js';
export { hasKernels as hashesInSimd } from './kernels/simd/arena.js';
export {
  type AllowList,
  createAllowList,
  type ListException,
} from './matching/allow-list.js';
export {
  type Decision,
  type DecisionJSON,
  type DecisionReason,
  decisionToJSON,
  type Match,
} from './matching/decision.js';
export { decisionFromJSON } from './matching/decision-json.js';
export { DECISION_SCHEMA } from './matching/decision-schema.js';
export { explain } from './matching/explain.js';
export { createFloodGuard, type FloodGuard } from './matching/flood-guard.js';
export { type MatchOptions, type MatchRules, match } from './matching/match.js';
export { createRemoteList, type RemoteList } from './matching/remote-list.js';
export type { RemoteMatch } from './matching/remote-match.js';
export type { VideoMatch, VideoMoment } from './matching/video/video-match.js';
export { PackedEntries } from './packed-entries.js';
export type { Pixels } from './pixels.js';
export {
  type ListSettings,
  type Policy,
  type PolicyOptions,
  policyFor,
  type Trust,
} from './policy.js';
export type { RemoteAnswer, RemoteHit, RemoteMatcher } from './remote-matcher.js';
export { type ReviewSummary, reviewSummary } from './review/review-answers.js';
export {
  type ReviewQuery,
  type ReviewRecord,
  reviewFactsOf,
} from './review/review-record.js';
export { writeCell } from './text/csv.js';
export { type ReadListOptions, readHashList } from './text/hash-list.js';
export { readVpdq, type VpdqFrame, writeVpdq } from './text/vpdq.js';
export { type ListFormat, writeHashList } from './text/write-hash-list.js';
export {
  type DihedralName,
  type HashedImage,
  type HashedVariant,
  type Listing,
  listedPicture,
  type VariantGeometry,
  type VariantName,
} from './variant.js';
export { hashPixels, variantsOf } from './variants/hash-pixels.js';
export type {
  VariantOptions,
  VariantProfile,
} from './variants/variant-profile.js';
export type { HashedFrame, HashedVideo } from './video/features.js';
export {
  entriesOfVideo,
  type MatchVideoOptions,
  matchVideo,
  type VideoRule,
} from './video/video.js';
