/**
 * Uploads checked where they arrive, and routes that others call over HTTP.
 * @module onlyhashes/service
 */

export type { AccessOptions, Limits, NetworkRule, TokenRule } from './access.js';
export { type ClamdOptions, type ClamdUpload, createClamdListener } from './clamd.js';
export {
  createDecisionWebhook,
  type DecidedItem,
  type DecisionWebhookOptions,
  type OutsideDecision,
} from './decision-webhook.js';
export { type EndServersOptions, endServers } from './end-servers.js';
export {
  createPictureFetcher,
  FetchError,
  type FetchErrorCode,
  type FetchedPicture,
  type FetchPicture,
  type FetchPictureOptions,
} from './fetch-picture.js';
export type { FollowedList } from './health.js';
export { type HmaOptions, hmaRoutes } from './hma.js';
export type { HmaExchanges } from './hma-exchanges.js';
export type { QueryValue, Schema } from './json-schema.js';
export {
  createUploadMiddleware,
  type MiddlewareOptions,
  type Next,
  type RequestUpload,
} from './middleware.js';
export { createNodeListener, type Handler, NODE_LIMITS } from './node-listener.js';
export {
  type Call,
  type Caller,
  type ErrorBody,
  type LogFacts,
  Refusal,
  type RefusalCode,
  type Role,
  type Route,
} from './route.js';
export type { Client, LogRecord } from './router.js';
export { createScanHandler } from './scan-handler.js';
export {
  type CheckingPool,
  type CheckLimits,
  type ScanOptions,
  UploadRefused,
} from './scanner.js';
export {
  type CreateServiceOptions,
  createService,
  type ReviewOptions,
  type Service,
  type ServiceParts,
} from './service.js';
export { type ListFetchOptions, type StoreRoutesOptions, storeRoutes } from './store-routes.js';
export {
  createUploadScanner,
  type FileStream,
  type KeepOptions,
  type UploadScanner,
} from './upload-scanner.js';
export type { ScanRouteOptions } from './v1.js';
export { type SenderProof, tokenHash } from './webhook-sender.js';
