export { type CreateOptions, createIndex } from './create.js';
export type { HammingIndex, Hit } from './hamming-index.js';
