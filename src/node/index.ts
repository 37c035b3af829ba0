/**
 * Files in Node: decoded, hashed, checked against a blocklist, and lists kept on disk.
 * @module onlyhashes/node
 */

export type { HashedFile } from '../picture/hash-picture.js';
export type { FetchState } from '../policy.js';
export type { FetchOptions, FetchProgress } from '../services/list-fetch.js';
export type { HashedFrame, HashedVideo } from '../video/features.js';
export { type DecodedImage, type DecodeOptions, decode } from './decode/decode.js';
export { decoders } from './decode/decoders.js';
export { digestFile } from './digest-file.js';
export { fetchList } from './files/fetch-list.js';
export { fileKindOf } from './files/file-kind.js';
export { type OpenedIndex, type OpenOptions, openIndex } from './files/index-file.js';
export {
  type OpenListOptions as OpenBlocklistOptions,
  openBlocklist,
} from './files/open-blocklist.js';
export { type SaveOptions, saveIndex } from './files/save-index.js';
export { createSearchThreads, type SearchThreadsOptions } from './files/search-threads.js';
export { type HashFileOptions, hash } from './hash-file.js';
export { type HashFilesOptions, type HashFilesResult, hashAll } from './hash-files.js';
export { type CheckUploadOptions, check, createHashPool } from './pool/create-hash-pool.js';
export type {
  CheckOptions,
  Decide,
  HashPool,
  HashPoolOptions,
  HashPoolStats,
} from './pool/hash-pool.js';
export { setWorkerScripts } from './pool/start-thread.js';
export { type ImageSource, readBytes } from './read-bytes.js';
export { matchReport, type ReportedPicture } from './report/match-report.js';
export {
  type HashVideoOptions,
  hashVideo,
  type VideoLimits,
  type VideoProgress,
} from './video/hash-video.js';
