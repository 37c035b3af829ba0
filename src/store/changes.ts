import type { Withdrawn } from '../blocklist/withdrawn.js';
import { checkInteger } from '../door.js';
import type { NumberedEntry } from '../entry.js';
import type { ListException } from '../matching/allow-list.js';
import { copyOfSettings, type ListSettings } from '../policy.js';
import { ALLOWED, type ExceptionRow, exceptionOf } from './lists/exceptions.js';
import { WITHDRAWN, type WithdrawalRow, withdrawnOf } from './lists/withdrawals.js';
import type { Database, Sql, SqlValue } from './sql/database.js';
import { StoreError } from './sql/store-error.js';
import {
  type EntryRow,
  numbered,
  SELECTED,
  SELECTED_AS_JSON,
  type StoredEntry,
  storedEntryOf,
} from './stored-entry.js';

/** Presence of a row: whether it is in the store, or was removed. */
export interface Listed {
  readonly listed: boolean;
}

/** Changes since a revision, or a page of them. Each row appears only in its latest state. */
export interface ChangePage {
  readonly withdrawals: readonly (Listed & { readonly withdrawal: Withdrawn })[];
  readonly lists: readonly (Listed & { readonly name: string; readonly settings: ListSettings })[];
  readonly exceptions: readonly (Listed & { readonly exception: ListException })[];
  readonly entries: readonly (Listed & { readonly entry: StoredEntry })[];
  /**
   * on the last page: a reader that has applied all pages has the store's state at this revision.
   * Until then, some changes may be missing, and some may be newer than the rest
   */
  readonly revision?: number;
}

/** Rows of one kind on a page. */
const PAGE = 1000;

/** Position in a table: a revision, or one of the rows that have it. */
type Place = readonly [revision: number] | readonly [revision: number, key: SqlValue];

/** A table that is read in the order of its rows' revisions. */
interface Table {
  readonly name: 'withdrawal' | 'list' | 'list_exception' | 'entry';
  readonly columns: string;
  readonly key: 'key' | 'name' | 'number';
}

const WITHDRAWALS: Table = { name: 'withdrawal', columns: WITHDRAWN, key: 'key' };
const LISTS: Table = { name: 'list', columns: 'name, settings, listed, revision', key: 'name' };
const EXCEPTIONS: Table = { name: 'list_exception', columns: ALLOWED, key: 'key' };
const ENTRIES: Table = { name: 'entry', columns: SELECTED, key: 'number' };

interface ListRow extends Listed {
  readonly name: string;
  readonly settings: ListSettings;
}

/**
 * Changes since a revision, page by page, up to the revision that the store has when the last page
 * is read. It holds no lock and no connection between pages.
 *
 * A page is read in one snapshot. A row that changes again moves behind everything still to be
 * read, so the last page, which finds nothing after it, completes the earlier ones. All withdrawals
 * are reported before the entries, so entries added later are not reported twice.
 * @param after 0: everything
 * @param since the revision that the reader knows in part, if it is not `after`: rows removed since
 * must not be purged. Undefined: it knows nothing
 * @throws {TypeError | RangeError} if an argument is invalid
 * @throws {StoreError} `revision-gone` if it is older than the last purge, or later than the
 * store's revision: the reader must start again from 0
 * @throws the signal's reason if it aborts between two pages
 */
export async function* changesAfter(
  database: Database,
  after: number,
  signal: AbortSignal | undefined,
  since: number | undefined = after === 0 ? undefined : after,
): AsyncGenerator<ChangePage> {
  checkInteger('after', after, 0);
  let reading: Reading = { after, places: new Map(), since };
  for (;;) {
    signal?.throwIfAborted();
    const page = await database.transaction((sql) => pageOf(sql, reading), { snapshot: true });
    yield page.changes;
    if (page.changes.revision !== undefined) return;
    reading = page.reading;
  }
}

/** Read positions of the changes after a revision. */
interface Reading {
  readonly after: number;
  readonly places: ReadonlyMap<Table, Place>;
  /** rows removed since then must not be purged; undefined: nothing is known yet */
  readonly since: number | undefined;
}

async function pageOf(
  sql: Sql,
  { after, places: from, since }: Reading,
): Promise<{ changes: ChangePage; reading: Reading }> {
  const [state] = await sql.query<{ revision: number; purged: number }>(
    'select revision, purged from state',
  );
  const { revision, purged } = state!;
  if (after > revision || (since !== undefined && since < purged)) {
    throw new StoreError('revision-gone', 'expected a revision that is not purged: begin from 0');
  }
  const places = new Map(from);
  let isWhole = true;
  const read = async <Row extends { revision: number }>(table: Table): Promise<Row[]> => {
    if (!isWhole || after === revision) return [];
    const rows = await rowsAfter<Row>(sql, table, places.get(table) ?? [after]);
    const last = rows.at(-1) as (Row & Record<Table['key'], SqlValue>) | undefined;
    if (last) places.set(table, [last.revision, last[table.key]]);
    isWhole = rows.length < PAGE;
    return rows;
  };
  const withdrawals = await read<WithdrawalRow>(WITHDRAWALS);
  const lists = await read<ListRow & { revision: number }>(LISTS);
  const exceptions = await read<ExceptionRow>(EXCEPTIONS);
  const entries = await read<EntryRow>(ENTRIES);
  const changes: ChangePage = {
    withdrawals: withdrawals.map((row) => ({
      withdrawal: withdrawnOf(row),
      listed: row.listed,
    })),
    lists: lists.map(({ name, settings, listed }) => ({
      name,
      settings: copyOfSettings(settings),
      listed,
    })),
    exceptions: exceptions.map((row) => ({ exception: exceptionOf(row), listed: row.listed })),
    entries: entries.map((row) => ({ entry: storedEntryOf(row), listed: row.listed })),
    ...(isWhole && { revision }),
  };
  return { changes, reading: { after, places, since: since ?? revision } };
}

async function rowsAfter<Row>(
  sql: Sql,
  { name, columns, key }: Table,
  place: Place,
): Promise<Row[]> {
  const behind = place.length === 1 ? 'revision > $1' : `(revision, ${key}) > ($1, $2)`;
  return await sql.query<Row>(
    `select ${columns} from ${name} where ${behind} order by revision, ${key} limit ${PAGE}`,
    place,
  );
}

/**
 * Entries that are listed, not paused, and unchanged since a revision, as a list takes them: each
 * at most once. Entries that change during the read may be missing; `changesAfter` reports them.
 */
export async function* unchangedEntries(
  database: Database,
  upTo: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<NumberedEntry> {
  for (let after = 0; ; ) {
    signal?.throwIfAborted();
    // One value, which the JSON engine parses: an embedded store takes longer for each cell.
    const [page] = await database.query<{ rows: EntryRow[] | null }>(
      `select json_agg(page order by number) as rows from (
        select ${SELECTED_AS_JSON} from entry
        where number > $1 and revision <= $2 and listed and paused_until is null
        order by number limit ${PAGE}
      ) as page`,
      [after, upTo],
    );
    const rows = page!.rows ?? [];
    for (const row of rows) yield numbered(storedEntryOf(row));
    if (rows.length < PAGE) return;
    after = rows.at(-1)!.number;
  }
}
