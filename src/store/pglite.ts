import { mkdir } from 'node:fs/promises';
import type { PGlite, Transaction } from '@electric-sql/pglite';
import type { Database, Sql, SqlValue, TransactionOptions } from './database.js';
import { StoreError } from './store-error.js';

const CHANNEL = 'onlyhashes';
const INT8 = 20;

/**
 * A database in a folder, or in memory, by the optional package `@electric-sql/pglite`: PostgreSQL
 * in WebAssembly, in this process. It has one connection, so statements wait for each other.
 * @param folder is made if it is not there; undefined: in memory
 * @throws {StoreError} `client-missing`
 */
export async function openPglite(folder: string | undefined, schema: string): Promise<Database> {
  let Engine: typeof PGlite;
  try {
    ({ PGlite: Engine } = await import('@electric-sql/pglite'));
  } catch (cause) {
    throw new StoreError(
      'client-missing',
      'expected the package @electric-sql/pglite: npm install @electric-sql/pglite',
      { cause },
    );
  }
  if (folder !== undefined) await mkdir(folder, { recursive: true, mode: 0o700 });
  const engine = await Engine.create({
    ...(folder !== undefined && { dataDir: folder }),
    parsers: { [INT8]: Number },
  });
  await engine.query(`set search_path to ${schema}`);
  return new Embedded(engine);
}

class Embedded implements Database {
  readonly engine = 'pglite';
  readonly wake = `notify ${CHANNEL}`;
  readonly #engine: PGlite;
  /** There is no other process. */
  readonly #locks = new Set<bigint>();

  constructor(engine: PGlite) {
    this.#engine = engine;
  }

  async query<Row>(text: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return (await this.#engine.query<Row>(text, [...values])).rows;
  }

  async transaction<T>(
    run: (sql: Sql) => Promise<T>,
    { snapshot = false }: TransactionOptions = {},
  ): Promise<T> {
    const result = await this.#engine.transaction(async (transaction) => {
      if (snapshot) {
        await transaction.query('set transaction isolation level repeatable read read only');
      }
      return { of: await run(new Running(transaction)) };
    });
    return result!.of;
  }

  async listen(onWake: () => void): Promise<() => Promise<void>> {
    const end = await this.#engine.listen(CHANNEL, onWake);
    return () => end();
  }

  async lock(key: bigint): Promise<(() => Promise<void>) | undefined> {
    if (this.#locks.has(key)) return undefined;
    this.#locks.add(key);
    return async () => void this.#locks.delete(key);
  }

  async script(sql: Sql, text: string): Promise<void> {
    await (sql as Running).script(text);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }
}

class Running implements Sql {
  readonly #transaction: Transaction;

  constructor(transaction: Transaction) {
    this.#transaction = transaction;
  }

  async query<Row>(text: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    return (await this.#transaction.query<Row>(text, [...values])).rows;
  }

  async script(text: string): Promise<void> {
    await this.#transaction.exec(text);
  }
}
