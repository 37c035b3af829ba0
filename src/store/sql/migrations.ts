import type { Database, Sql } from './database.js';
import { LISTS } from './schema.js';
import { BANDS } from './schema-bands.js';
import { RECORDS } from './schema-records.js';
import { StoreError } from './store-error.js';

/** By number, from 1. One that was released is never changed: the next one changes what it made. */
export const MIGRATIONS: readonly string[] = [LISTS + BANDS + RECORDS];

/** A lower-case name, which is quoted only where it may be a word of SQL. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** @throws {TypeError | RangeError} if `schema` cannot name the schema of a store */
export function checkSchema(schema: string): void {
  if (typeof schema !== 'string') throw new TypeError('expected schema to be a string');
  if (!SCHEMA.test(schema) || schema.startsWith('pg_')) {
    throw new RangeError('expected schema to be a name of lower-case letters, digits and _');
  }
}

/** Any number, the same for all processes: one of them migrates, and the others wait. */
const LOCK = 0x6f6e6c79;

/**
 * Brings a database to the newest form, in one transaction.
 * @param schema is made if it is not there
 * @returns the number of the form that it had before; 0 if it was empty
 * @throws {StoreError} `newer-schema` if a newer version of the library made it
 */
export async function migrate(database: Database, schema: string): Promise<number> {
  // Where there is nothing to do, no right to change anything is needed.
  if ((await formOf(database)) === MIGRATIONS.length) return MIGRATIONS.length;
  return await database.transaction(async (sql) => {
    await sql.query(`select pg_advisory_xact_lock(${LOCK})`);
    const before = await formOf(sql);
    if (before > MIGRATIONS.length) throw newerSchema();
    if (before === 0) await makeTable(sql, schema);
    for (const [at, text] of MIGRATIONS.entries()) {
      if (at < before) continue;
      await sql.script(text);
      await sql.query('insert into migration (number) values ($1)', [at + 1]);
    }
    return before;
  });
}

/** The table of migrations, in a schema that is made unless somebody with more rights made it. */
async function makeTable(sql: Sql, schema: string): Promise<void> {
  const known = await sql.query('select from pg_namespace where nspname = $1', [schema]);
  if (known.length === 0) await sql.query(`create schema "${schema}"`);
  await sql.query(
    'create table if not exists migration (number int primary key, at timestamptz not null default now())',
  );
}

async function formOf(sql: Sql): Promise<number> {
  const [table] = await sql.query<{ is_there: boolean }>(
    "select to_regclass('migration') is not null as is_there",
  );
  if (!table!.is_there) return 0;
  const [row] = await sql.query<{ form: number }>(
    'select coalesce(max(number), 0)::int as form from migration',
  );
  return row!.form;
}

const newerSchema = () =>
  new StoreError(
    'newer-schema',
    'expected a store of this version or an older one: upgrade onlyhashes',
  );
