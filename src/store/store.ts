import type { ListedEntries } from '../blocklist/listed-entries.js';
import type { ListSettings } from '../blocklist/lists.js';
import type { Withdrawn, WithdrawnKey } from '../blocklist/withdrawals.js';
import { checkOptions, checkSignal } from '../door.js';
import type { FetchOptions, FetchProgress } from '../exchange/list-fetch.js';
import type { ListClient } from '../exchange/list-update.js';
import { type Hash, hexOf } from '../hash.js';
import type { Allowance } from '../matching/allow-list.js';
import {
  allowancesOf,
  checkedAllowance,
  keyOfAllowance,
  putAllowance,
  removeAllowance,
} from './allowances.js';
import { changesAfter, type StoreChanges } from './changes.js';
import type { Database } from './database.js';
import {
  checkDate,
  checkNumber,
  countEntries,
  type EntryCondition,
  type EntryCount,
  type EntryFilter,
  entryOfNumber,
  findEntries,
  isPauseOver,
  pauseEntry,
  removeEntry,
  resumeEntries,
} from './entries.js';
import { Exchanges } from './exchanges.js';
import {
  type FeedbackQueue,
  type FeedbackQueueOptions,
  feedbackQueueOf,
} from './feedback-queue.js';
import { confirmRemovals, fetchList } from './fetch.js';
import { type Follower, type FollowOptions, followDatabase } from './follower.js';
import { gatheredEntries } from './gathered-entries.js';
import {
  checkedSettings,
  checkListName,
  listsOf,
  removeList,
  type StoredList,
  setListSettings,
  settingsOf,
} from './lists.js';
import { type Purged, purge } from './purge.js';
import { type Put, putEntries, replaceEntries } from './put-entries.js';
import { renameList } from './rename-list.js';
import { certainTimeOf, type Erased, ReviewLog } from './review-log.js';
import { ReviewQueue, type ReviewQueueOptions } from './review-queue.js';
import { RetentionRules, type ReviewRetention } from './review-retention.js';
import { type SearchAnswer, searchEntries } from './search.js';
import { Sessions, type SessionsOptions } from './sessions.js';
import { type StoreStatus, statusOf } from './status.js';
import type { StoredEntry } from './stored-entry.js';
import {
  changeTogether,
  type DoneTogether,
  digestOfChanges,
  gatheredChanges,
  type TogetherChanges,
} from './together.js';
import { problemsOf, type StoreProblem } from './verify.js';
import {
  checkedWithdrawal,
  keyOfWithdrawal,
  reinstateWithdrawn,
  withdrawalsOf,
  withdrawEntries,
} from './withdrawals.js';
import { type Changed, type ChangeOptions, checkChange, write } from './write.js';

/** Entries of a page when all are read. */
const PAGE = 1000;

/**
 * Lists, entries, withdrawals and allowances in a database, which many processes share. Made by
 * `openStore`. A change is made entirely or not at all, and gives the revision that it has. An
 * argument, or a part of one, that is invalid is a TypeError or RangeError before anything changes.
 */
export class Store {
  readonly #database: Database;
  readonly #followers = new Set<Follower>();
  /** the time that has certainly come, for what `pruneReviews` erases */
  #certain: (() => number) | undefined;
  /** of this store, and of no other */
  readonly id: string;

