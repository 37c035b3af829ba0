export type { BlocklistEntry } from '../entry.js';
export { joinLabels, writeCell } from './csv.js';
export { type ReadOptions, readHashList } from './hash-list.js';
export { PackedEntries } from './packed-entries.js';
export { readPackedEntries } from './packed-list.js';
export type { TextSource } from './text.js';
export { type ListFormat, writeHashList } from './write-hash-list.js';
