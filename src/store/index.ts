/**
 * Lists, withdrawals and reviews in a database that many processes share and follow.
 * @module onlyhashes/store
 */

export type { FeedbackItem, FeedbackSender, NewFeedback } from '../review/feedback-item.js';
export { ncmecSender, stopNciiSender } from '../review/feedback-senders.js';
export type { ReviewRetention } from '../review/review-retention.js';
export { ncmecFeedbackOf, stopNciiFeedbackOf } from '../review/reviewed-feedback.js';
export type { StoreChange } from './lists/apply.js';
export type { Exchange } from './lists/exchanges.js';
export type { Follower, FollowOptions } from './lists/follower.js';
export type { StoredList } from './lists/lists.js';
export type { NewReviewItem, ReviewItem } from './reviews/review-item.js';
export { openStore, type StoreOptions, type StorePlace } from './sql/open-store.js';
export { StoreError, type StoreErrorCode } from './sql/store-error.js';
export type { StoreProblem } from './sql/verify.js';
export type { StoreStatus } from './status.js';
export type { Store } from './store.js';
export type { StoredEntry } from './stored-entry.js';
