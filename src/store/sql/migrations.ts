import type { Database, Sql } from './database.js';
import { LISTS } from './schema.js';
import { BANDS } from './schema-bands.js';
import { CASES } from './schema-cases.js';
import { RECORDS } from './schema-records.js';
import { StoreError } from './store-error.js';

/** Migrations by number, from 1. A released one never changes: the next one changes its result. */
export const MIGRATIONS: readonly string[] = [LISTS + BANDS + RECORDS + CASES];

/** A lower-case name, which is quoted only where it may be an SQL keyword. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,62}$/;

/** @throws {TypeError | RangeError} if `schema` is not a valid schema name */
export function checkSchema(schema: string): void {
  if (typeof schema !== 'string') throw new TypeError('expected schema to be a string');
  if (!SCHEMA.test(schema) || schema.startsWith('pg_')) {
    throw new RangeError('expected schema to be a name of lower-case letters, digits and _');
  }
}

/** An arbitrary number, the same for all processes: one of them migrates, and the others wait. */
const LOCK = 0x6f6e6c79;

/**
 * Migrates a database to the newest form, in one transaction.
 * @param schema created if it is missing
 * @returns the number of its previous form; 0 if it was empty
 * @throws {StoreError} `newer-schema` if a newer version of the library made it
 */
export async function migrate(database: Database, schema: string): Promise<number> {
  // With nothing to migrate, it needs no right to change anything.
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

/** Creates the table of migrations, and its schema unless a role with more rights already has. */
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
