import type { ListInfo } from '../../blocklist/blocklist.js';
import { checkListName as checkEntryListName } from '../../entry.js';
import {
  checkListSettings,
  copyOfSettings,
  describedList,
  type FetchState,
  type ListSettings,
} from '../../policy.js';
import type { Sql } from '../sql/database.js';
import { checkStorable } from '../stored-entry.js';

/** A list of a store. */
export interface StoredList extends ListInfo {
  /** number of its entries that are paused */
  readonly paused: number;
  /** that of the last change of its settings */
  readonly revision: number;
  /** how far it was fetched; absent: never fetched */
  readonly fetched?: FetchState;
}

/** @throws {TypeError | RangeError} if `name` is not a list name that a store can keep */
export function checkListName(name: string): void {
  // A name longer than those of entries would stop a list in memory from following.
  checkEntryListName(name);
  checkStorable(name);
}

/**
 * A copy of settings that a caller gave.
 * @throws {TypeError | RangeError} if a setting is unknown or invalid
 */
export function checkedSettings(settings: ListSettings): ListSettings {
  checkListSettings(settings);
  return copyOfSettings(settings);
}

/**
 * Sets a list's settings, within a change. The list is created if it is missing.
 * @param changes null: no settings and no fetch state; without entries the list is gone
 * @returns whether anything changed
 */
export async function setListSettings(
  sql: Sql,
  revision: number,
  name: string,
  changes: ListSettings | null,
): Promise<boolean> {
  if (changes === null) {
    const changed = await sql.query(
      `update list set settings = '{}', fetched = null, revision = $2,
        listed = exists (select from entry where entry.list = name and entry.listed)
      where name = $1 and listed returning 1`,
      [name, revision],
    );
    return changed.length > 0;
  }
  const [row] = await sql.query<{ settings: ListSettings; listed: boolean }>(
    'select settings, listed from list where name = $1',
    [name],
  );
  const before = row?.listed ? copyOfSettings(row.settings) : undefined;
  const settings = { ...before, ...copyOfSettings(changes) };
  if (before && JSON.stringify(settings) === JSON.stringify(before)) return false;
  await sql.query(
    `insert into list (name, settings, revision) values ($1, $2, $3)
    on conflict (name) do update set settings = $2, listed = true, revision = $3`,
    [name, JSON.stringify(settings), revision],
  );
  return true;
}

/** All lists by their names, with the numbers of their entries. */
export async function listsOf(sql: Sql): Promise<StoredList[]> {
  const rows = await sql.query<{
    name: string;
    settings: ListSettings;
    revision: number;
    size: number;
    paused: number;
    pdq: number;
    fetched: FetchState | null;
  }>(
    `select name, settings, list.revision, coalesce(size, 0) as size, coalesce(paused, 0) as paused,
      coalesce(pdq, 0) as pdq, fetched
    from list left join (
      select list, count(*) as size, count(paused_until) as paused,
        count(*) filter (
          where algorithm = 'pdq' and (paused_until is null or paused_until <= now())
        ) as pdq
      from entry where listed group by list
    ) as counted on counted.list = list.name
    where list.listed order by name`,
  );
  return rows.map(({ name, settings, fetched, pdq, ...counted }) => ({
    name,
    ...counted,
    ...describedList(name, copyOfSettings(settings), pdq),
    ...(fetched && { fetched }),
  }));
}

/** The settings of all lists, by their names. */
export async function settingsOf(sql: Sql): Promise<Map<string, ListSettings>> {
  const rows = await sql.query<{ name: string; settings: ListSettings }>(
    'select name, settings from list where listed order by name',
  );
  return new Map(rows.map(({ name, settings }) => [name, copyOfSettings(settings)]));
}
