import type { RejectionReason } from '../../blocklist/list-state.js';
import { type BlocklistEntry, listOf } from '../../entry.js';
import { isDegenerate } from '../../hash.js';
import type { Sql, SqlValue } from '../sql/database.js';
import { COLUMNS, keyOfEntry, SAID, valuesOf } from '../stored-entry.js';
import type { Made } from '../write.js';
import { isCovered } from './covered.js';
import { removeEntries } from './entries.js';
import type { GatheredEntries } from './gathered-entries.js';
import { withdrawGroups } from './withdrawals.js';

/** Entries of one statement. */
const BATCH = 1000;
/** That many new entries may make a table much larger. */
const MANY = 100;
/** Bytes of a part of the table that are read at once in any case. */
const SMALL = 65_536;

/** Result of adding or replacing entries. */
export interface Put {
  /** number of entries that are new, or differ from their earlier version */
  added: number;
  /** number of rejected entries, by reason */
  readonly rejected: Record<RejectionReason, number>;
  /** those of the entries that were not rejected, in input order */
  readonly numbers: number[];
}

const names = Object.keys(COLUMNS);
const GIVEN = `select * from unnest(${Object.values(COLUMNS)
  .map((type, at) => `$${at + 1}::${type}[]`)
  .join(', ')}) with ordinality as given (${names.join(', ')}, place)`;
const REVISION = `$${names.length + 1}::bigint`;
/** `json` cannot be compared, but its text can. */
const compared = (table: string) =>
  SAID.map((name) => (COLUMNS[name] === 'json' ? `${table}.${name}::text` : `${table}.${name}`));

/**
 * Adds or replaces a batch. Withdrawn entries are rejected; entries that are there with the same
 * content stay unchanged. Changes wait for each other, so looking first is enough; `on conflict`
 * would use up a number for each entry that is there.
 */
const PUT = `
with given as (${GIVEN}),
judged as materialized (
  select given.*, ${isCovered('given')} as is_withdrawn from given
),
coming as materialized (select * from judged where not is_withdrawn),
changed as (
  update entry set ${SAID.map((name) => `${name} = coming.${name}`).join(', ')},
    paused_until = case when entry.listed then entry.paused_until end,
    listed = true, revision = ${REVISION}
  from coming
  where entry.hash = coming.hash and entry.key = coming.key
    and (not entry.listed or (${compared('entry')}) is distinct from (${compared('coming')}))
  returning entry.key, entry.number
),
fresh as (
  insert into entry (${names.join(', ')}, revision)
  select ${names.join(', ')}, ${REVISION} from coming
  where not exists (select from entry where entry.hash = coming.hash and entry.key = coming.key)
  order by place
  returning key, number
)
select key, number, true as is_changed from changed
union all select key, number, true from fresh
union all select entry.key, entry.number, false
  from coming join entry on entry.hash = coming.hash and entry.key = coming.key
union all select key, null, false from judged where is_withdrawn`;

/** Looks a batch up row by row: any other plan would read the whole table for each batch. */
const BY_ROW = ['hashjoin', 'mergejoin', 'seqscan'];

/**
 * Adds entries, or replaces those with the same key, within a change. Of several with the same key,
 * the last one counts. A paused entry stays paused.
 * @param isMet called with the keys of each batch that are not rejected
 * @returns the result, and whether anything changed: even a rejected entry may withdraw the picture
 * of which it is a part
 */
