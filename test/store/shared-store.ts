import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Sql } from '../../src/store/sql/database.js';
import type { Store } from '../../src/store/store.js';
import type { Place, Running } from './engines.js';
import { databaseOf, openStore } from './opened.js';

const TABLES =
  'entry, list, withdrawal, withdrawal_group, list_exception, request, review_record, review_erased, review_item, feedback, feed, session';

/**
 * One store for all tests of a suite, empty before each: to open an embedded one takes seconds. Its
 * revision goes on.
 */
export function sharedStore({ newPlace }: Running): { store(): Store; place(): Place } {
  let place: Place;
  let store: Store | undefined;
  beforeAll(async () => {
    place = await newPlace();
    store = await openStore(place);
  });
  beforeEach(async () => {
    await databaseOf(store!).query(`truncate ${TABLES}`);
    await databaseOf(store!).query('update review_chain set number = default, digest = default');
  });
  afterAll(async () => {
    await store?.close();
  });
  return { store: () => store!, place: () => place };
}

/**
 * Has the transactions of a store fail at one of the statements to come.
 * @returns ends it
 */
export function failing(store: Store, skip: number): () => void {
  const database = databaseOf(store);
  const { transaction } = database;
  let left = skip;
  database.transaction = (run, options) =>
    transaction.call(
      database,
      (sql) =>
        run({
          ...sql,
          query(text, values) {
            if (left-- === 0) return Promise.reject(new Error('the disk is full'));
            return sql.query(text, values);
          },
        }),
      options,
    ) as never;
  return () => {
    database.transaction = transaction;
  };
}

/**
 * Has a store fail at one of the statements to come, in a transaction or not.
 * @param told whether that statement fails before it is done, or after
 * @returns ends it; whether a statement has failed
 */
export function failingAt(store: Store, skip: number, told: 'before' | 'after'): () => boolean {
  const database = databaseOf(store);
  const { transaction, query } = database;
  let left = skip;
  const through = (sql: Sql): Sql => ({
    async query(text, values) {
      const isLast = left-- === 0;
      if (isLast && told === 'before') throw new Error('the disk is full');
      const rows = await sql.query(text, values);
      if (isLast) throw new Error('the connection was lost');
      return rows as never;
    },
  });
  database.query = through({ query: query.bind(database) as Sql['query'] }).query;
  database.transaction = (run, options) =>
    transaction.call(database, (sql) => run({ ...sql, ...through(sql) }), options) as never;
  return () => {
    Object.assign(database, { transaction, query });
    return left < 0;
  };
}
