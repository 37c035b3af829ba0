/**
 * Lists, withdrawals and reviews in a database that many processes share and follow.
 * @module onlyhashes/store
 */

export type { StoreChanges } from './changes.js';
export type { EntryCondition, EntryCount, EntryFilter } from './entries.js';
export type { Exchange, ExchangeSettings, Exchanges, NewExchange } from './exchanges.js';
export type {
  FeedbackItem,
  FeedbackSender,
  FeedbackValue,
  NewFeedback,
  Sent,
  Settled,
} from './feedback-item.js';
export type { FeedbackProgress, FeedbackQueue, FeedbackQueueOptions } from './feedback-queue.js';
export {
  type NcmecFeedbackClient,
  ncmecSender,
  type StopNciiFeedbackClient,
  type StopNciiSenderOptions,
  stopNciiSender,
} from './feedback-senders.js';
export type { Follower, FollowOptions } from './follower.js';
export type { StoredList } from './lists.js';
export { openStore, type StoreOptions, type StorePlace } from './open-store.js';
export type { Purged } from './purge.js';
export type { Put } from './put-entries.js';
export type { NewReviewItem, ReviewItem } from './review-item.js';
export type { Erased, ReviewLog } from './review-log.js';
export type {
  Decided,
  ModeratorDecision,
  ReviewQueue,
  ReviewQueueOptions,
} from './review-queue.js';
export type { ReviewRetention } from './review-retention.js';
export {
  type NcmecFeedbackOptions,
  ncmecFeedbackOf,
  type ReviewedFeedbackOptions,
  type StopNciiFeedbackOptions,
  stopNciiFeedbackOf,
} from './reviewed-feedback.js';
export type { SearchAnswer, StoreHit } from './search.js';
export type { Sessions, SessionsOptions } from './sessions.js';
export type { StoreStatus } from './status.js';
export type { Store } from './store.js';
export { StoreError, type StoreErrorCode } from './store-error.js';
export type { StoredEntry } from './stored-entry.js';
export type { DoneTogether, TogetherChanges } from './together.js';
export type { StoreProblem } from './verify.js';
export type { Changed, ChangeOptions } from './write.js';
