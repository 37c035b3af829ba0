import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../disk/replace-file.js';
import { lockFile, lockFolder } from '../disk/writer-lock.js';
import { checkOptions, checkTypeOf } from '../door.js';
import { checkListName } from '../entry.js';
import { FormatError } from '../errors.js';
import { type HeldBackList, toldHeldBack } from '../exchange/held-back.js';
import {
  checkFetch,
  type FetchOptions,
  type FetchProgress,
  type FetchState,
  type FetchTarget,
  fetchInto,
} from '../exchange/list-fetch.js';
import type { ListClient } from '../exchange/list-update.js';
import { Blocklist } from '../matching/blocklist.js';
import { type FetchStates, readFetchStates, writeFetchStates } from './fetch-states.js';
import { checkPath } from './index-file.js';
import { ListFeed } from './list-feed.js';
import { lockPathOf } from './list-lock.js';
import { loadBlocklist, type OpenBlocklistOptions } from './list-records.js';
import { blocklistFile } from './save-blocklist.js';

const BLOCKLIST = 'blocklist.ohb';
const STATES = 'fetched.json';

/** Options of `openListFolder`. */
export interface ListFolderOptions extends Pick<OpenBlocklistOptions, 'onKeptOut'> {
  /** milliseconds since 1970, default `Date.now` */
  now?: () => number;
}

/**
 * A blocklist in a folder, whose lists are fetched from services. A list is saved before its
 * checkpoint is, so that a kill at any moment loses nothing and repeats at most what leads from one
 * checkpoint to the next. Pages that remove something are saved at once, the others with their
 * checkpoint. A list of a million entries is some 60 MB, which are written anew each time.
 */
export class ListFolder {
  /** Can be used and changed meanwhile; `save` makes changes durable, as each checkpoint does. */
  readonly blocklist: Blocklist;
  readonly #folder: string;
  readonly #now: () => number;
  readonly #unlock: () => Promise<void>;
  readonly #states: Map<string, FetchState>;
  readonly #fetching = new Set<string>();
  /** of the blocklist on disk; undefined if there is none */
  #savedGeneration: number | undefined;
  /** the end of the last saving */
  #saving: Promise<void> = Promise.resolve();

