import type {
  Database,
  Sql,
  SqlValue,
  Transaction,
  TransactionOptions,
} from '../../src/store/sql/database.js';

/** Why a statement failed that was made to fail. */
export class Broken extends Error {
  constructor() {
    super('the connection was lost');
  }
}

/** A database whose connection breaks at a statement, and stays broken. */
export class Breaking implements Database {
  readonly #database: Database;
  /** the statement that fails, with all after it, counted from 0 by `failsFrom`; undefined: none */
  #failsFrom: number | undefined;
  /** whether a commit succeeds and its reply is lost */
  losesReply = false;
  /** statements since `failsFrom` was set, and commits */
  statements = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  get engine() {
    return this.#database.engine;
  }

  get wake() {
    return this.#database.wake;
  }

  prompt(): Database {
    return this;
  }

  set failsFrom(at: number | undefined) {
    this.#failsFrom = at;
    this.statements = 0;
  }

  query<Row>(text: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#on(this.#database).query<Row>(text, values);
  }

  async transaction<T>(
    run: (sql: Transaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<T> {
    const result = await this.#database.transaction(async (sql) => {
      const done = await run({ ...sql, ...this.#on(sql) });
      this.#step();
      return done;
    }, options);
    if (this.losesReply) throw new Broken();
    return result;
  }

  listen(onWake: () => void): Promise<() => Promise<void>> {
    return this.#database.listen(onWake);
  }

  lock(key: bigint, onLost: () => void): Promise<(() => Promise<void>) | undefined> {
    return this.#database.lock(key, onLost);
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  #on(sql: Sql): Sql {
    return {
      query: async (text, values) => {
        this.#step();
        return await sql.query(text, values);
      },
    };
  }

  #step(): void {
    const at = this.statements++;
    if (this.#failsFrom !== undefined && at >= this.#failsFrom) throw new Broken();
  }
}
