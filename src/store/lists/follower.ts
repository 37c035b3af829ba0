import type { Blocklist } from '../../blocklist/blocklist.js';
import { checkInteger, checkNumber, checkOptions, checkSignal, checkTypeOf } from '../../door.js';
import { type BlocklistEntry, checkEntry } from '../../entry.js';
import type { AllowList } from '../../matching/allow-list.js';
import type { PendingRemovalsOfList } from '../../services/pending-removals.js';
import type { Database } from '../sql/database.js';
import { StoreError } from '../sql/store-error.js';
import type { Following } from './apply-changes.js';
import { numberOfEntry } from './entries.js';
import { allPendingRemovals } from './fetch.js';
import {
  catchUp,
  type FollowedOptions,
  isRevisionGone,
  loadBlocklist,
  replaceFollowed,
} from './load-blocklist.js';

/** Options of a follower. */
export interface FollowOptions extends FollowedOptions {
  /** polling interval in seconds, for changes that woke no one; default 2 */
  pollSeconds?: number;
  /** called with each revision that the blocklist reaches */
  onChange?: (revision: number) => void;
  /**
   * called if the store does not answer, or a change could not be applied. The follower goes on
   * from where it stopped; until then its blocklist is unchanged, or between two revisions
   */
  onProblem?: (error: unknown) => void;
  /** ends the loading; a loaded blocklist is followed until `close` */
  signal?: AbortSignal;
}

/** Functions that the creator of a follower provides. */
export interface FollowerHooks {
  /** resumes the entries whose pause has ended */
  readonly resume: () => Promise<void>;
  /** called when the follower is closed */
  readonly end: () => Promise<void>;
}

/** A caller that waits for a revision. */
interface Waiter {
  readonly revision: number;
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * Keeps a blocklist in this process equal to a store. Made by `store.follow`.
 *
 * The store wakes it at each change; it also polls every few seconds. After a break it goes on from
 * the revision that it has reached. A change of up to 256 entries is applied at once, so a decision
 * sees the state before or after it. A larger one is applied in steps, withdrawals first, and the
 * event loop turns between them.
 */
export class Follower {
  /** The store's entries. Change them only through the store. */
  readonly blocklist: Blocklist;
  /** The store's exceptions, for `match`. Change them only through the store. */
  readonly allowList: AllowList;
  readonly #database: Database;
  readonly #following: Following;
  readonly #options: FollowOptions;
  readonly #resume: () => Promise<void>;
  readonly #end: () => Promise<void>;
  readonly #ending = new AbortController();
  readonly #waiters = new Set<Waiter>();
  #revision: number;
  /** removals that were held back when the blocklist reached a revision */
  #pendingRemovals:
    | { readonly revision: number; readonly lists: readonly PendingRemovalsOfList[] }
    | undefined;
  /** when the blocklist was last known to equal the store, on a clock in milliseconds */
  #equalAt = performance.now();
  #isWoken = false;
  #running: Promise<void> | undefined;
  #resuming: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    database: Database,
    loaded: Following & { readonly revision: number },
    options: FollowOptions,
    { resume, end }: FollowerHooks,
  ) {
    this.#database = database;
    this.#following = loaded;
    this.blocklist = loaded.blocklist;
    this.allowList = loaded.allowList;
    this.#revision = loaded.revision;
    this.#options = options;
    this.#resume = resume;
    this.#end = end;
  }

  /** The store's revision that the blocklist has reached. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Seconds since the store last confirmed that nothing is newer than the blocklist: a few while
   * the store answers. Entries withdrawn since then are still found here.
   */
  get staleSeconds(): number {
    return (performance.now() - this.#equalAt) / 1000;
  }

  /** Removals that fetches into the store hold back until `Store.confirm` is called. */
  get pendingRemovals(): readonly PendingRemovalsOfList[] {
    return this.#pendingRemovals?.lists ?? [];
  }

  /**
   * Resolves once the blocklist has reached a revision, such as a change returns.
   * @throws {TypeError | RangeError} if an argument is invalid
   * @throws {StoreError} `closed` if the follower is closed before
   * @throws `signal.reason` if it aborts before
   */
  async reached(revision: number, options: { signal?: AbortSignal } = {}): Promise<void> {
    checkInteger('revision', revision, 0);
    checkOptions(options);
    const { signal } = options;
    checkSignal(signal);
    signal?.throwIfAborted();
    if (this.#revision >= revision) return;
    if (this.#ending.signal.aborted) throw closed();
    let onAbort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter = { revision, resolve, reject };
        onAbort = () => {
          this.#waiters.delete(waiter);
          reject(signal?.reason);
        };
        this.#waiters.add(waiter);
        signal?.addEventListener('abort', onAbort, { once: true });
        this.wake();
      });
    } finally {
      signal?.removeEventListener('abort', onAbort!);
    }
  }

