import type { Client, Pool, PoolClient, PoolConfig } from 'pg';
import type { Database, Sql, SqlValue, TransactionOptions } from './database.js';
import { StoreError } from './store-error.js';

const CHANNEL = 'onlyhashes';
/** Until a lost connection is tried again, in milliseconds, twice as long each time. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** Until the server ends the silent connection of a lock, and between two signs of life. */
const SILENCE = 60_000;
const SIGN_EVERY = 15_000;

/** Of `int8`. Numbers, revisions and counts stay far below 2^53. */
const INT8 = 20;

/**
 * A database on a PostgreSQL server, by the optional package `pg`.
 * @param url as `postgres://user@host/database`; what it leaves out comes from the variables that
 *   PostgreSQL's own programs read
 * @param schema in which all names are looked up
 * @throws {StoreError} `client-missing`, `unreachable` or `unsuitable`
 */
export async function openPostgresql(
  url: string,
  schema: string,
  { connections = 4 }: { connections?: number } = {},
): Promise<Database> {
  const pg = await client();
  const config: PoolConfig = {
    connectionString: url,
    max: connections,
    application_name: 'onlyhashes',
    types: { getTypeParser: parserOf(pg) },
  };
  const pool = new pg.Pool({
    ...config,
    // Waited for before anybody is given the connection.
    onConnect: async (connection) => {
      // The statement that waits is told; without a listener the process would end as well.
      connection.on('error', () => {});
      // To compile a statement takes longer than any of these runs.
      await connection.query(`set search_path to ${schema}; set jit to off`);
    },
  });
  // One that is lost while nobody uses it is replaced; without a listener it would end the process.
  pool.on('error', () => {});
  const database = new Postgresql(pool, () => new pg.Client(config));
  try {
    const [row] = await database.query<{ version: number }>(
      "select current_setting('server_version_num')::int as version",
    );
    if (row!.version < 140_000) {
      throw new StoreError('unsuitable', 'expected PostgreSQL 14 or newer');
    }
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function client(): Promise<typeof import('pg')> {
  try {
    return (await import('pg')).default as unknown as typeof import('pg');
  } catch (cause) {
    throw new StoreError('client-missing', 'expected the package pg: npm install pg', { cause });
  }
}

function parserOf(pg: typeof import('pg')) {
  return ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8
      ? Number
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser;
}

class Postgresql implements Database {
  readonly engine = 'postgresql';
  readonly wake = `notify ${CHANNEL}`;
  readonly #pool: Pool;
  readonly #newClient: () => Client;

  constructor(pool: Pool, newClient: () => Client) {
    this.#pool = pool;
    this.#newClient = newClient;
  }

  query<Row>(text: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return rowsOf<Row>(this.#pool, text, values);
  }

  async transaction<T>(
    run: (sql: Sql) => Promise<T>,
    { snapshot = false }: TransactionOptions = {},
  ): Promise<T> {
    const connection = await connected(this.#pool);
    let isBroken = false;
    try {
      const begin = snapshot ? 'begin isolation level repeatable read read only' : 'begin';
      await rowsOf(connection, begin);
      const result = await run({ query: (text, values) => rowsOf(connection, text, values) });
      await rowsOf(connection, 'commit');
      return result;
    } catch (error) {
      // Where even this fails, the connection is gone, and the server rolls back.
      await connection.query('rollback').catch(() => {
        isBroken = true;
      });
      throw error;
    } finally {
      connection.release(isBroken);
    }
  }

  async listen(onWake: () => void): Promise<() => Promise<void>> {
    let isEnded = false;
    let current: Client | undefined;
    let timer: NodeJS.Timeout | undefined;
    let pause = FIRST_PAUSE;
    const connect = async () => {
      const listener = this.#newClient();
      current = listener;
      listener.on('error', () => {});
      listener.on('notification', onWake);
      listener.once('end', () => {
        if (isEnded) return;
        timer = setTimeout(() => void connect().catch(() => {}), pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      });
      try {
        await listener.connect();
        await listener.query(`listen ${CHANNEL}`);
      } catch (error) {
        // Emits `end`, which tries again.
        await listener.end().catch(() => {});
        throw unreachable(error);
      }
      pause = FIRST_PAUSE;
      onWake();
    };
    const end = async () => {
      isEnded = true;
      clearTimeout(timer);
      await current?.end().catch(() => {});
    };
    try {
      await connect();
    } catch (error) {
      await end();
      throw error;
    }
    return end;
  }

  async lock(key: bigint, onLost: () => void): Promise<(() => Promise<void>) | undefined> {
    const holder = this.#newClient();
    holder.on('error', () => {});
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const end = async () => {
      isOver = true;
      clearInterval(timer);
      await holder.end().catch(() => {});
    };
    try {
      await holder.connect();
      await holder.query(`set idle_session_timeout = ${SILENCE}`);
      const { rows } = await holder.query('select pg_try_advisory_lock($1) as is_mine', [`${key}`]);
      if (!rows[0].is_mine) {
        await end();
        return undefined;
      }
    } catch (error) {
      await end();
      throw unreachable(error);
    }
    holder.once('end', () => {
      clearInterval(timer);
      if (!isOver) onLost();
    });
    timer = setInterval(() => void holder.query('select').catch(() => {}), SIGN_EVERY);
    timer.unref();
    return end;
  }

  async script(sql: Sql, text: string): Promise<void> {
    // Without parameters, the server takes several statements at once.
    await sql.query(text);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

async function connected(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw unreachable(error);
  }
}

async function rowsOf<Row>(
  on: Pool | PoolClient,
  text: string,
  values: readonly SqlValue[] = [],
): Promise<Row[]> {
  try {
    // Without values, several statements are taken at once.
    const result = values.length === 0 ? await on.query(text) : await on.query(text, [...values]);
    return result.rows as Row[];
  } catch (error) {
    // What the server says has a severity; all else comes from the connection.
    const { code, severity } = Object(error) as { code?: unknown; severity?: unknown };
    // Of the classes of connections and of shutdowns.
    if (severity !== undefined && !/^(08|57P)/.test(String(code))) throw error;
    throw unreachable(error);
  }
}

const unreachable = (cause: unknown) =>
  new StoreError('unreachable', 'expected a database that answers', { cause });
