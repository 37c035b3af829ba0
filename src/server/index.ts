/**
 * Uploads checked where they arrive, and routes that others call over HTTP.
 * @module onlyhashes/service
 */

export type { NetworkRule, TokenRule } from './access.js';
export { type ClamdOptions, createClamdListener } from './clamd.js';
export { endServers } from './end-servers.js';
export { createUploadMiddleware, type MiddlewareOptions } from './middleware.js';
export { createNodeListener, NODE_LIMITS } from './node-listener.js';
export type { Role } from './route.js';
export type { LogRecord } from './router.js';
export { createScanHandler } from './scan-handler.js';
export { type ScanOptions, UploadRefused } from './scanner.js';
export { type CreateServiceOptions, createService, type Service } from './service.js';
export type { CurationOptions } from './store-routes.js';
export { createUploadScanner, type KeepOptions, type UploadScanner } from './upload-scanner.js';
export { tokenHash } from './webhook-sender.js';
