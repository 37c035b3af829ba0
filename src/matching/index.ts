export type { BlocklistEntry } from '../entry.js';
export { PackedEntries } from '../exchange/packed-entries.js';
export {
  type Blocklist,
  type BlocklistOptions,
  type BlocklistPart,
  createBlocklist,
  type KeptOutReason,
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
export { explain } from './explain.js';
export { type Policy, type PolicyOptions, policyFor } from './policy.js';
export { decisionFromJSON, withdrawnKeyFromJSON } from './read-decision.js';
export type { EntryRows, IndexedEntries } from './shelf.js';
export type { Withdrawn, WithdrawnKey } from './withdrawals.js';
