/**
 * Files in Node: decoded, hashed, checked against a blocklist, and lists kept on disk.
 * @module onlyhashes/node
 */

export type { SearchThreadsStats } from '../blocklist/kind.js';
export type { HeldBack, HeldBackList } from '../exchange/held-back.js';
export type { FetchOptions, FetchProgress, FetchState } from '../exchange/list-fetch.js';
export { type ImageFormat, imageFormatOf } from '../formats/image-format.js';
export type { HashedFile, PictureVariants } from '../picture/hash-picture.js';
export type { FileOptions } from '../picture/options.js';
export { type CheckUploadOptions, checkUpload } from './check-upload.js';
export { createHashPool } from './create-hash-pool.js';
export { type DecodedImage, type DecodeOptions, decode } from './decode.js';
export { type Decoders, decoders } from './decoders.js';
export {
  confirmHeldBack,
  fetchList,
  fetchStateOf,
  heldBackLists,
} from './fetch-list.js';
export { type HashFileOptions, hashFile, variantsOfFile } from './hash-file.js';
export {
  eachFile,
  type FileResult,
  type HashFilesOptions,
  type HashFilesResult,
  type HashProgress,
  hashFiles,
} from './hash-files.js';
export type {
  CheckOptions,
  Decide,
  HashPool,
  HashPoolOptions,
  HashPoolStats,
  Latencies,
} from './hash-pool.js';
export {
  isIndexFile,
  type OpenedIndex,
  type OpenOptions,
  openIndex,
  readIndexInfo,
} from './index-file.js';
export { isBlocklistFile } from './list-records.js';
export {
  type MatchReportOptions,
  matchReport,
  matchReports,
  type ReportedPicture,
} from './match-report.js';
export type { EntryNote, NotedEntries } from './noted-entries.js';
export {
  type FollowOptions,
  type OpenListOptions as OpenBlocklistOptions,
  openBlocklist,
} from './open-blocklist.js';
export type { PaceLimits } from './read-bytes.js';
export { type ImageSource, type ReadOptions, readBytes } from './read-bytes.js';
export { type SaveOptions, saveIndex } from './save-index.js';
export {
  createSearchThreads,
  type SearchThreads,
  type SearchThreadsOptions,
} from './search-threads.js';
export { setWorkerScripts } from './start-thread.js';
export { variantPicture } from './variant-picture.js';
