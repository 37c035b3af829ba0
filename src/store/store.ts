import { checkOptions, checkSignal } from '../door.js';
import type { FeedbackItems } from '../exchange/feedback-item.js';
import type { FetchOptions, FetchProgress } from '../exchange/list-fetch.js';
import type { ListClient } from '../exchange/list-update.js';
import type { Hash } from '../hash.js';
import type { Allowance } from '../matching/allow-list.js';
import type { ListedEntries } from '../matching/listed-entries.js';
import type { ListSettings } from '../matching/lists.js';
import { RetentionRules, type ReviewRetention, steadyClock } from '../matching/review-retention.js';
import type { Withdrawn, WithdrawnKey } from '../matching/withdrawals.js';
import { allow, allowancesOf, disallow } from './allowances.js';
import { changesAfter, type StoreChanges } from './changes.js';
import type { Database } from './database.js';
import {
  allEntries,
  countEntries,
  type EntryCondition,
  type EntryCount,
  type EntryFilter,
  entryOfNumber,
  findEntries,
  pauseEntry,
  removeEntry,
  resumeEntries,
  resumeIfDue,
} from './entries.js';
import { Exchanges } from './exchanges.js';
import { StoredFeedbackItems } from './feedback-items.js';
import { confirmRemovals, fetchList } from './fetch.js';
import { type Follower, type FollowOptions, followDatabase } from './follower.js';
import { allSettings, listsOf, removeList, type StoredList, setList } from './lists.js';
import { type Purged, purge } from './purge.js';
import { addEntries, type Put, replaceList } from './put-entries.js';
import { renameList } from './rename-list.js';
import { certainTimeOf, type ErasedRecords, StoredReviewLog } from './review-log.js';
import { ReviewQueue, type ReviewQueueOptions } from './review-queue.js';
import { Search, type SearchAnswer } from './search.js';
import { Sessions, type SessionsOptions } from './sessions.js';
import { type StoreStatus, statusOf } from './status.js';
import type { StoredEntry } from './stored-entry.js';
import { changeTogether, type DoneTogether, type TogetherChanges } from './together.js';
import { type StoreProblem, verifyStore } from './verify.js';
import { reinstate, withdraw, withdrawalsOf } from './withdrawals.js';
import type { Changed, ChangeOptions } from './write.js';

/**
 * Lists, entries, withdrawals and allowances in a database, which many processes share. Made by
 * `openStore`. A change is made entirely or not at all, and gives the revision that it has.
 */
export class Store {
  readonly #database: Database;
  readonly #search: Search;
  readonly #followers = new Set<Follower>();
  /** the time that has certainly come, for what `pruneReviews` erases */
  #certain: (() => number) | undefined;
  /** of this store, and of no other */
  readonly id: string;

  constructor(database: Database, id: string) {
    this.#database = database;
    this.#search = new Search(database);
    this.id = id;
  }

  /** The database that keeps it. */
  get engine(): 'postgresql' | 'pglite' {
    return this.#database.engine;
  }

  /** The number of the last change; 0 before the first one. */
  async revision(): Promise<number> {
    const [state] = await this.#database.query<{ revision: number }>('select revision from state');
    return state!.revision;
  }

