/*
 * Lists, reviews and feeds in a database, PGlite in this process or a PostgreSQL server, with the
 * same tables. Each change is a transaction with the next revision. A follower holds the list in
 * memory and reads the changes after its revision; it matches as a blocklist does.
 */

import type { Withdrawn } from '../blocklist/withdrawn.js';
import type { Hash } from '../hash.js';
import type { ListException } from '../matching/allow-list.js';
import type { ListSettings } from '../policy.js';
import { RetentionRules, type ReviewRetention } from '../review/review-retention.js';
import type { FetchOptions, FetchProgress } from '../services/list-fetch.js';
import type { ListClient } from '../services/list-update.js';
import { Cases, type CasesOptions } from './cases/cases.js';
import {
  digestOfChange,
  gatheredChange,
  makeChange,
  type StoreApplied,
  type StoreChange,
} from './lists/apply.js';
import {
  checkDate,
  checkNumber,
  countEntries,
  type EntryCondition,
  type EntryCount,
  type EntryFilter,
  entryOfNumber,
  findEntries,
  pauseEntry,
  resumeDue,
} from './lists/entries.js';
import { exceptionsOf } from './lists/exceptions.js';
import { type Feed, Feeds } from './lists/feeds.js';
import { confirmRemovals, fetchList } from './lists/fetch.js';
import { type Follower, type FollowOptions, followDatabase } from './lists/follower.js';
import {
  checkedSettings,
  checkListName,
  listsOf,
  type StoredList,
  settingsOf,
} from './lists/lists.js';
import { renameList } from './lists/rename-list.js';
import { type SearchAnswer, searchEntries } from './lists/search.js';
import { withdrawalsOf } from './lists/withdrawals.js';
import { type Purged, purge } from './purge.js';
import {
  type FeedbackQueue,
  type FeedbackQueueOptions,
  feedbackQueueOf,
} from './reviews/feedback-queue.js';
import { certainTimeOf, type Erased, ReviewLog } from './reviews/review-log.js';
import {
  REVIEW_QUEUE_OPTIONS,
  ReviewQueue,
  type ReviewQueueOptions,
} from './reviews/review-queue.js';
import { SESSION_HOURS, Sessions, type SessionsOptions } from './reviews/sessions.js';
import { Sealer } from './sealer.js';
import type { Database } from './sql/database.js';
import { problemsOf, type StoreProblem } from './sql/verify.js';
import { type StoreStatus, statusOf } from './status.js';
import type { StoredEntry } from './stored-entry.js';
import { type Changed, type ChangeOptions, checkChange, write } from './write.js';

export type {
  Cases,
  CasesOptions,
  ChangeOptions,
  Feed,
  FeedbackQueue,
  Feeds,
  ReviewLog,
  ReviewQueue,
  ReviewQueueOptions,
  Sessions,
  StoredList,
};
export { REVIEW_QUEUE_OPTIONS, SESSION_HOURS };

/** Entries of a page in full reads. */
const PAGE = 1000;

/**
 * Lists, entries, withdrawals and exceptions in a database, which many processes share. Made by
 * `openStore`. A change is made entirely or not at all, and returns its revision. An invalid
 * argument, or part of one, is a TypeError or RangeError before anything changes.
 */
export class Store {
  readonly #database: Database;
  readonly #followers = new Set<Follower>();
  /** the latest time that has certainly come, for `pruneReviews` */
  #certain: (() => number) | undefined;
  /** of this store alone */
  readonly id: string;

  constructor(database: Database, id: string) {
    this.#database = database;
    this.id = id;
  }

  /** The store's database engine. */
  get engine(): 'postgresql' | 'pglite' {
    return this.#database.engine;
  }

  /** The number of the last change; 0 before the first one. */
  async revision(): Promise<number> {
    const [state] = await this.#database.query<{ revision: number }>('select revision from state');
    return state!.revision;
  }

