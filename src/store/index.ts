export type { StoreChanges } from './changes.js';
export type { EntryFilter } from './entries.js';
export type { Exchange, ExchangeSettings, Exchanges, NewExchange } from './exchanges.js';
export type { Follower, FollowOptions } from './follower.js';
export type { StoredList } from './lists.js';
export type { Purged } from './purge.js';
export type { Put } from './put-entries.js';
export type { ErasedRecords, StoredReviewLog } from './review-log.js';
export type {
  Decided,
  ModeratorDecision,
  NewReviewItem,
  ReviewItem,
  ReviewQueue,
  ReviewQueueOptions,
} from './review-queue.js';
export type { SearchAnswer, StoreHit } from './search.js';
export { type Shard, type ShardScriptOptions, shardScript } from './shard-script.js';
export type { StoreStatus } from './status.js';
export { openStore, type Store, type StoreOptions, type StorePlace } from './store.js';
export { StoreError, type StoreErrorCode } from './store-error.js';
export type { StoredEntry } from './stored-entry.js';
export type { StoreProblem } from './verify.js';
export type { Changed, ChangeOptions } from './write.js';
