export { openStore, type Store, type StoreOptions, type StorePlace } from './store.js';
export { StoreError, type StoreErrorCode } from './store-error.js';
export type { Changed, ChangeOptions } from './write.js';