export async function putEntries(
  sql: Sql,
  revision: number,
  entries: GatheredEntries,
  isMet: (keys: readonly Uint8Array[]) => Promise<void> = async () => {},
): Promise<Put & Made> {
  for (const plan of BY_ROW) await sql.query(`set local enable_${plan} = off`);
  const put: Put = { added: 0, rejected: { degenerate: 0, withdrawn: 0 }, numbers: [] };
  const isWider = await withdrawGroups(sql, revision, entries);
  const lists = new Set<string>();
  for (const given of entries.batches(BATCH)) {
    const keys: (string | undefined)[] = [];
    const batch = new Map<string, { key: Uint8Array; entry: BlocklistEntry }>();
    for (const entry of given) {
      const isOut = isDegenerate(entry.hash);
      const key = isOut ? undefined : keyOfEntry(entry);
      keys.push(key && inText(key));
      if (key) batch.set(inText(key), { key, entry });
      else put.rejected.degenerate++;
    }
    const numbers = await putBatch(sql, revision, [...batch.values()], put);
    const met: Uint8Array[] = [];
    for (const [text, { key, entry }] of batch) {
      if (!numbers.has(text)) continue;
      met.push(key);
      lists.add(listOf(entry));
    }
    for (const key of keys) {
      if (key === undefined) continue;
      const number = numbers.get(key);
      if (number === undefined) put.rejected.withdrawn++;
      else put.numbers.push(number);
    }
    await isMet(met);
  }
  await makeLists(sql, revision, [...lists]);
  for (const plan of BY_ROW) await sql.query(`set local enable_${plan} = on`);
  if (put.added >= MANY) await countAnew(sql);
  return { ...put, isChanged: isWider || put.added > 0 };
}

/** @returns the numbers of the entries that are not withdrawn, by the texts of their keys */
async function putBatch(
  sql: Sql,
  revision: number,
  batch: readonly { key: Uint8Array; entry: BlocklistEntry }[],
  put: Put,
): Promise<Map<string, number>> {
  const columns: SqlValue[][] = names.map(() => []);
  for (const { key, entry } of batch) {
    for (const [at, value] of valuesOf(entry, key).entries()) columns[at]!.push(value);
  }
  const rows = await sql.query<{ key: Uint8Array; number: number | null; is_changed: boolean }>(
    PUT,
    [...columns, revision],
  );
  const numbers = new Map<string, number>();
  for (const { key, number, is_changed: isChanged } of rows) {
    if (number !== null) numbers.set(inText(key), number);
    if (isChanged) put.added++;
  }
  return numbers;
}

/**
 * Replaces all entries of a list, within a change.
 * @param replace `entries`: all of this list
 */
export async function replaceEntries(
  sql: Sql,
  revision: number,
  { list, entries }: { list: string; entries: GatheredEntries },
): Promise<Put & Made & { removed: number }> {
  await sql.query('create temporary table reported (key bytea primary key) on commit drop');
  const put = await putEntries(sql, revision, entries, async (keys) => {
    await sql.query(
      'insert into pg_temp.reported select unnest($1::bytea[]) on conflict do nothing',
      [keys],
    );
  });
  const removed = await removeEntries(
    sql,
    revision,
    'list = $2 and not exists (select from pg_temp.reported where reported.key = entry.key)',
    [list],
  );
  await sql.query('drop table pg_temp.reported');
  return { ...put, removed, isChanged: put.isChanged || removed > 0 };
}

/** A list is created with its first entry. */
async function makeLists(sql: Sql, revision: number, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await sql.query(
    `insert into list (name, revision) select name, $2 from unnest($1::text[]) as given (name)
    on conflict (name) do update set listed = true, revision = $2 where not list.listed`,
    [names, revision],
  );
}

/**
 * Updates the statistics of the table of entries if it is more than twice as large as at the last
 * update. A server does so within a minute or later, an embedded engine never: until then it would
 * read and sort the whole table for each page of entries.
 */
async function countAnew(sql: Sql): Promise<void> {
  const grown = await sql.query(
    `select from pg_inherits join pg_class on oid = inhrelid
    where inhparent = 'entry'::regclass
      and pg_relation_size(oid) > $1
        + 2::bigint * greatest(relpages, 0) * current_setting('block_size')::bigint
    limit 1`,
    [SMALL],
  );
  if (grown.length > 0) await sql.query('analyze entry');
}

/** Bytes as the key of a `Map`. */
const inText = (bytes: Uint8Array) =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
