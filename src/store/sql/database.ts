/** A parameter of a statement. Pass JSON as text. */
export type SqlValue = string | number | boolean | null | Uint8Array | Date | readonly SqlValue[];

/** Runs statements, one at a time. */
export interface Sql {
  /**
   * @param text one statement, with parameters `$1` …
   * @returns its rows, by column name. `bytea` is a `Uint8Array`, `timestamptz` a `Date`, `int8` a
   * number, `json` is parsed
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly SqlValue[]): Promise<Row[]>;
}

/** Runs statements of one transaction. */
export interface Transaction extends Sql {
  /** Runs several statements at once, without parameters, as migrations need them. */
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
   * The same database for short statements: one without an answer after a minute fails as
   * `unreachable`. Otherwise a connection that is lost without a sign would be silent for a quarter
   * of an hour.
   */
  prompt(): Database;
  /** Runs statements that all take effect or none. An error of `run` is rethrown. */
  transaction<T>(run: (sql: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /**
   * Calls `onWake` each time that any process calls `wake`, and whenever the connection was lost,
   * since calls may have been missed then. Only the delay depends on it.
   * @returns ends it
   */
  listen(onWake: () => void): Promise<() => Promise<void>>;
  /**
   * Takes a lock that ends with its connection, which is used for nothing else. The server ends a
   * connection that stays silent, such as that of a process that hangs.
   * @param key any number of 64 bits
   * @param onLost called once if the lock is lost before it is given back
   * @returns gives it back; undefined if it is taken
   */
  lock(key: bigint, onLost: () => void): Promise<(() => Promise<void>) | undefined>;
  /** The statement with which a transaction wakes listeners once it is committed. */
  readonly wake: string;
  close(): Promise<void>;
}
