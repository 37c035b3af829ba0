import { checkEntry } from '../../entry.js';
import { isDegenerate } from '../../hash.js';
import { isCovered } from '../lists/covered.js';
import { brokenRecords } from '../reviews/review-chain.js';
import { type EntryRow, entryOf, keyOfEntry, SELECTED } from '../stored-entry.js';
import { wrongBands } from './bands.js';
import type { Sql, SqlValue } from './database.js';

/** A fault in a store. */
export interface StoreProblem {
  readonly code: /** an entry that every blocklist rejects */
    | 'bad-entry'
    /** an entry whose key does not fit its content */
    | 'bad-key'
    /** a number that two entries have */
    | 'number-twice'
    /** a listed entry with a withdrawal in force */
    | 'withdrawn-entry'
    /** an entry on a missing list */
    | 'no-list'
    /** a row of a later revision than the store's */
    | 'bad-revision'
    /** a missing band of an entry: a search may miss the entry */
    | 'no-band'
    /** a band that belongs to no entry */
    | 'band-left'
    /** a record of the review log that was changed since it was written, is missing or is extra */
    | 'bad-record';
  /** number of rows */
  readonly count: number;
  /** for `bad-record`: the number of the first one; those before it are unchanged */
  readonly first?: number;
}

const PAGE = 1000;

const QUERIES: readonly (readonly [StoreProblem['code'], string])[] = [
  ['number-twice', 'select number from entry group by number having count(*) > 1'],
  ['withdrawn-entry', `select number from entry where listed and ${isCovered('entry')}`],
  [
    'no-list',
    `select number from entry where listed
      and not exists (select from list where list.listed and name = entry.list)`,
  ],
  ...['entry', 'withdrawal', 'list_exception', 'list'].map(
    (table) =>
      [
        'bad-revision',
        `select 1 from ${table}, state where ${table}.revision > state.revision`,
      ] as const,
  ),
];

/**
 * Reads the whole store, page by page, in one snapshot: a change between two pages would look like
 * a fault.
 * @returns nothing if there is no fault
 */
export async function problemsOf(sql: Sql): Promise<StoreProblem[]> {
  const counts = new Map<StoreProblem['code'], number>();
  const count = (code: StoreProblem['code'], more: number) => {
    if (more > 0) counts.set(code, more + (counts.get(code) ?? 0));
  };
  for (const [code, text] of QUERIES) {
    const [row] = await sql.query<{ count: number }>(
      `select count(*) as count from (${text}) as found`,
    );
    count(code, row!.count);
  }
  const bands = await wrongBands(sql);
  count('no-band', bands.missing);
  count('band-left', bands.left);
  for await (const row of rowsOf(sql)) {
    if (row.listed && !isTaken(row)) count('bad-entry', 1);
    else if (!hasItsKey(row)) count('bad-key', 1);
  }
  let first = 0;
  for await (const number of brokenRecords(sql)) {
    count('bad-record', 1);
    first ||= number;
  }
  return [...counts].map(([code, count]) =>
    code === 'bad-record' ? { code, count, first } : { code, count },
  );
}

type KeyedRow = EntryRow & { readonly key: Uint8Array };

async function* rowsOf(sql: Sql): AsyncGenerator<KeyedRow> {
  for (let after: SqlValue[] = [0, new Uint8Array(0)]; ; ) {
    const rows = await sql.query<KeyedRow>(
      `select key, ${SELECTED} from entry where (number, key) > ($1, $2)
      order by number, key limit ${PAGE}`,
      after,
    );
    yield* rows;
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = [last.number, last.key];
  }
}

/** True if a blocklist accepts the entry. */
function isTaken(row: EntryRow): boolean {
  try {
    const entry = entryOf(row);
    checkEntry(entry);
    return !isDegenerate(entry.hash);
  } catch {
    return false;
  }
}

function hasItsKey(row: KeyedRow): boolean {
  try {
    return Buffer.compare(keyOfEntry(entryOf(row)), row.key) === 0;
  } catch {
    return false;
  }
}
