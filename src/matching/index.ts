export type { BlocklistEntry, Opinion } from '../entry.js';
export { PackedEntries } from '../exchange/packed-entries.js';
export {
  type Blocklist,
  type BlocklistOptions,
  type BlocklistPart,
  createBlocklist,
  type ListInfo,
} from './blocklist.js';
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
export { isDegenerate } from './degenerate.js';
export type { EntryRows, IndexedEntries } from './entry-rows.js';
export { explain } from './explain.js';
export type { KeptOutReason } from './holdings.js';
export type { ListedEntries } from './listed-entries.js';
export type { ListSettings, Trust } from './lists.js';
export { type Policy, type PolicyOptions, policyFor } from './policy.js';
export { decisionFromJSON, withdrawnKeyFromJSON } from './read-decision.js';
export type { Withdrawn, WithdrawnKey } from './withdrawals.js';
