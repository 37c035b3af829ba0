/**
 * Checks of uploads on arrival, routes for callers over HTTP, and the store that many processes
 * share and follow.
 * @module onlyhashes/server
 */

export type { FeedbackItem, FeedbackSender, NewFeedback } from '../review/feedback-item.js';
export { ncmecFeedback, stopNciiFeedback } from '../review/feedback-senders.js';
export type { ReviewRetention } from '../review/review-retention.js';
export type { StoreChange } from '../store/lists/apply.js';
export type { Feed } from '../store/lists/feeds.js';
export type { Follower, FollowOptions } from '../store/lists/follower.js';
export type { StoredList } from '../store/lists/lists.js';
export type { NewReviewItem, ReviewItem } from '../store/reviews/review-item.js';
export { openStore, type StoreOptions, type StorePlace } from '../store/sql/open-store.js';
export { StoreError, type StoreErrorCode } from '../store/sql/store-error.js';
export type { StoreProblem } from '../store/sql/verify.js';
export type { StoreStatus } from '../store/status.js';
export type { Store } from '../store/store.js';
export type { StoredEntry } from '../store/stored-entry.js';
export { type ClamdOptions, createClamdListener } from './clamd/clamd.js';
export type { NetworkRule, TokenRule } from './http/access.js';
export { endServers } from './http/end-servers.js';
export { createNodeListener, NODE_LIMITS } from './http/node-listener.js';
export type { Role } from './http/route.js';
export type { LogRecord } from './http/router.js';
export type { CurationOptions } from './routes/store-routes.js';
export { tokenHash } from './routes/webhook-sender.js';
export { type CreateServiceOptions, createService, type Service } from './service.js';
export { type RequestScanOptions, scan } from './uploads/scan.js';
export { type ScanOptions, UploadRefused } from './uploads/scanner.js';
export {
  createUploadScanner,
  type KeepOptions,
  type UploadScanner,
} from './uploads/upload-scanner.js';
