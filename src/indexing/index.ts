/**
 * Every hash within a distance, found exactly, among many.
 * @module onlyhashes/indexing
 */

export type {
  Explanation,
  HammingIndex,
  Hit,
  NearOptions,
  SnapshotOptions,
} from './hamming-index.js';
export { type CreateOptions, createIndex, indexFromBuffer } from './mutable-index.js';
export { type SnapshotInfo, type SnapshotSource, snapshotInfo } from './snapshot.js';
