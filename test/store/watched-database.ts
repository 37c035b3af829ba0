import type {
  Database,
  Sql,
  SqlValue,
  Transaction,
  TransactionOptions,
} from '../../src/store/sql/database.js';

/** A database whose statements are told before they run. */
export class WatchedDatabase implements Database {
  readonly #database: Database;
  /** called before each statement; what it throws, the statement throws */
  before: (text: string, values: readonly SqlValue[]) => Promise<void> | void = () => {};

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
    const prompt = new WatchedDatabase(this.#database.prompt());
    prompt.before = (text, values) => this.before(text, values);
    return prompt;
  }

  query<Row>(text: string, values?: readonly SqlValue[]): Promise<Row[]> {
    return this.#on(this.#database).query<Row>(text, values);
  }

  transaction<T>(run: (sql: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T> {
    return this.#database.transaction((sql) => run({ ...sql, ...this.#on(sql) }), options);
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
        await this.before(text, values ?? []);
        return await sql.query(text, values);
      },
    };
  }
}
