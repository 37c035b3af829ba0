/**
 * Files in Node: decoded, hashed, checked against a blocklist, and lists kept on disk.
 * @module onlyhashes/node
 */

export type { FetchOptions, FetchProgress, FetchState } from '../exchange/list-fetch.js';
export type { HashedFile } from '../picture/hash-picture.js';
export { type CheckUploadOptions, checkUpload } from './check-upload.js';
export { createHashPool } from './create-hash-pool.js';
export { type DecodedImage, type DecodeOptions, decode } from './decode.js';
export { decoders } from './decoders.js';
export { confirmHeldBack, fetchList, fetchStateOf } from './fetch-list.js';
export { fileKindOf } from './file-kind.js';
export { type HashFileOptions, hashFile } from './hash-file.js';
export { type HashFilesOptions, type HashFilesResult, hashFiles } from './hash-files.js';
export type {
  CheckOptions,
  Decide,
  HashPool,
  HashPoolOptions,
  HashPoolStats,
} from './hash-pool.js';
export { type OpenedIndex, type OpenOptions, openIndex } from './index-file.js';
export { matchReport, type ReportedPicture } from './match-report.js';
export { type OpenListOptions as OpenBlocklistOptions, openBlocklist } from './open-blocklist.js';
export { type ImageSource, readBytes } from './read-bytes.js';
export { type SaveOptions, saveIndex } from './save-index.js';
export { createSearchThreads, type SearchThreadsOptions } from './search-threads.js';
export { setWorkerScripts } from './start-thread.js';
export { variantPicture } from './variant-picture.js';