  constructor(database: Database, id: string) {
    this.#database = database;
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
    return await this.#database.transaction((sql) => statusOf(sql, this.engine), {
      snapshot: true,
    });
  }

  /** What is not as it must be. It reads all that there is, and checks each entry. */
  async verify(): Promise<StoreProblem[]> {
    return await this.#database.transaction(problemsOf, { snapshot: true });
  }

  /**
   * Adds entries in one change, however many: those that are read are copied first. One with the
   * list, hash, source, id and variant of an earlier one takes its place, and its number; if that
   * one is paused, so is this. Degenerate and withdrawn ones are kept out, as by a blocklist.
   * @param entries each on the list that it names, which is made if it is not there
   */
  async add(entries: ListedEntries, change: ChangeOptions = {}): Promise<Changed & Put> {
    const gathered = await gatheredEntries(entries, change);
    return await write(this.#database, ['add', gathered.digest()], change, (sql, revision) =>
      putEntries(sql, revision, gathered),
    );
  }

  /**
   * The entries within `maxDistance` bits of a hash, found inside the database: exact, also right
   * after a change. Those that are paused or on a list that is not enabled are not found. A
   * follower's blocklist answers many times faster; this is for those who hold none.
   * @param maxDistance 0…bits, inclusive; without bands, each search compares all hashes
   */
  async search(hash: Hash, maxDistance: number): Promise<SearchAnswer> {
    const [answer] = await searchEntries(this.#database, [hash], maxDistance);
    return answer!;
  }

  /**
   * The answer to each hash, in their order, by two statements for all. They may be of several
   * algorithms. Batches of a few hundred work best.
   */
  async searchBatch(hashes: Iterable<Hash>, maxDistance: number): Promise<SearchAnswer[]> {
    return await searchEntries(this.#database, hashes, maxDistance);
  }

  /** The entry of this number; undefined if there is none. It may be paused. */
  async entry(number: number): Promise<StoredEntry | undefined> {
    return await entryOfNumber(this.#database, number);
  }

  /** The entries of which all that is given holds, by their numbers. */
  async find(filter: EntryFilter): Promise<StoredEntry[]> {
    return await findEntries(this.#database, filter);
  }

  /** Counts the entries of which all that is given holds, with those that are paused. */
  async count(condition: EntryCondition = {}): Promise<EntryCount> {
    return await countEntries(this.#database, condition);
  }

  /** All entries by their numbers, page by page. What changes meanwhile may be told or not. */
  async *entries(): AsyncGenerator<StoredEntry> {
    for (let after = 0; ; ) {
      const page = await this.find({ after, limit: PAGE });
      yield* page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.number;
    }
  }

  /**
   * Takes an entry out of matching for a time, or resumes it.
   * @param until undefined: it is matched. `resumeDue` resumes an entry whose time is over, as
   *   every follower does
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

  /**
   * Resumes the entries whose pause was over by this time.
   * @returns how many
   */
  async resumeDue(now: Date): Promise<Changed & { resumed: number }> {
    checkDate('now', now);
    return await write(this.#database, ['resume', now], {}, (sql, revision) =>
      resumeEntries(sql, revision, now),
    );
  }

  /**
   * Removes an entry. The picture's own takes its parts along: what names it as its group, on its
   * list, of its source and id. A part goes alone. It can be added again: to keep it out, withdraw
   * it.
   * @returns `removed`: how many entries, 0 if there is none of this number
   */
  async remove(number: number, change: ChangeOptions = {}): Promise<Changed & { removed: number }> {
    checkNumber(number);
    return await write(this.#database, ['remove', number], change, (sql, revision) =>
      removeEntry(sql, revision, number),
    );
  }

  /**
   * Removes entries and keeps them out, in every process that follows, as `Blocklist.withdraw`
   * does. The rows stay in the table, not listed, until `purge`.
   * @param change `reason`: why, for those who look after the list
   * @returns how many entries were removed
   */
  async withdraw(
    withdrawn: Withdrawn,
    change: ChangeOptions & { reason?: string } = {},
  ): Promise<Changed & { removed: number }> {
    checkChange(change);
    const withdrawal = checkedWithdrawal(withdrawn, change.reason);
    const what = ['withdraw', hexOf(keyOfWithdrawal(withdrawal)), withdrawal.reason];
    return await write(this.#database, what, change, (sql, revision) =>
      withdrawEntries(sql, revision, withdrawal),
    );
  }

  /**
   * Lifts a withdrawal, given as it was made, with all that it took, so that such entries can be
   * added again. The removed entries do not come back.
   * @returns `reinstated`: whether there was such a withdrawal
   */
  async reinstate(
    key: WithdrawnKey,
    change: ChangeOptions = {},
  ): Promise<Changed & { reinstated: boolean }> {
    const copy = checkedWithdrawal(key);
    const what = ['reinstate', hexOf(keyOfWithdrawal(copy))];
    return await write(this.#database, what, change, async (sql, revision) => {
      const reinstated = await reinstateWithdrawn(sql, revision, copy);
      return { reinstated, isChanged: reinstated };
    });
  }

  /** The withdrawals in force, in the order in which they were made. */
  async withdrawals(): Promise<Withdrawn[]> {
    return await withdrawalsOf(this.#database);
  }

  /**
   * Sets how a list is used, as `Blocklist.setList` does: settings that are absent stay. The list
   * is made if it is not there.
   */
  async setList(
    name: string,
    settings: ListSettings,
    change: ChangeOptions = {},
  ): Promise<Changed> {
    checkListName(name);
    const changes = checkedSettings(settings);
    const what = ['set-list', name, changes];
    return await write(this.#database, what, change, async (sql, revision) => ({
      isChanged: await setListSettings(sql, revision, name, changes),
    }));
  }

  /** All lists by their names, with their sizes. It reads the table of entries once. */
  async lists(): Promise<StoredList[]> {
    return await listsOf(this.#database);
  }

  /**
   * Removes a list, its settings and its entries.
   * @returns how many entries were removed
   */
  async removeList(
    name: string,
    change: ChangeOptions = {},
  ): Promise<Changed & { removed: number }> {
    checkListName(name);
    return await write(this.#database, ['remove-list', name], change, (sql, revision) =>
      removeList(sql, revision, name),
    );
  }

  /**
   * Gives a list another name. Its entries keep their numbers and pauses, and what was withdrawn on
   * it alone stays withdrawn. So does what was withdrawn on an earlier list of the new name: such
   * entries go. A list that has an exchange keeps its name, to which the credentials are bound.
   * @param to a name that no list has
   * @param change `settings`: changes to its settings, in the same change
   * @returns `renamed`: whether there was such a list without an exchange, and none of the other
   *   name
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

  /** The settings of all lists by their names, which takes no counting of entries. */
  async settings(): Promise<ReadonlyMap<string, ListSettings>> {
    return await settingsOf(this.#database);
  }

  /**
   * Gives a list these entries in place of those that it has, in one change. What is there and says
   * the same stays as it is. What is withdrawn or degenerate is kept out.
   * @param entries whatever list they name, they are on this one afterwards
   * @returns how many are new or say something else than before, and how many were removed
   */
  async replaceList(
    name: string,
    entries: ListedEntries,
    change: ChangeOptions = {},
  ): Promise<Changed & { added: number; removed: number }> {
    checkListName(name);
    const gathered = await gatheredEntries(entries, change, name);
    const what = ['replace-list', name, gathered.digest()];
    return await write(this.#database, what, change, (sql, revision) =>
      replaceEntries(sql, revision, name, gathered),
    );
  }

  /**
   * Allows a hash that matched wrongly, as `AllowList.allow` does, in every process that follows.
   */
  async allow(allowance: Allowance, change: ChangeOptions = {}): Promise<Changed> {
    const copy = checkedAllowance(allowance);
    const what = ['allow', hexOf(keyOfAllowance(copy.hash, copy.entry)), copy.reason];
    return await write(this.#database, what, change, async (sql, revision) => ({
      isChanged: await putAllowance(sql, revision, copy),
    }));
  }

  /**
   * Takes back an allowance, given as it was made.
   * @param change `entry`: the hash of the only entry that was meant
   * @returns `disallowed`: whether there was such an allowance
   */
  async disallow(
    hash: Hash,
    change: ChangeOptions & { entry?: Hash } = {},
  ): Promise<Changed & { disallowed: boolean }> {
    checkChange(change);
    const key = keyOfAllowance(hash, change.entry);
    return await write(this.#database, ['disallow', hexOf(key)], change, async (sql, revision) => {
      const disallowed = await removeAllowance(sql, revision, key);
      return { disallowed, isChanged: disallowed };
    });
  }

  /** All allowances, in the order in which they were made. */
  async allowances(): Promise<Allowance[]> {
    return await allowancesOf(this.#database);
  }

  /**
   * Makes changes of several kinds as one, entirely or not at all: what is withdrawn goes first,
   * and what is added comes last.
   * @example
   * await store.together({ withdraw: [hash, { id: 'case-7' }], allow: allowList.allowances });
   */
  async together(
    changes: TogetherChanges,
    change: ChangeOptions = {},
  ): Promise<Changed & DoneTogether> {
    const gathered = await gatheredChanges(changes, change);
    const what = ['together', ...digestOfChanges(gathered)];
    return await write(this.#database, what, change, (sql, revision) =>
      changeTogether(sql, revision, gathered),
    );
  }

  /**
   * What has changed since a revision, page by page, up to now; from 0 on, all that there is.
   * `follow` keeps a blocklist by it.
   * @throws {StoreError} `revision-gone` if it is older than what was purged, or later than now
   */
  changes(after: number, options: { signal?: AbortSignal } = {}): AsyncGenerator<StoreChanges> {
    checkOptions(options);
    checkSignal(options.signal);
    return changesAfter(this.#database, after, options.signal);
  }

  /**
   * A blocklist in this process that is kept equal to the store. Resolves once it is at the
   * revision that the store had at this call.
   * @throws {StoreError} `unreachable`
   * @throws the signal's reason if it aborts before
   */
  async follow(options: FollowOptions = {}): Promise<Follower> {
    const follower = await followDatabase(this.#database, options, {
      resume: async () => {
        const now = new Date();
        if (await isPauseOver(this.#database, now)) await this.resumeDue(now);
      },
      end: async () => void this.#followers.delete(follower),
    });
    this.#followers.add(follower);
    return follower;
  }

  /**
   * Fetches what a service changed since the last time, and applies it to a list page by page, each
   * with the checkpoint after it in one change, as `fetchList` does in a blocklist. One process
   * at a time fetches a list. If that one ends, the list can be fetched at once; if it hangs, about
   * a minute later, and what it still writes is refused. The entries of the list are the service's
   * alone; what a person withdrew stays withdrawn; what is pending is for review; what would remove
   * much is held back until `confirm`.
   * @returns what it did; rejects with the error of the client, or the signal's reason. What came
   *   before stays
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
   * Confirms what a fetch held back of a list, as `confirmHeldBack` does.
   * @returns `confirmed`: whether something is held back
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
  exchanges(key?: Uint8Array): Exchanges {
    return new Exchanges(this.#database, this.id, key);
  }

  /**
   * What was decided about uploads.
   * @example
   * const log = store.reviewLog({ retentionDays: 180 });
   */
  reviewLog(options: ReviewRetention): ReviewLog {
    return new ReviewLog(this.#database, new RetentionRules(options));
  }

  /** What waits for a moderator. It writes into the review log, and keeps what that would keep. */
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

  /** Who is signed in to the page for moderators. */
  sessions(options: SessionsOptions = {}): Sessions {
    return new Sessions(this.#database, options);
  }

  /**
   * The queue of feedback, which many processes share: any may add to it, and one at a time sends.
   * What a kill left goes on: feedback that was being sent may have arrived, so it is settled
   * first, or sent again if the sender is idempotent.
   * @throws {RangeError} if a name in the queue has no sender
   */
  async feedbackQueue(options: FeedbackQueueOptions): Promise<FeedbackQueue> {
    return await feedbackQueueOf(this.#database, options);
  }

  /**
   * Forgets what was removed before a time, hashes too, and the replies to changes from before, if
   * they are 7 days old. Whoever follows from a revision before has to begin again, which a
   * follower does by itself.
   */
  async purge(olderThan: Date): Promise<Purged> {
    checkDate('olderThan', olderThan);
    return await this.#database.transaction((sql) => purge(sql, olderThan));
  }

  /** Closes what follows, then the connections. The store is not to be used afterwards. */
  async close(): Promise<void> {
    for (const follower of this.#followers) await follower.close();
    await this.#database.close();
  }
}
