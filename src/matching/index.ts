/**
 * From a list, a policy and the hashes of an upload to a decision with its reason.
 * @module onlyhashes/matching
 */

export type { Blocklist, BlocklistOptions, ListInfo } from '../blocklist/blocklist.js';
export { type BlocklistPart, createBlocklist } from '../blocklist/create-blocklist.js';
export { isDegenerate } from '../blocklist/list-state.js';
export type { ListedEntries } from '../blocklist/listed-entries.js';
export type { ListSettings, Trust } from '../blocklist/lists.js';
export type {
  KeptOutReason,
  Withdrawn,
  WithdrawnGroup,
  WithdrawnKey,
} from '../blocklist/withdrawals.js';
export type { BlocklistEntry, Opinion } from '../entry.js';
export type { RemoteAnswer, RemoteHit, RemoteMatcher } from '../exchange/remote-matcher.js';
export { PackedEntries } from '../packed-entries.js';
export { type Policy, type PolicyOptions, policyFor } from '../policy.js';
export {
  type Allowance,
  type AllowList,
  type AllowListJSON,
  type AllowListOptions,
  allowListFromJSON,
  createAllowList,
} from './allow-list.js';
export {
  type CheckedUpload,
  type Decision,
  type DecisionJSON,
  type DecisionReason,
  type DecisionTimings,
  decisionToJSON,
  type Match,
  type MatchJSON,
  unhashable,
} from './decision.js';
export { DECISION_SCHEMA } from './decision-schema.js';
export { explain } from './explain.js';
export {
  createFloodGuard,
  type FloodAlarm,
  type FloodGuard,
  type FloodGuardJSON,
  type FloodGuardOptions,
} from './flood-guard.js';
export { type MatchOptions, type MatchRules, match } from './match.js';
export { decisionFromJSON, withdrawnKeyFromJSON } from './read-decision.js';
export {
  createRemoteList,
  type RemoteList,
  type RemoteListOptions,
  type RemoteOutcome,
} from './remote-list.js';
export type { RemoteMatch, RemoteMatchJSON } from './remote-match.js';
export {
  errorsByList,
  type ListErrors,
  type OriginalFileHash,
  reportHashes,
} from './review-answers.js';
export {
  type NewReviewRecord,
  type ReviewedEntry,
  type ReviewedHash,
  type ReviewFacts,
  type ReviewOutcome,
  type ReviewQuery,
  type ReviewRecord,
  reviewFactsOf,
} from './review-record.js';
