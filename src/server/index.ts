/**
 * Uploads checked where they arrive, and routes that others call over HTTP.
 * @module onlyhashes/service
 */

export { type ClamdOptions, createClamdListener } from './clamd/clamd.js';
export type { NetworkRule, TokenRule } from './http/access.js';
export { endServers } from './http/end-servers.js';
export { createNodeListener, NODE_LIMITS } from './http/node-listener.js';
export type { Role } from './http/route.js';
export type { LogRecord } from './http/router.js';
export type { CurationOptions } from './routes/store-routes.js';
export { tokenHash } from './routes/webhook-sender.js';
export { type CreateServiceOptions, createService, type Service } from './service.js';
export { createUploadMiddleware, type MiddlewareOptions } from './uploads/middleware.js';
export { createScanHandler } from './uploads/scan-handler.js';
export { type ScanOptions, UploadRefused } from './uploads/scanner.js';
export {
  createUploadScanner,
  type KeepOptions,
  type UploadScanner,
} from './uploads/upload-scanner.js';
