import { checkInteger, checkOptions, checkTypeOf } from '../../door.js';
import { type BlocklistEntry, listOf } from '../../entry.js';
import { type Algorithm, bitsOf, bytesOf, type Hash, hashToHex } from '../../hash.js';
import type { Database, Sql, SqlValue } from '../sql/database.js';
import {
  checkStorable,
  type EntryRow,
  keyOfEntry,
  SELECTED,
  type StoredEntry,
  storedEntryOf,
  videoOf,
} from '../stored-entry.js';
import { type Made, write } from '../write.js';

/** Selection of entries: those that fulfil every condition given. */
export interface EntryCondition {
  readonly list?: string;
  /** exactly this hash */
  readonly hash?: Hash;
  readonly algorithm?: Algorithm;
  readonly id?: string;
  readonly source?: string;
  /** the hex digits that its group begins with */
  readonly group?: string;
  /** true: only paused entries; false: only the others */
  readonly paused?: boolean;
}

/** A selection of entries, and a page of it. */
export interface EntryFilter extends EntryCondition {
  /** only higher numbers: that of the last entry on the page before; default 0 */
  readonly after?: number;
  /** page size, 1…10,000; default 100 */
  readonly limit?: number;
}

/** Result of `Store.count`. */
export interface EntryCount {
  /** number of entries */
  readonly entries: number;
  /** the highest number; 0 if there are no entries */
  readonly newest: number;
}

const MOST = 10_000;

/** The entry with this number, if it is listed, paused or not. */
export async function entryOfNumber(sql: Sql, number: number): Promise<StoredEntry | undefined> {
  checkNumber(number);
  const [row] = await sql.query<EntryRow>(
    `select ${SELECTED} from entry where number = $1 and listed`,
    [number],
  );
  return row && storedEntryOf(row);
}

/** The number of the listed entry with this entry's key. */
export async function numberOfEntry(sql: Sql, entry: BlocklistEntry): Promise<number | undefined> {
  const [row] = await sql.query<{ number: number }>(
    'select number from entry where hash = $1 and key = $2 and listed',
    [entry.hash.bytes, keyOfEntry(entry)],
  );
  return row?.number;
}

/** @throws {TypeError | RangeError} if the filter is invalid */
export async function findEntries(sql: Sql, filter: EntryFilter): Promise<StoredEntry[]> {
  const { conditions, values } = conditionsOf(filter);
  const { after = 0, limit = 100 } = filter;
  checkInteger('after', after, 0);
  checkInteger('limit', limit, 1, MOST);
  const rows = await sql.query<EntryRow>(
    `select ${SELECTED} from entry where ${conditions} and number > $${values.push(after)}
    order by number limit $${values.push(limit)}`,
    values,
  );
  return rows.map(storedEntryOf);
}

/**
 * Counts paused entries too, unless the condition excludes them.
 * @throws {TypeError | RangeError} if the condition is invalid
 */
export async function countEntries(sql: Sql, condition: EntryCondition): Promise<EntryCount> {
  const { conditions, values } = conditionsOf(condition);
  const [row] = await sql.query<EntryCount>(
    `select count(*) as entries, coalesce(max(number), 0) as newest from entry
    where ${conditions}`,
    values,
  );
  return row!;
}

/** Conditions on listed entries. @throws {TypeError | RangeError} if the condition is invalid */
function conditionsOf(condition: EntryCondition): { conditions: string; values: SqlValue[] } {
  checkOptions(condition);
  const { list, hash, algorithm = hash?.algorithm, id, source, group, paused } = condition;
  for (const [name, text] of Object.entries({ list, algorithm, id, source, group })) {
    checkTypeOf(name, text, 'string');
    checkStorable(text);
  }
  checkTypeOf('paused', paused, 'boolean');
  if (hash !== undefined) bitsOf(hash);
  const values: SqlValue[] = [];
  const conditions = ['listed'];
  for (const [column, value] of Object.entries({
    list,
    hash: hash?.bytes,
    algorithm,
    id,
    source,
  })) {
    if (value !== undefined) conditions.push(`${column} = $${values.push(value)}`);
  }
  if (group !== undefined) conditions.push(inGroups(values.push(...groupsFrom(group))));
  if (paused !== undefined) conditions.push(`paused_until is ${paused ? 'not null' : 'null'}`);
  return { conditions: conditions.join(' and '), values };
}

/** The first and the last group that begin with these hex digits, an even number of them. */
const groupsFrom = (group: string) => {
  if (!/^([\da-f]{2}){1,32}$/.test(group)) throw new RangeError('expected group to be hex digits');
  return [bytesOf(group), bytesOf(group.padEnd(64, 'f'))];
};

