/**
 * Every hash within a distance, found exactly, among many.
 * @module onlyhashes/indexing
 */

export { type CreateOptions, createIndex, indexFromBuffer } from './create-index.js';
export type {
  Explanation,
  HammingIndex,
  NearOptions,
  SnapshotOptions,
} from './hamming-index.js';
export type { Hit } from './part-search.js';
export { type SnapshotInfo, type SnapshotSource, snapshotInfo } from './snapshot.js';
