import { listsOf, type StoredList } from './lists/lists.js';
import type { Sql } from './sql/database.js';
import { MIGRATIONS } from './sql/migrations.js';

/** Entries above which an embedded store is the wrong one. */
const EMBEDDED = 100_000;

/** Status of a store: its size and its database. */
export interface StoreStatus {
  readonly engine: 'postgresql' | 'pglite';
  /** of PostgreSQL, also where it is embedded: `17.5` */
  readonly serverVersion: string;
  /** of this store alone */
  readonly id: string;
  /** the number of the newest migration, which is this version's */
  readonly form: number;
  /** of the last change */
  readonly revision: number;
  /** a reader of changes at an earlier revision must start again */
  readonly purged: number;
  readonly lists: readonly StoredList[];
  /** listed entries, with paused ones */
  readonly entries: number;
  /** whether a search looks up bands, or compares all hashes */
  readonly bands: boolean;
  /** in force */
  readonly withdrawals: number;
  readonly exceptions: number;
  /** removed rows, which followers may still need */
  readonly removed: number;
  /** warnings for the store's operator */
  readonly warnings: readonly string[];
}

type Counts = Omit<StoreStatus, 'engine' | 'form' | 'lists' | 'warnings'>;

/** Reads the whole table of entries once: a second or so for a million. */
export async function statusOf(sql: Sql, engine: StoreStatus['engine']): Promise<StoreStatus> {
  const [row] = await sql.query<Counts>(
    `select current_setting('server_version') as "serverVersion", store as id, revision, purged, bands,
      (select count(*) from entry where listed) as entries,
      (select count(*) from withdrawal where listed) as withdrawals,
      (select count(*) from list_exception where listed) as exceptions,
      (select count(*) from entry where not listed) as removed
    from state`,
  );
  const lists = await listsOf(sql);
  const warnings: string[] = [];
  if (engine === 'pglite' && row!.entries > EMBEDDED) {
    warnings.push(
      'more than 100,000 entries in an embedded store: move them to a PostgreSQL server',
    );
  }
  return { engine, ...row!, form: MIGRATIONS.length, lists, warnings };
}
