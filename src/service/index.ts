export { type ClamdOptions, type ClamdUpload, createClamdListener } from './clamd.js';
export {
  createDecisionWebhook,
  type DecidedItem,
  type DecisionLog,
  type DecisionWebhookOptions,
  type FeedbackTaker,
  type OutsideDecision,
} from './decision-webhook.js';
export { type CheckedPart, createPartCheck, type FilePart } from './fastify.js';
export type { FileStream } from './form-file.js';
export {
  createUploadMiddleware,
  type MiddlewareOptions,
  type Next,
  type RequestUpload,
} from './middleware.js';
export { checkedStorage, type MulterFile, type StorageEngine } from './multer.js';
export { createNodeListener, type Handler } from './node-listener.js';
export { createScanHandler } from './scan-handler.js';
export {
  type CheckingPool,
  type CheckLimits,
  type ScanOptions,
  UploadRefused,
} from './scanner.js';
export { createTusCheck, type TusStore, type TusUpload } from './tus.js';
export { type SenderProof, tokenHash } from './webhook-sender.js';