  /** The store's size and its database. Reads the table of entries once. */
  async status(): Promise<StoreStatus> {
    return await this.#database.transaction((sql) => statusOf(sql, this.engine), {
      snapshot: true,
    });
  }

  /** Faults of the store. Reads everything, and checks each entry. */
  async verify(): Promise<StoreProblem[]> {
    return await this.#database.transaction(problemsOf, { snapshot: true });
  }

  /**
   * Changes lists, entries, withdrawals and exceptions, entirely or not at all. All entries are
   * read and copied first.
   * @example
   * const { revision } = await store.apply({ withdraw: [hash], add: readHashList(text) });
   */
  async apply(change: StoreChange, options: ChangeOptions = {}): Promise<Changed & StoreApplied> {
    const gathered = await gatheredChange(change, options);
    const what = ['apply', ...digestOfChange(gathered)];
    return await write(this.#database, what, options, (sql, revision) =>
      makeChange(sql, revision, gathered),
    );
  }

  /**
   * The entries within `maxDistance` bits of a hash, found inside the database: exact, also right
   * after a change. Paused entries, and those on a disabled list, are not found. A follower's
   * blocklist answers many times faster; this is for callers that hold none.
   * @param maxDistance 0…bits, inclusive; without bands, each search compares all hashes
   */
  async search(hash: Hash, maxDistance: number): Promise<SearchAnswer> {
    const [answer] = await searchEntries(this.#database, [hash], maxDistance);
    return answer!;
  }

  /**
   * The answer to each hash, in order, by two statements for all. They may be of several
   * algorithms. Batches of a few hundred work best.
   */
  async searchBatch(hashes: Iterable<Hash>, maxDistance: number): Promise<SearchAnswer[]> {
    return await searchEntries(this.#database, hashes, maxDistance);
  }

  /** The entry of this number; undefined if there is none. It may be paused. */
  async entry(number: number): Promise<StoredEntry | undefined> {
    return await entryOfNumber(this.#database, number);
  }

  /** Entries that fulfil every condition given, by number. */
  async find(filter: EntryFilter): Promise<StoredEntry[]> {
    return await findEntries(this.#database, filter);
  }

  /** Counts the entries that fulfil every condition given, paused ones included. */
  async count(condition: EntryCondition = {}): Promise<EntryCount> {
    return await countEntries(this.#database, condition);
  }

  /** All entries by number, page by page. Changes made meanwhile may be included or not. */
  async *entries(): AsyncGenerator<StoredEntry> {
    for (let after = 0; ; ) {
      const page = await this.find({ after, limit: PAGE });
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.number;
    }
  }

  /**
   * Excludes an entry from matching for a time, or resumes it. A frame takes its video along.
   * @param until undefined: it matches again. Followers resume entries whose pause has ended
   * @returns `found`: whether there is an entry of this number
   */
  async pause(
    number: number,
    until: Date | 'for-good' | undefined,
    change: ChangeOptions = {},
  ): Promise<Changed & { found: boolean }> {
    checkNumber(number);
    if (until !== undefined && until !== 'for-good') checkDate('until', until);
    return await write(this.#database, ['pause', number, until], change, (sql, revision) =>
      pauseEntry(sql, revision, number, until),
    );
  }

  /** The withdrawals in force, in the order in which they were made. */
  async withdrawals(): Promise<Withdrawn[]> {
    return await withdrawalsOf(this.#database);
  }

  /** All lists by name, with their sizes. Reads the table of entries once. */
  async lists(): Promise<StoredList[]> {
    return await listsOf(this.#database);
  }

  /**
   * Renames a list. Its entries keep their numbers and pauses, and entries withdrawn on it alone
   * stay withdrawn. Entries that were withdrawn on an earlier list of the new name are removed. A
   * list that has a feed keeps its name, to which the credentials are bound.
   * @param to a name that no list has
   * @param change `settings`: changes to its settings, in the same change
   * @returns `renamed`: whether there was such a list without a feed, and none of the other name
   */
  async renameList(
    from: string,
    to: string,
    change: ChangeOptions & { settings?: ListSettings } = {},
  ): Promise<Changed & { renamed: boolean }> {
    checkListName(from);
    checkListName(to);
    checkChange(change);
    const { settings: changes = {} } = change;
    const settings = checkedSettings(changes);
    const what = ['rename-list', from, to, settings];
    return await write(this.#database, what, change, async (sql, revision) => {
      const renamed = await renameList(sql, revision, { from, to, settings });
      return { renamed, isChanged: renamed };
    });
  }

  /** The settings of all lists by name; counts no entries. */
  async settings(): Promise<ReadonlyMap<string, ListSettings>> {
    return await settingsOf(this.#database);
  }

  /** All exceptions, in the order in which they were made. */
  async exceptions(): Promise<ListException[]> {
    return await exceptionsOf(this.#database);
  }

  /**
   * A blocklist in this process that is kept equal to the store. Resolves once it is at the store's
   * revision at the time of this call.
   * @throws {StoreError} `unreachable`
   * @throws `signal.reason` if it aborts before
   */
  async follow(options: FollowOptions = {}): Promise<Follower> {
    const follower = await followDatabase(this.#database, options, {
      resume: async () => void (await resumeDue(this.#database, new Date())),
      end: async () => void this.#followers.delete(follower),
    });
    this.#followers.add(follower);
    return follower;
  }

  /**
   * Fetches a service's changes since the last fetch, and applies them to a list page by page, each
   * with its checkpoint in one change, as `fetchList` does in a blocklist. One process at a time
   * fetches a list. If that one ends, the list can be fetched at once; if it hangs, about a minute
   * later, and its later writes are rejected. The entries of the list are the service's alone;
   * entries that a person withdrew stay withdrawn; pending ones are for review; large removals are
   * held back until `confirm`.
   * @returns the fetch's result; rejects with the error of the client, or the signal's reason.
   * Pages applied before stay
   * @throws {StoreError} `in-use` if the list is being fetched; `taken-over` if another process
   * took over, or the list was removed
   */
  async fetch<Checkpoint>(
    name: string,
    client: ListClient<Checkpoint>,
    options: FetchOptions = {},
  ): Promise<FetchProgress> {
    return await fetchList(this.#database, name, client, options);
  }

  /**
   * Confirms the removals that a fetch held back on a list, for the next one.
   * @returns `confirmed`: whether there are any
   */
  async confirm(name: string): Promise<Changed & { confirmed: boolean }> {
    checkListName(name);
    return await write(this.#database, ['confirm', name], {}, (sql) => confirmRemovals(sql, name));
  }

  /**
   * The services that lists are fetched from.
   * @param key 32 bytes that encrypt their credentials; without it, none can be set or read
   * @throws {TypeError} if `key` is not 32 bytes
   */
  feeds(key?: Uint8Array): Feeds {
    return new Feeds(this.#database, this.id, key);
  }

  /**
   * The cases that people send.
   * @param key 32 bytes that encrypt the desk's notes; without it, none can be written or read
   * @throws {TypeError | RangeError} if an option is invalid, or `key` is not 32 bytes
   */
  cases(options: CasesOptions, key?: Uint8Array): Cases {
    return new Cases(this.#database, new Sealer(this.id, key), options);
  }

  /**
   * The log of decisions about uploads.
   * @example
   * const log = store.reviewLog({ retentionDays: 180 });
   */
  reviewLog(options: ReviewRetention): ReviewLog {
    return new ReviewLog(this.#database, new RetentionRules(options));
  }

  /** The queue of uploads for moderators. It writes to the review log, under the same rules. */
  reviewQueue(options: ReviewQueueOptions): ReviewQueue {
    return new ReviewQueue(this.#database, options);
  }

  /**
   * Removes expired records and items from the review log and the review queue, where it is certain
   * that they have expired: by the time that has passed since the first call, and before that by
   * the times of the records, of which a gap counts as a day at most. So a wrong clock erases at
   * most a day too early, and after a pause records go late. Call it every hour, or `prune` of both
   * once a day if you trust the clock: nothing else erases them.
   * @returns how many
   */
  async pruneReviews(options: ReviewRetention): Promise<Erased> {
    const rules = new RetentionRules(options);
    const clock = () => rules.now().valueOf();
    if (this.#certain === undefined) {
      const from = (await certainTimeOf(this.#database)) ?? clock();
      const start = performance.now();
      this.#certain ??= () => from + performance.now() - start;
    }
    const certain = this.#certain;
    const now = () => Math.min(clock(), certain());
    const records = await this.reviewLog({ ...options, now }).prune();
    const items = await this.reviewQueue({ ...options, now }).prune();
    return { erased: records.erased + items.erased };
  }

  /** Sessions of the page for moderators. */
  sessions(options: SessionsOptions = {}): Sessions {
    return new Sessions(this.#database, options);
  }

  /**
   * The queue of feedback, which many processes share: any may add to it, and one at a time sends.
   * It survives a kill: feedback that was being sent may have arrived, so it is settled first, or
   * sent again if the sender is idempotent.
   * @throws {RangeError} if a name in the queue has no sender
   */
  async feedbackQueue(options: FeedbackQueueOptions): Promise<FeedbackQueue> {
    return await feedbackQueueOf(this.#database, options);
  }

  /**
   * Purges rows that were removed before a time, with their hashes, and the replies to changes from
   * before, if they are 7 days old. A reader at an earlier revision must start again, which a
   * follower does by itself.
   */
  async purge(olderThan: Date): Promise<Purged> {
    checkDate('olderThan', olderThan);
    return await this.#database.transaction((sql) => purge(sql, olderThan));
  }

  /** Closes the followers, then the connections. Do not use the store afterwards. */
  async close(): Promise<void> {
    for (const follower of this.#followers) await follower.close();
    await this.#database.close();
  }
}
