import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { holderOf, LOCK_NAME, lockFolder } from '../../disk/writer-lock.js';
import { FormatError } from '../../errors.js';
import type { Database, Sql, SqlValue, Transaction, TransactionOptions } from './database.js';
import { StoreError } from './store-error.js';

const CHANNEL = 'onlyhashes';
const INT8 = 20;
/** The engine's own folder, which must hold no other file. */
const DATA = 'data';
/** The engine never returns memory, and its default 128 MB of buffers are for many connections. */
const SETTINGS = ['shared_buffers=4MB', 'max_connections=5'];

/**
 * A database in a folder, or in memory, by the optional package `@electric-sql/pglite`: PostgreSQL
 * in WebAssembly, in this process. It has one connection, so statements wait for each other.
 * @param folder created if it is missing; undefined: in memory
 * @throws {StoreError} `client-missing`, or `in-use` if another process has the folder
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
  if (folder === undefined) return await started(Engine, undefined, schema, async () => {});
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = await locked(folder);
  try {
    return await started(Engine, join(folder, DATA), schema, unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

async function started(
  Engine: typeof PGlite,
  dataDir: string | undefined,
  schema: string,
  unlock: () => Promise<void>,
): Promise<Database> {
  const engine = await Engine.create({
    ...(dataDir !== undefined && { dataDir }),
    startParams: [...Engine.defaultStartParams, ...SETTINGS.flatMap((each) => ['-c', each])],
    parsers: { [INT8]: Number },
  });
  await engine.query(`set search_path to "${schema}"`);
  return new Embedded(engine, unlock);
}

/** Locks the folder: the engine does not keep two processes from writing to it and spoiling it. */
async function locked(folder: string): Promise<() => Promise<void>> {
  try {
    return await lockFolder(folder);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const who = await holderOf(join(folder, LOCK_NAME));
    throw new StoreError('in-use', `${who} has the folder open`, { cause });
  }
}

class Embedded implements Database {
  readonly engine = 'pglite';
  readonly wake = `notify ${CHANNEL}`;
  readonly #engine: PGlite;
  readonly #unlock: () => Promise<void>;
  /** Locks of this process: there is no other. */
  readonly #locks = new Set<bigint>();
  #isClosed = false;

  constructor(engine: PGlite, unlock: () => Promise<void>) {
    this.#engine = engine;
    this.#unlock = unlock;
  }

  prompt(): Database {
    return this;
  }

  async query<Row>(text: string, values: readonly SqlValue[] = []): Promise<Row[]> {
    this.#checkOpen();
    return (await this.#engine.query<Row>(text, [...values])).rows;
  }

  async transaction<T>(
    run: (sql: Transaction) => Promise<T>,
    { snapshot = false }: TransactionOptions = {},
  ): Promise<T> {
    this.#checkOpen();
    const result = await this.#engine.transaction(async (transaction) => {
      if (snapshot) {
        await transaction.query('set transaction isolation level repeatable read read only');
      }
      const query: Sql['query'] = async <Row>(text: string, values: readonly SqlValue[] = []) => {
        return (await transaction.query<Row>(text, [...values])).rows;
      };
      const script = async (text: string) => void (await transaction.exec(text));
      return { of: await run({ query, script }) };
    });
    return result!.of;
  }

  async listen(onWake: () => void): Promise<() => Promise<void>> {
    this.#checkOpen();
    const end = await this.#engine.listen(CHANNEL, onWake);
    return () => end();
  }

  async lock(key: bigint): Promise<(() => Promise<void>) | undefined> {
    if (this.#locks.has(key)) return undefined;
    this.#locks.add(key);
    return async () => void this.#locks.delete(key);
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new StoreError('closed', 'expected a store that is open');
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#engine.close();
    } finally {
      await this.#unlock();
    }
  }
}
