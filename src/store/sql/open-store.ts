import { checkKnown, checkObject, checkOptions, checkTypeOf } from '../../door.js';
import { Store } from '../store.js';
import { keepBands } from './bands.js';
import type { Database } from './database.js';
import { checkSchema, migrate } from './migrations.js';
import { openPglite } from './pglite.js';
import { openPostgresql } from './postgresql.js';
import { StoreError } from './store-error.js';

/** Location of a store: on a PostgreSQL server, or embedded, in a folder or in memory. */
export type StorePlace =
  /** as `postgres://user@host/database`; the variables `PG…` supply missing parts */
  | { readonly url: string }
  /** a folder for the store alone, created if it is missing; undefined: in memory */
  | { readonly dataDir: string | undefined };

/** Options of a store. */
export interface StoreOptions {
  /** the schema that holds the store's tables, created if it is missing; default `onlyhashes` */
  schema?: string;
  /**
   * whether the store keeps bands, with which `search` needs no scan; for processes that hold no
   * index. They take many times the space of the entries, and most of the time of adding them.
   * Absent: unchanged, and none in a new store. Changing it rewrites them all
   */
  bands?: boolean;
}

const STORE_OPTIONS: readonly (keyof StoreOptions)[] = ['schema', 'bands'];

/**
 * Opens a store, and migrates its tables to this version.
 *
 * An embedded store is for small lists and one process: PostgreSQL in WebAssembly, in this process.
 * Beyond 100,000 entries, or for several processes, use a server: tables and answers are the same.
 *
 * The store relies on a server's sessions: leases are session-level advisory locks, and `LISTEN`
 * waits in a session. A pooler before the server must keep them, as PgBouncer does with
 * `pool_mode = session`; with `transaction`, locks and wakes are lost.
 * @throws {TypeError | RangeError} if an argument is invalid
 * @throws {StoreError} `client-missing`, `unreachable`, `unsuitable`, `newer-schema` or `in-use`
 * @example
 * const store = await openStore({ url: 'postgres://localhost/hashes' });
 * const follower = await store.follow();
 */
export async function openStore(place: StorePlace, options: StoreOptions = {}): Promise<Store> {
  const { database, id } = await openDatabase(place, options);
  return new Store(database, id);
}

/**
 * The database of a store, migrated to this version, and the id of the store. Arguments and errors
 * are those of `openStore`.
 */
export async function openDatabase(
  place: StorePlace,
  options: StoreOptions = {},
): Promise<{ database: Database; id: string }> {
  checkObject(place, 'a place: { url } or { dataDir }');
  if (!('url' in place || 'dataDir' in place)) {
    throw new TypeError('expected a place: { url } or { dataDir }');
  }
  checkOptions(options);
  checkKnown(options, STORE_OPTIONS);
  if (STORE_OPTIONS.some((name) => name in place)) {
    throw new TypeError('expected schema and bands in the options, the second argument');
  }
  checkKnown(place, ['url', 'dataDir']);
  const { schema = 'onlyhashes', bands } = options;
  checkSchema(schema);
  checkTypeOf('bands', bands, 'boolean');
  const database = await opened(place, schema);
  try {
    await migrate(database, schema);
    const [state] = await database.query<{ store: string }>('select store from state');
    if (!state) throw new StoreError('unsuitable', 'expected a schema that only this library uses');
    if (bands !== undefined) await keepBands(database, bands);
    return { database, id: state.store };
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function opened(place: StorePlace, schema: string): Promise<Database> {
  if ('url' in place) {
    if (typeof place.url !== 'string') throw new TypeError('expected url to be a string');
    if (!/^postgres(ql)?:\/\//.test(place.url)) {
      throw new RangeError('expected url to begin with postgres://');
    }
    return await openPostgresql(place.url, schema);
  }
  const { dataDir } = place;
  checkTypeOf('dataDir', dataDir, 'string');
  if (dataDir === '') throw new RangeError('expected dataDir to be the path of a folder');
  return await openPglite(dataDir, schema);
}