  /**
   * The store's number of an entry, as a match of the blocklist returns it; undefined if it has
   * none now.
   * @throws {TypeError | RangeError} if `entry` is invalid
   * @throws {StoreError} `unreachable`
   */
  async numberOf(entry: BlocklistEntry): Promise<number | undefined> {
    checkEntry(entry);
    return await numberOfEntry(this.#database, entry);
  }

  /** Polls the store now. Only the delay depends on it. */
  wake(): void {
    if (this.#ending.signal.aborted) return;
    this.#isWoken = true;
    this.#running ??= this.#run();
  }

  /** Stops following; the blocklist stays unchanged. Resolves once nothing runs. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#ending.abort(closed());
    await Promise.all([this.#running, this.#resuming]);
    for (const waiter of this.#waiters) waiter.reject(closed());
    this.#waiters.clear();
    await this.#end();
  }

  async #run(): Promise<void> {
    while (this.#isWoken && !this.#ending.signal.aborted) {
      this.#isWoken = false;
      await this.#trying(() => this.#catchUp());
      await this.#trying(() => this.#notePendingRemovals());
      // This is a change like any other: it may have to wait for them, and the next pages must not.
      this.#resuming ??= this.#trying(this.#resume).finally(() => {
        this.#resuming = undefined;
      });
    }
    this.#running = undefined;
  }

  /** Reports failures, and never fails itself: no caller waits for it. */
  async #trying(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      try {
        this.#options.onProblem?.(error);
      } catch {
        // Withdrawn entries must not stay because a report of a problem failed.
      }
    }
  }

  async #notePendingRemovals(): Promise<void> {
    const revision = this.#revision;
    if (this.#pendingRemovals?.revision === revision) return;
    this.#pendingRemovals = { revision, lists: await allPendingRemovals(this.#database) };
  }

  async #catchUp(): Promise<void> {
    const { signal } = this.#ending;
    const askedAt = performance.now();
    const [state] = await this.#database.query<{ revision: number }>('select revision from state');
    if (state!.revision === this.#revision) {
      this.#equalAt = askedAt;
      return;
    }
    try {
      this.#revision = await catchUp(this.#database, this.#following, this.#revision, signal);
    } catch (error) {
      if (!isRevisionGone(error)) throw error;
      const reloaded = await loadBlocklist(this.#database, this.#options, signal);
      replaceFollowed(this.#following, reloaded);
      this.#revision = reloaded.revision;
    }
    this.#equalAt = askedAt;
    for (const waiter of this.#waiters) {
      if (waiter.revision > this.#revision) continue;
      this.#waiters.delete(waiter);
      waiter.resolve();
    }
    this.#options.onChange?.(this.#revision);
  }
}

/**
 * Loads a store's content, and follows it.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export async function followDatabase(
  opened: Database,
  options: FollowOptions,
  { resume, end }: FollowerHooks,
): Promise<Follower> {
  checkOptions(options);
  const { pollSeconds = 2, allowList, onChange, onProblem, signal } = options;
  checkNumber('pollSeconds', pollSeconds, 0.01, 3600);
  if (allowList !== undefined) checkOptions(allowList, 'allowList to be an object: { radius }');
  for (const name of ['policy', 'floodGuard']) {
    if (name in options) throw new TypeError(`expected ${name} as an option of match`);
  }
  checkTypeOf('onChange', onChange, 'function');
  checkTypeOf('onProblem', onProblem, 'function');
  checkSignal(signal);
  signal?.throwIfAborted();
  // A follower that waited for a lost connection would go on finding withdrawn entries.
  const database = opened.prompt();
  let follower: Follower | undefined;
  // Listens before it loads, so that no change meanwhile is missed.
  const unlisten = await database.listen(() => follower?.wake());
  try {
    const loaded = await loadBlocklist(database, options, signal);
    const wake = () => follower?.wake();
    const timer = setInterval(wake, 1000 * pollSeconds);
    follower = new Follower(database, loaded, options, {
      resume,
      end: async () => {
        clearInterval(timer);
        await unlisten();
        await end();
      },
    });
    wake();
    return follower;
  } catch (error) {
    await unlisten();
    throw error;
  }
}

const closed = () => new StoreError('closed', 'expected a follower that is open');
