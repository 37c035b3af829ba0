/** What can be given to a statement. JSON goes in as text. */
export type SqlValue = string | number | boolean | null | Uint8Array | Date | readonly SqlValue[];

/** Runs statements, one at a time. */
export interface Sql {
  /**
   * @param text one statement, with parameters `$1` …
   * @returns its rows, by the names of their columns. `bytea` is a `Uint8Array`, `timestamptz` a
   *   `Date`, `int8` a number, `json` is parsed
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly SqlValue[]): Promise<Row[]>;
}

/** Runs statements of one transaction. */
export interface Transaction extends Sql {
  /** Several statements at once, without parameters, as migrations need them. */
  script(text: string): Promise<void>;
}

export interface TransactionOptions {
  /** sees one state of the database from its first statement to its end, and cannot write */
  snapshot?: boolean;
}

/**
 * A PostgreSQL database, or an embedded one: statements mean the same in both. All names are looked
 * up in the schema that it was opened with.
 */
export interface Database extends Sql {
  readonly engine: 'postgresql' | 'pglite';
  /**
   * The same database for statements that take no long time: one that has no answer after a minute
   * fails as `unreachable`. A connection that was lost without a sign would be silent for a quarter
   * of an hour.
   */
  prompt(): Database;
  /** Runs statements that are all done or none. What `run` throws ends it, and is thrown on. */
  transaction<T>(run: (sql: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Calls `onWake` each time `wake` is called by any process, and whenever the connection was lost,
   * as calls may have been missed then. It only wakes: nothing depends on it but the delay.
   * @returns ends it
   */
  listen(onWake: () => void): Promise<() => Promise<void>>;
  /**
   * Takes a lock that ends with the connection that holds it, which is one of its own. A connection
   * that stays silent, as that of a process that hangs, is ended by the server.
   * @param key any number of 64 bits
   * @param onLost called once if the lock was lost before it was given back
   * @returns gives it back; undefined if it is taken
   */
  lock(key: bigint, onLost: () => void): Promise<(() => Promise<void>) | undefined>;
  /** The statement by which a transaction wakes those who listen, once it is committed. */
  readonly wake: string;
  close(): Promise<void>;
}
