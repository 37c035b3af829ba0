import type { FeedbackItem } from '../../src/review/feedback-item.js';
import { FeedbackItems } from '../../src/store/reviews/feedback-items.js';
import type { Database } from '../../src/store/sql/database.js';
import { openDatabase } from '../../src/store/sql/open-store.js';
import { Store } from '../../src/store/store.js';

const databases = new WeakMap<Store, Database>();

/** As the library's `openStore`; `databaseOf` gives the database to the test. */
export async function openStore(...given: Parameters<typeof openDatabase>): Promise<Store> {
  const { database, id } = await openDatabase(...given);
  const store = new Store(database, id);
  databases.set(store, database);
  return store;
}

/** What a store runs on that was opened here. */
export const databaseOf = (store: Store): Database => databases.get(store)!;

/** The feedback that waits in such a store. */
export const feedbackIn = (store: Store): Promise<FeedbackItem[]> =>
  new FeedbackItems(databaseOf(store), Date.now).all();