  private constructor(
    opened: { folder: string; now: () => number; unlock: () => Promise<void> },
    { blocklist, isSaved }: { blocklist: Blocklist; isSaved: boolean },
    states: FetchStates | undefined,
  ) {
    this.blocklist = blocklist;
    this.#folder = opened.folder;
    this.#now = opened.now;
    this.#unlock = opened.unlock;
    this.#states = new Map(states?.lists);
    if (isSaved) this.#savedGeneration = blocklist.generation;
    // An older list took its place, so that nobody knows what it lacks.
    if ((states?.generation ?? 0) > blocklist.generation) {
      for (const name of this.#states.keys()) this.#change(name, { mustRefetch: true });
    }
  }

  /** @see openListFolder */
  static async open(folder: string, options: ListFolderOptions): Promise<ListFolder> {
    const { now = Date.now, ...others } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const unlock = await lockFolder(folder);
    try {
      for (const name of await readdir(folder)) {
        if (name.endsWith('.tmp')) await rm(join(folder, name), { force: true });
      }
      // That of a killed program is taken over, and removed.
      const lock = await lockPathOf(join(folder, BLOCKLIST));
      if (existsSync(lock)) await (await lockFile(lock, 0o600).catch(() => undefined))?.();
      const states = await readFetchStates(join(folder, STATES));
      const saved = await savedBlocklist(folder, others);
      const held = saved ?? new Blocklist(others);
      return new ListFolder(
        { folder, now, unlock },
        { blocklist: held, isSaved: saved !== undefined },
        states,
      );
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** How far a list was fetched; undefined if it never was. */
  state(name: string): FetchState | undefined {
    checkListName(name);
    return this.#states.get(name);
  }

  /** What fetches did not remove, until `confirm` is called. */
  heldBack(): HeldBackList[] {
    return [...this.#states].flatMap(([name, { heldBack }]) =>
      heldBack ? [toldHeldBack(name, heldBack)] : [],
    );
  }

  /**
   * Confirms what is held back of a list. The next fetch that begins, and finds no more to remove,
   * removes it; one that finds something else holds it back again.
   * @returns whether something is held back
   */
  async confirm(name: string): Promise<boolean> {
    checkListName(name);
    const state = this.#states.get(name);
    if (!state?.heldBack) return false;
    await this.#keep(name, { ...state, heldBack: { ...state.heldBack, isConfirmed: true } });
    return true;
  }

  /** The names of the lists that were fetched. */
  names(): string[] {
    return [...this.#states.keys()];
  }

  /**
   * Fetches what a service changed since the last time, and applies it to a list page by page, each
   * page entirely or not at all. The client must be of one service and list, always the same.
   *
   * The entries of the list are the service's alone: once a fetch from the start is at its end,
   * what it did not tell is gone. If that is more than a fifth of the list, and at least 20
   * entries, it is held back: it stays until `confirm` is called and a fetch after that finds no
   * more. Until then each fetch begins from the start.
   *
   * What the service withdraws or deletes is withdrawn on this list, by id and source, until the
   * service lists it again; what a person withdrew stays withdrawn. What is pending is for review.
   * @returns what it did; rejects with the error of the client, or the signal's reason. What came
   *   before stays and is saved
   * @throws {TypeError | RangeError} if an argument is invalid, or the list is being fetched
   */
  async fetch<Checkpoint>(
    name: string,
    client: ListClient<Checkpoint>,
    options: FetchOptions = {},
  ): Promise<FetchProgress> {
    checkListName(name);
    checkFetch(client, options);
    if (this.#fetching.has(name)) throw new RangeError('expected no other fetch of this list');
    this.#fetching.add(name);
    try {
      return await this.#fetch(name, client, options);
    } finally {
      this.#fetching.delete(name);
      // Also what an error cut off: it is true, and withdrawals may be in it.
      await this.save();
    }
  }

  async #fetch<Checkpoint>(
    name: string,
    client: ListClient<Checkpoint>,
    options: FetchOptions,
  ): Promise<FetchProgress> {
    const { signal } = options;
    const nowSeconds = Math.floor(this.#now() / 1000);
    const feed = new ListFeed(this.blocklist, name);
    const target: FetchTarget = {
      isEmpty: async () => feed.size === 0,
      size: async () => feed.size,
      state: async () => this.#states.get(name),
      begin: (state) => this.#keep(name, state),
      apply: async ({ updates, told, holdsBack, isReached, next }) => {
        const change = await feed.apply(updates, {
          ...{ told, signal },
          holdsBack: (untold) => holdsBack(untold, this.#states.get(name)!),
        });
        const { heldBack, removed } = change;
        // The list is durable before its checkpoint is.
        if (isReached || removed > 0) await this.save();
        const state = next(this.#states.get(name)!, heldBack);
        if (isReached || heldBack) await this.#keep(name, state);
        else this.#states.set(name, state);
        return change;
      },
    };
    return await fetchInto(target, client, { ...options, nowSeconds });
  }

  /**
   * Has the next fetch of each list begin from the start: after a withdrawal was lifted, say, so
   * that the entries that it had removed come back.
   */
  async refetchNext(): Promise<void> {
    for (const name of this.#states.keys()) this.#change(name, { mustRefetch: true });
    await this.#inTurn(() => this.#writeStates());
  }

  /** Removes a list, its entries and its settings, and forgets how far it was fetched. */
  async remove(name: string): Promise<number> {
    checkListName(name);
    if (this.#fetching.has(name)) throw new RangeError('expected no fetch of this list');
    // The state goes first: with it, an empty list would look as if it had been fetched.
    if (this.#states.delete(name)) await this.#inTurn(() => this.#writeStates());
    const { removed } = await this.blocklist.apply({
      replace: { list: name, entries: [] },
      settings: { [name]: null },
    });
    await this.save();
    return removed;
  }

  /** Writes the blocklist to disk, if it has changed since it was last written. */
  async save(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#savedGeneration === this.blocklist.generation) return;
      const { state } = this.blocklist;
      const { pieces } = await blocklistFile(state);
      await replaceFile(join(this.#folder, BLOCKLIST), pieces, undefined);
      this.#savedGeneration = state.generation;
    });
  }

  /** Saves what has changed, and lets others write in the folder. */
  async close(): Promise<void> {
    try {
      await this.save();
    } finally {
      await this.#unlock();
    }
  }

  #change(name: string, change: Partial<FetchState>): void {
    const state = this.#states.get(name) ?? { origin: '', unknown: [] };
    this.#states.set(name, { ...state, ...change });
  }

  async #keep(name: string, state: FetchState): Promise<void> {
    const before = this.#states.get(name);
    this.#states.set(name, state);
    try {
      await this.#inTurn(() => this.#writeStates());
    } catch (error) {
      if (before) this.#states.set(name, before);
      else this.#states.delete(name);
      throw error;
    }
  }

  #writeStates(): Promise<void> {
    const states = { generation: this.#savedGeneration ?? 0, lists: this.#states };
    return writeFetchStates(join(this.#folder, STATES), states);
  }

  /** Runs a saving after the earlier ones. */
  #inTurn(save: () => Promise<void>): Promise<void> {
    const saving = this.#saving.then(save);
    this.#saving = saving.catch(() => {});
    return saving;
  }
}

/**
 * Opens a folder of fetched lists, or makes one, for this process alone. What a kill left half
 * written is removed.
 * @throws {TypeError | RangeError} if an argument is invalid
 * @throws {FormatError} `in-use` if another process has the folder; `bad-line`, `bad-version` and
 *   those of `openBlocklist` if a file in it cannot be read
 * @example
 * const folder = await openListFolder('lists');
 * await folder.blocklist.apply({ settings: { stopncii: { trust: 'shared' } } });
 * await folder.fetch('stopncii', client, { onProblem: ({ message }) => console.warn(message) });
 * const { verdict } = await checkUpload('photo.jpg', folder.blocklist);
 * await folder.close();
 */
export async function openListFolder(
  folder: string,
  options: ListFolderOptions = {},
): Promise<ListFolder> {
  checkPath(folder);
  checkOptions(options);
  checkTypeOf('now', options.now, 'function');
  return ListFolder.open(folder, options);
}

/** What a folder of fetched lists holds, as it was last saved. */
export interface SavedLists {
  /** undefined if nothing was saved yet */
  readonly blocklist: Blocklist | undefined;
  /** by the names of the lists */
  readonly states: ReadonlyMap<string, FetchState>;
}

/**
 * Reads a folder of fetched lists, also while another process writes in it.
 * @throws {TypeError | RangeError} if an argument is invalid
 * @throws {FormatError} as `openListFolder`
 */
export async function readListFolder(
  folder: string,
  options: Omit<ListFolderOptions, 'now'> = {},
): Promise<SavedLists> {
  checkPath(folder);
  checkOptions(options);
  const states = await readFetchStates(join(folder, STATES));
  const blocklist = await savedBlocklist(folder, options);
  return { blocklist, states: states?.lists ?? new Map() };
}

async function savedBlocklist(
  folder: string,
  options: OpenBlocklistOptions,
): Promise<Blocklist | undefined> {
  try {
    return await loadBlocklist(join(folder, BLOCKLIST), options);
  } catch (error) {
    const { code } = Object((error as Error).cause) as NodeJS.ErrnoException;
    if (error instanceof FormatError && error.code === 'unreadable' && code === 'ENOENT') {
      return undefined;
    }
    throw error;
  }
}
