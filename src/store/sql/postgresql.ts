import type { Client, Pool, PoolClient, PoolConfig } from 'pg';
import type { Database, SqlValue, Transaction, TransactionOptions } from './database.js';
import { StoreError } from './store-error.js';

const CHANNEL = 'onlyhashes';
/** First pause before a lost connection is tried again, in milliseconds; doubled each time. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** Milliseconds until the server ends a lock's silent connection, and between signs of life. */
const SILENCE = 60_000;
const SIGN_EVERY = 15_000;

/** SQLSTATE of `insufficient_privilege` and `read_only_sql_transaction`. */
const NOT_ALLOWED = ['42501', '25006'];

/** Type id of `int8`. Numbers, revisions and counts stay far below 2^53. */
const INT8 = 20;

/**
 * A database on a PostgreSQL server, by the optional package `pg`.
 * @param url as `postgres://user@host/database`; missing parts come from the variables that
 * PostgreSQL's own programs read
 * @param schema in which all names are looked up
 * @throws {StoreError} `client-missing`, `unreachable` or `unsuitable`
 */
export async function openPostgresql(
  url: string,
  schema: string,
  { connections = 4, silence = SILENCE }: { connections?: number; silence?: number } = {},
): Promise<Database> {
  const pg = await client();
  const config: PoolConfig = {
    connectionString: url,
    max: connections,
    application_name: 'onlyhashes',
    // Detects a connection that is lost without a sign.
    keepAlive: true,
    types: { getTypeParser: parserOf(pg) },
  };
  const pool = new pg.Pool({
    ...config,
    // The pool awaits this before it hands out the connection.
    onConnect: async (connection) => {
      // The waiting statement reports the error; without a listener, it would also end the process.
      connection.on('error', () => {});
      await connection.query(settings(schema));
    },
  });
  // An idle connection that is lost is replaced; without a listener, it would end the process.
  pool.on('error', () => {});
  const database = new Postgresql(pool, () => new pg.Client(config), silence);
  try {
    const [row] = await database.query<{ version: number; encoding: string }>(
      `select current_setting('server_version_num')::int as version,
        current_setting('server_encoding') as encoding`,
    );
    if (row!.version < 140_000) {
      throw new StoreError('unsuitable', 'expected PostgreSQL 14 or newer');
    }
    if (row!.encoding !== 'UTF8') {
      throw new StoreError('unsuitable', 'expected a database with the encoding UTF8');
    }
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

/**
 * Settings that a role or a database may have changed, and that statements and columns depend on.
 * Compiling a statement would take longer than running any of these.
 */
const settings = (schema: string) => `set search_path to "${schema}";
  set session characteristics as transaction isolation level read committed;
  set datestyle to iso;
  set jit to off`;

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
  readonly #silence: number;
  /** milliseconds to wait for an answer; undefined: no limit */
  readonly #patience: number | undefined;

  constructor(pool: Pool, newClient: () => Client, silence: number, patience?: number) {
    this.#pool = pool;
    this.#newClient = newClient;
    this.#silence = silence;
    this.#patience = patience;
  }

  prompt(): Database {
    return new Postgresql(this.#pool, this.#newClient, this.#silence, this.#silence);
  }

  async query<Row>(text: string, values?: readonly SqlValue[]): Promise<Row[]> {
    const connection = await this.#connected();
    let isBroken = false;
    try {
      return await rowsOf<Row>(connection, text, values, this.#patience);
    } catch (error) {
      isBroken = isUnreachable(error);
      throw error;
    } finally {
      connection.release(isBroken);
    }
  }

  async transaction<T>(
    run: (sql: Transaction) => Promise<T>,
    { snapshot = false }: TransactionOptions = {},
  ): Promise<T> {
    const connection = await this.#connected();
    let isBroken = false;
    const sql: Transaction = {
      // Without parameters, the server takes several statements at once.
      script: async (text) => void (await sql.query(text)),
      query: async (text, values) => {
        try {
          return await rowsOf(connection, text, values, this.#patience);
        } catch (error) {
          isBroken ||= isUnreachable(error);
          throw error;
        }
      },
    };
    try {
      await sql.query(snapshot ? 'begin isolation level repeatable read read only' : 'begin');
      const result = await run(sql);
      await sql.query('commit');
      return result;
    } catch (error) {
      // The server rolls back if the connection is gone.
      if (!isBroken) {
        await connection.query('rollback').catch(() => {
          isBroken = true;
        });
      }
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
        // Emits `end`, which reconnects.
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
      await holder.query(`set idle_session_timeout = ${this.#silence}`);
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

  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }

  async #connected(): Promise<PoolClient> {
    if (this.#pool.ending) throw new StoreError('closed', 'expected a store that is open');
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw unreachable(error);
    }
  }
}

async function rowsOf<Row>(
  on: PoolClient,
  text: string,
  values: readonly SqlValue[] = [],
  patience?: number,
): Promise<Row[]> {
  try {
    const result = await on.query({
      text,
      // Without values, several statements are taken at once.
      ...(values.length > 0 && { values: [...values] }),
      ...(patience !== undefined && { query_timeout: patience }),
    });
    return result.rows as Row[];
  } catch (error) {
    // Errors of the server have a severity; all others come from the connection.
    const { code, severity } = Object(error) as { code?: unknown; severity?: unknown };
    if (NOT_ALLOWED.includes(String(code))) {
      throw new StoreError('unsuitable', 'expected a role and a server that permit this', {
        cause: error,
      });
    }
    // Error classes of connections and of shutdowns.
    if (severity !== undefined && !/^(08|57P)/.test(String(code))) throw error;
    throw unreachable(error);
  }
}

const isUnreachable = (error: unknown) =>
  error instanceof StoreError && error.code === 'unreachable';

const unreachable = (cause: unknown) =>
  new StoreError('unreachable', 'expected a database that answers', { cause });
