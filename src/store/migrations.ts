import type { Database, Sql } from './database.js';
import { CORE } from './schema.js';
import { BANDS, BANDS_FASTER } from './schema-bands.js';
import { LONG_FEEDBACK, RECORDS } from './schema-records.js';
import { SESSIONS } from './schema-sessions.js';
import { StoreError } from './store-error.js';

/** By number, from 1. One that was released is never changed: the next one changes what it made. */
export const MIGRATIONS: readonly string[] = [
  CORE,
  BANDS,
  RECORDS,
  SESSIONS,
  LONG_FEEDBACK,
  BANDS_FASTER,
];

/** A lower-case name, which needs no quotes anywhere. */
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
  return await database.transaction(async (sql) => {
    await sql.query(`select pg_advisory_xact_lock(${LOCK})`);
    await sql.query(`create schema if not exists ${schema}`);
    await sql.query(
      'create table if not exists migration (number int primary key, at timestamptz not null default now())',
    );
    const before = await formOf(sql);
    if (before > MIGRATIONS.length) throw newerSchema();
    for (const [at, text] of MIGRATIONS.entries()) {
      if (at < before) continue;
      await database.script(sql, text);
      await sql.query('insert into migration (number) values ($1)', [at + 1]);
    }
    return before;
  });
}

async function formOf(sql: Sql): Promise<number> {
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
