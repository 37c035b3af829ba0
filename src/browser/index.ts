/**
 * Files in the browser: decoded and hashed in a Worker, so that only hashes leave the page.
 * @module onlyhashes/browser
 */

export type { HashedFile } from '../picture/hash-picture.js';
export { checkPixelReadback } from './decode/check-pixel-readback.js';
export { decode } from './decode-image-file.js';
export { type DigestBlobOptions, digestFile } from './digest-file.js';
export {
  type HashFileOptions,
  hash,
  variantsOfImageFile,
} from './hash-image-file.js';
export {
  type HashFilesOptions,
  type HashProgress,
  hashAll,
} from './hash-image-files.js';
export type { DisplayedPixels } from './worker/message.js';
export { endWorkers } from './worker/workers.js';
