import type { ListSettings } from '../../policy.js';
import type { Sql, SqlValue } from '../sql/database.js';
import {
  COLUMNS,
  type EntryRow,
  entryOf,
  keyOfEntry,
  SELECTED,
  valuesOf,
} from '../stored-entry.js';
import { isCovered } from './covered.js';
import { removeEntries } from './entries.js';
import { setListSettings } from './lists.js';
import { reinstateWithdrawn, withdrawalsOf, withdrawEntries } from './withdrawals.js';

/** Entries of one statement. */
const BATCH = 1000;

const NAMES = Object.keys(COLUMNS);
const TYPES = Object.values(COLUMNS);
const GIVEN = `unnest(${TYPES.map((type, at) => `$${at + 1}::${type}[]`).join(', ')}`;

interface MovingRow extends EntryRow {
  readonly key: Uint8Array;
  readonly paused: string | null;
}

/**
 * Renames a list, within a change. Its entries keep their numbers and pauses, and entries withdrawn
 * on it stay withdrawn. Entries that were withdrawn on an earlier list of the new name are removed.
 * @param settings changes to the list's settings
 * @returns false, with nothing changed, if there is no list `from`, a list `to` exists, or either
 * has a feed
 */
export async function renameList(
  sql: Sql,
  revision: number,
  { from, to, settings }: { from: string; to: string; settings: ListSettings },
): Promise<boolean> {
  const lists = await sql.query<{ name: string; settings: ListSettings; fetched: unknown }>(
    'select name, settings, fetched from list where listed and name = any($1::text[])',
    [[from, to]],
  );
  const [list] = lists;
  // Credentials are bound to the name of their list.
  const feeds = await sql.query('select from feed where name = any($1::text[])', [[from, to]]);
  if (feeds.length > 0) return false;
  if (from === to || lists.length !== 1 || list!.name !== from) return false;
  await setListSettings(sql, revision, to, { ...list!.settings, ...settings });
  if (list!.fetched !== null) {
    const fetched = JSON.stringify(list!.fetched);
    await sql.query('update list set fetched = $2::text::json where name = $1', [to, fetched]);
  }
  await sql.query(
    `update list set listed = false, settings = '{}', fetched = null, revision = $2
    where name = $1`,
    [from, revision],
  );
  // Withdrawals come first: the moved entries are on the list that they are about.
  for (const withdrawal of await withdrawalsOf(sql)) {
    const groups = 'id' in withdrawal ? [] : (withdrawal.groups ?? []);
    if (withdrawal.list !== from && !groups.some(({ list }) => list === from)) continue;
    await reinstateWithdrawn(sql, revision, withdrawal);
    await withdrawEntries(sql, revision, {
      ...withdrawal,
      ...(withdrawal.list === from && { list: to }),
      ...(groups.length > 0 && {
        groups: groups.map(({ group, list }) => ({ group, list: list === from ? to : list })),
      }),
    });
  }
  for (;;) {
    const rows = await sql.query<MovingRow>(
      `select ${SELECTED}, key, paused_until::text as paused from entry
      where listed and list = $1 order by number limit ${BATCH}`,
      [from],
    );
    await moveEntries(sql, revision, rows, to);
    if (rows.length < BATCH) break;
  }
  // Older withdrawals on the list `to` also cover the moved entries.
  await removeEntries(sql, revision, `list = $2 and ${isCovered('entry', { onList: true })}`, [to]);
  return true;
}

/**
 * A row is not changed in place, since its key includes its list: the old row stays under a new
 * number for followers, and the new row takes the number.
 */
async function moveEntries(
  sql: Sql,
  revision: number,
  rows: readonly MovingRow[],
  to: string,
): Promise<void> {
  const old = rows.map((row) => valuesOf(entryOf(row), row.key));
  const moved = rows.map((row) => {
    const entry = { ...entryOf(row), list: to };
    return valuesOf(entry, keyOfEntry(entry));
  });
  const remove = (values: readonly SqlValue[][]) =>
    sql.query(
      `delete from entry using unnest($1::bytea[], $2::bytea[]) as given (hash, key)
      where entry.hash = given.hash and entry.key = given.key`,
      [column(values, 'hash'), column(values, 'key')],
    );
  await remove(old);
  // The name may be that of an earlier list, which left unlisted rows.
  await remove(moved);
  const revisionAt = `$${NAMES.length + 1}::bigint`;
  await sql.query(
    `insert into entry (${NAMES.join(', ')}, listed, revision)
    select ${NAMES.join(', ')}, false, ${revisionAt} from ${GIVEN}) as given (${NAMES.join(', ')})`,
    [...columns(old), revision],
  );
  const further = `, $${NAMES.length + 2}::bigint[], $${NAMES.length + 3}::timestamptz[]`;
  await sql.query(
    `insert into entry (${NAMES.join(', ')}, number, paused_until, revision)
    select ${NAMES.join(', ')}, number, paused_until, ${revisionAt}
    from ${GIVEN}${further}) as given (${NAMES.join(', ')}, number, paused_until)`,
    [
      ...columns(moved),
      revision,
      rows.map(({ number }) => number),
      rows.map(({ paused }) => paused),
    ],
  );
}

const columns = (values: readonly SqlValue[][]): SqlValue[][] =>
  NAMES.map((_, at) => values.map((row) => row[at]!));

const column = (values: readonly SqlValue[][], name: keyof typeof COLUMNS): SqlValue[] =>
  columns(values)[NAMES.indexOf(name)]!;
