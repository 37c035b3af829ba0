/**
 * Files in the browser: decoded and hashed in a Worker, so that only hashes leave the page.
 * @module onlyhashes/browser
 */

export { DecodeError, type DecodeErrorCode } from '../errors.js';
export type { HashedFile } from '../picture/hash-picture.js';
export type { FileOptions } from '../picture/options.js';
export { checkPixelReadback } from './check-pixel-readback.js';
export { type DecodeImageFileOptions, decodeImageFile } from './decode-image-file.js';
export {
  type HashImageFileOptions,
  hashImageFile,
  type ImageFileVariants,
  variantsOfImageFile,
} from './hash-image-file.js';
export {
  type HashImageFilesOptions,
  type HashImageFilesResult,
  type HashProgress,
  hashImageFiles,
} from './hash-image-files.js';
export type { DisplayedPixels, Stage } from './message.js';
export type { Readback } from './readback-canvas.js';
export { endWorkers, type WorkerOptions } from './workers.js';