/** @param last the number of the later one of its two parameters */
const inGroups = (last: number) => `group_hash between $${last - 1} and $${last}`;

/**
 * The condition that an entry, or all entries of its video, fulfil.
 * @param values of the statement, to which those of the condition are added
 */
function withItsVideo(entry: StoredEntry, values: SqlValue[]): string {
  const { number, source = null, id = null } = entry;
  const video = videoOf(entry);
  if (video === undefined) return `number = $${values.push(number)}`;
  return `list = $${values.push(listOf(entry))} and source is not distinct from $${values.push(source)}
    and id is not distinct from $${values.push(id)} and ${inGroups(values.push(...groupsFrom(video)))}
    and (seconds is not null or algorithm = 'md5')`;
}

/**
 * Pauses an entry or resumes it, within a change. A frame takes its video along.
 * @returns `found`: whether it is listed
 */
export async function pauseEntry(
  sql: Sql,
  revision: number,
  number: number,
  until: Date | 'for-good' | undefined,
): Promise<Made & { found: boolean }> {
  const time = until === 'for-good' ? 'infinity' : (until?.toISOString() ?? null);
  const entry = await entryOfNumber(sql, number);
  if (!entry) return { found: false, isChanged: false };
  const values: SqlValue[] = [time, revision];
  const changed = await countOf(
    sql,
    `update entry set paused_until = $1::timestamptz, revision = $2
    where listed and paused_until is distinct from $1::timestamptz
      and ${withItsVideo(entry, values)} returning 1`,
    values,
  );
  return { found: true, isChanged: changed > 0 };
}

/**
 * Resumes the entries whose pause had ended by a given time.
 * @returns how many
 */
export async function resumeDue(database: Database, now: Date): Promise<number> {
  const due = 'listed and paused_until <= $1';
  // A change would wait for others, even with nothing to do.
  if ((await database.query(`select from entry where ${due} limit 1`, [now])).length === 0)
    return 0;
  const { resumed } = await write(database, ['resume', now], {}, async (sql, revision) => {
    const text = `update entry set paused_until = null, revision = $2 where ${due} returning 1`;
    const resumed = await countOf(sql, text, [now, revision]);
    return { resumed, isChanged: resumed > 0 };
  });
  return resumed;
}

/**
 * Removes the entry with a number, within a change. Parts that were listed with a picture go with
 * the picture's own entry. A part goes alone, but a frame takes its video along.
 * @returns number of entries removed
 */
export async function removeEntry(sql: Sql, revision: number, number: number): Promise<number> {
  const entry = await entryOfNumber(sql, number);
  if (!entry) return 0;
  const { hash, group, source, id } = entry;
  const values: SqlValue[] = [revision];
  const where = withItsVideo(entry, values);
  const removed = await removeEntries(sql, revision, where, values.slice(1));
  if (group !== undefined && group !== hashToHex(hash)) return removed;
  const parts = await removeEntries(
    sql,
    revision,
    `list = $2 and algorithm = $3 and source is not distinct from $4 and id is not distinct from $5
    and group_hash = $6`,
    [listOf(entry), hash.algorithm, source ?? null, id ?? null, hash.bytes],
  );
  return removed + parts;
}

/**
 * Removes the listed entries that fulfil a condition, within a change. They stay as unlisted rows,
 * for followers.
 * @param where with parameters from `$2` on
 * @returns how many
 */
export async function removeEntries(
  sql: Sql,
  revision: number,
  where: string,
  values: readonly SqlValue[],
): Promise<number> {
  return await countOf(
    sql,
    `update entry set listed = false, paused_until = null, revision = $1
    where listed and ${where} returning 1`,
    [revision, ...values],
  );
}

/** Number of rows touched by a statement that ends with `returning 1`. */
export async function countOf(
  sql: Sql,
  text: string,
  values: readonly SqlValue[],
): Promise<number> {
  const [row] = await sql.query<{ count: number }>(
    `with touched as (${text}) select count(*) as count from touched`,
    values,
  );
  return row!.count;
}

/** @throws {TypeError | RangeError} unless it can be the number of an entry */
export const checkNumber = (number: number) => checkInteger('number', number, 1);

/** The first and the last time that are written with a year of four digits, from 1 on. */
const FIRST = -62_135_596_800_000;
const LAST = 253_402_300_799_999;

/** @throws {TypeError | RangeError} unless `date` is a valid date */
export function checkDate(name: string, date: Date): void {
  if (!(date instanceof Date)) throw new TypeError(`expected ${name} to be a Date`);
  if (!(date.getTime() >= FIRST && date.getTime() <= LAST)) {
    throw new RangeError(`expected ${name} to be a valid Date in the years 1 to 9999`);
  }
}
