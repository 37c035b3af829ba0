/**
 * From a list, a policy and the hashes of an upload to a decision with its reason.
 * @module onlyhashes/matching
 */

export type { Blocklist, ListInfo } from '../blocklist/blocklist.js';
export { createBlocklist } from '../blocklist/create-blocklist.js';
export { isDegenerate } from '../blocklist/list-state.js';
export type { ListSettings, Trust } from '../blocklist/lists.js';
export { withdrawnFromJSON as withdrawnKeyFromJSON } from '../blocklist/records/withdrawn-json.js';
export type { Withdrawn, WithdrawnKey } from '../blocklist/withdrawals.js';
export type { BlocklistEntry } from '../entry.js';
export { PackedEntries } from '../packed-entries.js';
export { type Policy, type PolicyOptions, policyFor } from '../policy.js';
export type { RemoteAnswer, RemoteHit, RemoteMatcher } from '../remote-matcher.js';
export { errorsByList, reportHashes } from '../review/review-answers.js';
export {
  type ReviewQuery,
  type ReviewRecord,
  reviewFactsOf,
} from '../review/review-record.js';
export {
  type Allowance,
  type AllowList,
  allowListFromJSON,
  createAllowList,
} from './allow-list.js';
export {
  type Decision,
  type DecisionJSON,
  type DecisionReason,
  decisionToJSON,
  explain,
  type Match,
  unhashable,
} from './decision.js';
export { DECISION_SCHEMA, decisionFromJSON } from './decision-json.js';
export { createFloodGuard, type FloodGuard } from './flood-guard.js';
export { type MatchOptions, type MatchRules, match } from './match.js';
export { createRemoteList, type RemoteList } from './remote-list.js';
export type { RemoteMatch } from './remote-match.js';
