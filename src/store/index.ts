/**
 * Lists, withdrawals and reviews in a database that many processes share and follow.
 * @module onlyhashes/store
 */

export type { StoreChange } from './apply.js';
export type { Exchange } from './exchanges.js';
export type { FeedbackItem, FeedbackSender, NewFeedback } from './feedback-item.js';
export { ncmecSender, stopNciiSender } from './feedback-senders.js';
export type { Follower, FollowOptions } from './follower.js';
export type { StoredList } from './lists.js';
export { openStore, type StoreOptions, type StorePlace } from './open-store.js';
export type { NewReviewItem, ReviewItem } from './review-item.js';
export type { ReviewRetention } from './review-retention.js';
export { ncmecFeedbackOf, stopNciiFeedbackOf } from './reviewed-feedback.js';
export type { StoreStatus } from './status.js';
export type { Store } from './store.js';
export { StoreError, type StoreErrorCode } from './store-error.js';
export type { StoredEntry } from './stored-entry.js';
export type { StoreProblem } from './verify.js';
