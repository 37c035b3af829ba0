export type { BlocklistEntry } from '../entry.js';
export { joinLabels, writeCell } from './csv.js';
export { type ReadOptions, readHashList } from './hash-list.js';
export type {
  ListClient,
  ListedOpinion,
  ListedSignal,
  ListUpdate,
  ReadUpdatesOptions,
  UnknownWord,
  UpdateState,
  UpdatesPage,
} from './list-update.js';
export { PackedEntries } from './packed-entries.js';
export { readPackedEntries } from './packed-list.js';
export type { Fetch, FetchedReply, ServiceOptions } from './service-connection.js';
export { ServiceError, type ServiceErrorCode } from './service-error.js';
export type { TextSource } from './text.js';
export { type ListFormat, writeHashList } from './write-hash-list.js';
