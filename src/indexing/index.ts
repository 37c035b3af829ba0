/**
 * Every hash within a distance, found exactly, among many.
 * @module onlyhashes/indexing
 */

export { createIndex, indexFromBuffer } from './create-index.js';
export type { HammingIndex } from './hamming-index.js';
export type { Hit } from './part-search.js';
export { snapshotInfo } from './snapshot.js';