  /** What the store holds, and on what it runs. It reads the table of entries once. */
  async status(): Promise<StoreStatus> {
    return await statusOf(this.#database);
  }

  /** What is not as it must be. It reads all that there is, and checks each entry. */
  async verify(): Promise<StoreProblem[]> {
    return await verifyStore(this.#database);
  }

  /**
   * Adds entries in one change, however many: those that are read are copied first. One with the
   * list, hash, source, id and variant of an earlier one takes its place, and its number; if that
   * one is paused, so is this. Degenerate and withdrawn ones are kept out, as by a blocklist.
   * @param entries each on the list that it names, which is made if it is not there
   * @throws {TypeError | RangeError} if an argument or an entry is invalid; nothing has changed
   */
  async add(entries: ListedEntries, change: ChangeOptions = {}): Promise<Changed & Put> {
    return await addEntries(this.#database, entries, change);
  }

  /**
   * The entries within `maxDistance` bits of a hash, found inside the database: exact, also right
   * after a change. Those that are paused or on a list that is not enabled are not found. A
   * follower's blocklist answers many times faster; this is for those who hold none.
   * @param maxDistance 0…bits, inclusive; without bands, each search compares all hashes
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async search(hash: Hash, maxDistance: number): Promise<SearchAnswer> {
    const [answer] = await this.#search.batch([hash], maxDistance);
    return answer!;
  }

  /**
   * The answer to each hash, in their order, by two statements for all. They may be of several
   * algorithms. Some hundreds at a time are well.
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async searchBatch(hashes: Iterable<Hash>, maxDistance: number): Promise<SearchAnswer[]> {
    return await this.#search.batch(hashes, maxDistance);
  }

  /** The entry of this number; undefined if there is none. It may be paused. */
  async entry(number: number): Promise<StoredEntry | undefined> {
    return await entryOfNumber(this.#database, number);
  }

  /**
   * The entries of which all that is given holds, by their numbers.
   * @throws {TypeError | RangeError} if `filter` is invalid
   */
  async find(filter: EntryFilter): Promise<StoredEntry[]> {
    return await findEntries(this.#database, filter);
  }

  /**
   * Counts the entries of which all that is given holds, with those that are paused.
   * @throws {TypeError | RangeError} if `condition` is invalid
   */
  async count(condition: EntryCondition = {}): Promise<EntryCount> {
    return await countEntries(this.#database, condition);
  }

  /** All entries by their numbers, page by page. What changes meanwhile may be told or not. */
  entries(): AsyncGenerator<StoredEntry> {
    return allEntries(this.#database);
  }

  /**
   * Takes an entry out of matching for a time, or resumes it.
   * @param until undefined: it is matched. `resumeDue` resumes an entry whose time is over, as
   *   every follower does
   * @returns `found`: whether there is an entry of this number
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async pause(
    number: number,
    until: Date | 'for-good' | undefined,
    change: ChangeOptions = {},
  ): Promise<Changed & { found: boolean }> {
    return await pauseEntry(this.#database, number, until, change);
  }

  /**
   * Resumes the entries whose pause was over by this time.
   * @returns how many
   */
  async resumeDue(now: Date): Promise<Changed & { resumed: number }> {
    return await resumeEntries(this.#database, now);
  }

  /**
   * Removes an entry. The picture's own takes its parts along: what names it as its group, on its
   * list, of its source and id. A part goes alone. It can be added again: to keep it out, withdraw
   * it.
   * @returns `removed`: how many entries, 0 if there is none of this number
   */
  async remove(number: number, change: ChangeOptions = {}): Promise<Changed & { removed: number }> {
    return await removeEntry(this.#database, number, change);
  }

  /**
   * Removes entries and keeps them out, in every process that follows, as `Blocklist.withdraw`
   * does. The rows stay in the table, not listed, until `purge`.
   * @param change `reason`: why, for those who look after the list
   * @returns how many entries were removed
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async withdraw(
    withdrawn: Withdrawn,
    change: ChangeOptions & { reason?: string } = {},
  ): Promise<Changed & { removed: number }> {
    return await withdraw(this.#database, withdrawn, change);
  }

  /**
   * Lifts a withdrawal, given as it was made, with all that it took, so that such entries can be
   * added again. The removed entries do not come back.
   * @returns `reinstated`: whether there was such a withdrawal
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async reinstate(
    key: WithdrawnKey,
    change: ChangeOptions = {},
  ): Promise<Changed & { reinstated: boolean }> {
    return await reinstate(this.#database, key, change);
  }

  /** The withdrawals in force, in the order in which they were made. */
  async withdrawals(): Promise<Withdrawn[]> {
    return await withdrawalsOf(this.#database);
  }

  /**
   * Sets how a list is used, as `Blocklist.setList` does: settings that are absent stay. The list
   * is made if it is not there.
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async setList(
    name: string,
    settings: ListSettings,
    change: ChangeOptions = {},
  ): Promise<Changed> {
    return await setList(this.#database, name, settings, change);
  }

  /** All lists by their names, with their sizes. It reads the table of entries once. */
  async lists(): Promise<StoredList[]> {
    return await listsOf(this.#database);
  }

  /**
   * Removes a list, its settings and its entries.
   * @returns how many entries were removed
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async removeList(
    name: string,
    change: ChangeOptions = {},
  ): Promise<Changed & { removed: number }> {
    return await removeList(this.#database, name, change);
  }

  /**
   * Gives a list another name. Its entries keep their numbers and pauses, and what was withdrawn on
   * it alone stays withdrawn. So does what was withdrawn on an earlier list of the new name: such
   * entries go. A list that has an exchange keeps its name, to which the credentials are bound.
   * @param to a name that no list has
   * @param change `settings`: changes to its settings, in the same change
   * @returns `renamed`: whether there was such a list without an exchange, and none of the other
   *   name
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async renameList(
    from: string,
    to: string,
    change: ChangeOptions & { settings?: ListSettings } = {},
  ): Promise<Changed & { renamed: boolean }> {
    return await renameList(this.#database, { from, to }, change);
  }

  /** The settings of all lists by their names, which takes no counting of entries. */
  async settings(): Promise<ReadonlyMap<string, ListSettings>> {
    return await allSettings(this.#database);
  }

  /**
   * Gives a list these entries in place of those that it has, in one change. What is there and says
   * the same stays as it is. What is withdrawn or degenerate is kept out.
   * @param entries whatever list they name, they are on this one afterwards
   * @returns how many are new or say something else than before, and how many were removed
   * @throws {TypeError | RangeError} if an argument or an entry is invalid; nothing has changed
   */
  async replaceList(
    name: string,
    entries: ListedEntries,
    change: ChangeOptions = {},
  ): Promise<Changed & { added: number; removed: number }> {
    return await replaceList(this.#database, name, entries, change);
  }

  /**
   * Allows a hash that matched wrongly, as `AllowList.allow` does, in every process that follows.
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async allow(allowance: Allowance, change: ChangeOptions = {}): Promise<Changed> {
    return await allow(this.#database, allowance, change);
  }

  /**
   * Takes back an allowance, given as it was made.
   * @param change `entry`: the hash of the only entry that was meant
   * @returns `disallowed`: whether there was such an allowance
   * @throws {TypeError | RangeError} if an argument is invalid
   */
  async disallow(
    hash: Hash,
    change: ChangeOptions & { entry?: Hash } = {},
  ): Promise<Changed & { disallowed: boolean }> {
    return await disallow(this.#database, hash, change);
  }

  /** All allowances, in the order in which they were made. */
  async allowances(): Promise<Allowance[]> {
    return await allowancesOf(this.#database);
  }

  /**
   * Makes changes of several kinds as one, entirely or not at all: what is withdrawn goes first,
   * and what is added comes last.
   * @throws {TypeError | RangeError} if an argument or a part of it is invalid; nothing has changed
   * @example
   * await store.together({ withdraw: [hash, { id: 'case-7' }], allow: allowList.allowances });
   */
  async together(
    changes: TogetherChanges,
    change: ChangeOptions = {},
  ): Promise<Changed & DoneTogether> {
    return await changeTogether(this.#database, changes, change);
  }

  /**
   * What has changed since a revision, page by page, up to now; from 0 on, all that there is.
   * `follow` keeps a blocklist by it.
   * @throws {TypeError | RangeError} if an argument is invalid
   * @throws {StoreError} `revision-gone` if it is older than what was purged, or later than now
   */
  changes(after: number, options: { signal?: AbortSignal } = {}): AsyncGenerator<StoreChanges> {
    checkOptions(options);
    checkSignal(options.signal);
    return changesAfter(this.#database, after, options.signal);
  }

  /**
   * A blocklist in this process that is kept equal to the store, warm. Resolves once it is at the
   * revision that the store had at this call.
   * @throws {TypeError | RangeError} if an option is invalid
   * @throws {StoreError} `unreachable`
   * @throws the signal's reason if it aborts before
   */
  async follow(options: FollowOptions = {}): Promise<Follower> {
    const follower = await followDatabase(this.#database, options, {
      resume: () => resumeIfDue(this.#database, new Date()),
      end: async () => void this.#followers.delete(follower),
    });
    this.#followers.add(follower);
    return follower;
  }

  /**
   * Fetches what a service changed since the last time, and applies it to a list page by page, each
   * with the checkpoint after it in one change, as `ListFolder.fetch` does in a folder. One process
   * at a time fetches a list. If that one ends, the list can be fetched at once; if it hangs, about
   * a minute later, and what it still writes is refused. The entries of the list are the service's
   * alone; what a person withdrew stays withdrawn; what is pending is for review; what would remove
   * much is held back until `confirm`.
   * @returns what it did; rejects with the error of the client, or the signal's reason. What came
   *   before stays
   * @throws {TypeError | RangeError} if an argument or an entry is invalid
   * @throws {StoreError} `in-use` if the list is being fetched; `taken-over` if another process
   *   went on with it, or the list was removed
   */
  async fetch<Checkpoint>(
    name: string,
    client: ListClient<Checkpoint>,
    options: FetchOptions & { now?: () => number } = {},
  ): Promise<FetchProgress> {
    return await fetchList(this.#database, name, client, options);
  }

  /**
   * Confirms what a fetch held back of a list, as `ListFolder.confirm` does.
   * @returns `confirmed`: whether something is held back
   * @throws {TypeError | RangeError} if `name` is invalid
   */
  async confirm(name: string): Promise<Changed & { confirmed: boolean }> {
    return await confirmRemovals(this.#database, name);
  }

  /**
   * The services that lists are fetched from.
   * @param key 32 bytes that encrypt their credentials; without it, none can be set or read
   * @throws {TypeError} if `key` is not 32 bytes
   */
  exchanges(key?: Uint8Array): Exchanges {
    return new Exchanges(this.#database, this.id, key);
  }

  /**
   * What was decided about uploads.
   * @throws {TypeError | RangeError} if an option is missing or invalid
   * @example
   * const log = store.reviewLog({ retentionDays: 180 });
   */
  reviewLog(options: ReviewRetention): StoredReviewLog {
    return new StoredReviewLog(this.#database, new RetentionRules(options));
  }

  /**
   * What waits for a moderator. It writes into the review log, and keeps what that would keep.
   * @throws {TypeError | RangeError} if an option is missing or invalid
   */
  reviewQueue(options: ReviewQueueOptions): ReviewQueue {
    return new ReviewQueue(this.#database, new RetentionRules(options), options);
  }

  /**
   * Removes what is past `retentionDays` from the review log and the review queue, where that is
   * certain: by the time that has passed since the first call, and before that by the times of the
   * records, of which a gap counts as a day at most. So a clock that is wrong erases at most a day
   * too early, and after a pause records go late. Call it every hour, or `prune` of both once a day
   * where you trust the clock: nothing else erases them.
   * @returns how many
   * @throws {TypeError | RangeError} if an option is missing or invalid
   */
  async pruneReviews(options: ReviewRetention): Promise<ErasedRecords> {
    const rules = new RetentionRules(options);
    const clock = () => rules.now().valueOf();
    if (this.#certain === undefined) {
      const from = (await certainTimeOf(this.#database)) ?? clock();
      this.#certain ??= steadyClock(() => Number.POSITIVE_INFINITY, from);
    }
    const certain = this.#certain;
    const now = () => Math.min(clock(), certain());
    const records = await this.reviewLog({ ...options, now }).prune();
    const items = await this.reviewQueue({ ...options, now }).prune();
    return { erased: records.erased + items.erased };
  }

  /**
   * Who is signed in to the page for moderators.
   * @throws {TypeError | RangeError} if an option is invalid
   */
  sessions(options: SessionsOptions = {}): Sessions {
    return new Sessions(this.#database, options);
  }

  /**
   * Feedback that waits in the store, for `openFeedbackQueue`.
   * @param options `now`: the time, in milliseconds since 1970, default `Date.now`
   */
  feedbackItems(options: { now?: () => number } = {}): FeedbackItems {
    return new StoredFeedbackItems(this.#database, options);
  }

  /**
   * Forgets what was removed before a time, hashes too, and the replies to changes from before, if
   * they are 7 days old. Whoever follows from a revision before has to begin again, which a
   * follower does by itself.
   */
  async purge(olderThan: Date): Promise<Purged> {
    return await purge(this.#database, olderThan);
  }

  /** Closes what follows, then the connections. The store is not to be used afterwards. */
  async close(): Promise<void> {
    for (const follower of this.#followers) await follower.close();
    await this.#database.close();
  }
}
