/*
 * The records of the review log are a chain. Each has the digest of the one before, a salt, and its
 * own digest: the SHA-256 of all its other columns. A record that is changed, removed, added or
 * moved breaks the chain. `review_chain` has the number and the digest of the last one.
 *
 * Erased records leave their place in the chain: one row of `review_erased` for each run, with the
 * digest before it and that of its last record. The salts are erased, so no one can test guesses
 * against a digest that is left.
 *
 * Anyone with write access to the database can make a whole new chain: it shows accidents and
 * careless changes, and is no signature.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { Database, Sql, SqlValue } from '../sql/database.js';

/** End of the chain, or of a part of it. */
export interface ChainEnd {
  readonly number: number;
  readonly digest: Uint8Array;
}

interface ChainLink extends ChainEnd {
  /** the digest before it */
  readonly before: Uint8Array;
}

/** The columns of a record's content, and `record`, which has all of it as JSON. */
export type RecordColumns = Readonly<Record<string, SqlValue>> & { readonly record: string };

/** A record in its place. */
export type RecordRow = RecordColumns & ChainLink & { readonly salt: Uint8Array };

const COLUMNS = `number, before, digest, salt, id, at, list, entry_algorithm, entry_hash, entry_id,
  entry_source, record`;
const NAMES = COLUMNS.split(/,\s*/);

/** The columns of a `RecordRow`, to select: the time in microseconds since 1970, JSON as text. */
export const RECORD_ROW = `number, before, digest, salt, id,
  (extract(epoch from at) * 1000000)::float8 as at, list, entry_algorithm, entry_hash, entry_id,
  entry_source, record::text as record`;

/** Empty record columns for a run that was erased. */
const NO_RECORD = `number, before, digest, null::bytea, null::text, null::float8, null::text,
  null::text, null::bytea, null::text, null::text, null::text`;

const FIRST: ChainEnd = { number: 0, digest: new Uint8Array(32) };
const SALT_BYTES = 16;
/** Rows of a page. */
const PAGE = 1000;

/** True if a record is unchanged since it was written. */
export const isUnchanged = (row: RecordRow): boolean => isSame(digestOf(row), row.digest);

/** Waits for its turn: until the transaction ends, no other writes or erases records. */
export async function lockedEnd(sql: Sql): Promise<ChainEnd> {
  const [end] = await sql.query<ChainEnd>('select number, digest from review_chain for update');
  return end!;
}

/** Writes records at the end of the chain, which the transaction has locked. */
export async function appendRecords(
  sql: Sql,
  end: ChainEnd,
  records: readonly RecordColumns[],
): Promise<void> {
  let { number, digest } = end;
  const rows = records.map((columns) => {
    const row = { ...columns, number: ++number, before: digest, salt: randomBytes(SALT_BYTES) };
    digest = digestOf(row);
    return { ...row, digest } as RecordRow;
  });
  await sql.query(
    `with written as (
      insert into review_record (${COLUMNS})
      select * from unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[], $5::text[],
        $6::timestamptz[], $7::text[], $8::text[], $9::bytea[], $10::text[], $11::text[],
        $12::text[]::json[]))
    update review_chain set number = $13::bigint, digest = $14::bytea`,
    [...NAMES.map((name) => rows.map((row) => row[name]!)), number, digest],
  );
}

/**
 * Erases the records that fulfil a condition, except for their place in the chain.
 * @returns how many
 */
export async function eraseRecords(
  database: Database,
  condition: string,
  values: readonly SqlValue[],
): Promise<number> {
  return await database.transaction(async (sql) => {
    await lockedEnd(sql);
    const [row] = await sql.query<{ count: number }>(
      `with gone as (delete from review_record where ${condition} returning number, before, digest),
        kept as (
          insert into review_erased (first, number, before, digest)
          select number, number, before, digest from gone returning 1)
      select count(*) as count from kept`,
      values,
    );
    await sql.query(JOIN_RUNS);
    return row!.count;
  });
}

/** Joins consecutive runs. */
const JOIN_RUNS = `
with marked as (
  select *, (first is distinct from 1 + lag(number) over (order by number))::int as begins
  from review_erased),
numbered as (select *, sum(begins) over (order by number) as run from marked),
joined as (
  select min(first) as first, max(number) as number, (array_agg(before order by number))[1] as before
  from numbered group by run),
gone as (delete from review_erased where number not in (select number from joined))
update review_erased set first = joined.first, before = joined.before
from joined where review_erased.number = joined.number and review_erased.first <> joined.first`;

/**
 * Reads the chain page by page, from its first record to its end, and yields the number of each
 * record that does not fit. The first number is exact; a fault may also break the records after it.
 */
export async function* brokenRecords(sql: Sql): AsyncGenerator<number, void, undefined> {
  let end = FIRST;
  for await (const part of partsOf(sql)) {
    const isNext = part.first === end.number + 1 && isSame(part.before, end.digest);
    const isSound = isNext && (part.salt === null || isUnchanged(part));
    // If records are missing, it is the first of them.
    if (!isSound) yield Math.min(part.first, end.number + 1);
    end = part;
  }
  const [last] = await sql.query<ChainEnd>('select number, digest from review_chain');
  const number = last?.number ?? 0;
  if (number > end.number) yield end.number + 1;
  else if (number < end.number || !last || !isSame(last.digest, end.digest)) {
    yield Math.min(number + 1, Math.max(end.number, 1));
  }
}

/** A record, or a run of those that were erased, which has no salt. */
type ChainPart = ChainLink & { readonly first: number } & ({ readonly salt: null } | RecordRow);

async function* partsOf(sql: Sql): AsyncGenerator<ChainPart> {
  const page = `where number > $1 order by number limit ${PAGE}`;
  for (let after = 0; ; ) {
    // A record comes before a run with its number, so the end of a page skips none.
    const parts = await sql.query<ChainPart>(
      `(select number as first, ${RECORD_ROW} from review_record ${page})
      union all (select first, ${NO_RECORD} from review_erased ${page})
      order by number, salt nulls last limit ${PAGE}`,
      [after],
    );
    yield* parts;
    if (parts.length < PAGE) return;
    after = parts.at(-1)!.number;
  }
}

/** Digest of all columns but the digest itself, as JSON in the order of the table. */
function digestOf(row: Readonly<Record<string, SqlValue>>): Uint8Array {
  const columns = NAMES.filter((name) => name !== 'digest').map((name) => plain(row[name]!));
  return createHash('sha256').update(JSON.stringify(columns)).digest();
}

function plain(value: SqlValue): SqlValue {
  if (value instanceof Date) return 1000 * value.valueOf();
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}

const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
