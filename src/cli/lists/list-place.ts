import { existsSync } from 'node:fs';
import {
  type AllowList,
  type Blocklist,
  createBlocklist,
  type ListInfo,
  type Withdrawn,
  type WithdrawnKey,
} from '../../index.js';
import {
  type FetchOptions,
  type FetchProgress,
  fetchList,
  openBlocklist,
} from '../../node/index.js';
import type { Store } from '../../server/index.js';
import { failureOf } from '../failure.js';
import { type ListFeed, storedFeeds } from '../list-feed.js';
import type { Output } from '../output.js';
import { type ListConfig, type ListPlace, storedSettingsOf } from './list-config.js';

/** Lists in their place: a blocklist file or a store. */
export interface KeptLists {
  /** All are written at once. @returns the number of entries that each removed */
  withdraw(withdrawals: readonly Withdrawn[]): Promise<readonly number[]>;
  /** All are written at once. @returns for each, true if there was such a withdrawal */
  reinstate(keys: readonly WithdrawnKey[]): Promise<readonly boolean[]>;
  /**
   * Gives lists the settings of a CONFIG. A file loses fetched lists that the CONFIG no longer
   * names; a store keeps them, as others may share it.
   * @returns the number of entries in each lost list
   */
  configure(config: ListConfig): Promise<readonly number[]>;
  /** With a number that grows with each change. */
  all(): Promise<{ readonly generation: number; readonly lists: readonly KeptList[] }>;
  /** `confirm`: makes pending removals, if the fetch finds no others. */
  fetch(feed: ListFeed, options: FetchOptions & { confirm?: boolean }): Promise<FetchProgress>;
  /** A copy in memory, with the settings of a CONFIG, which are not saved. */
  copy(config: ListConfig): Promise<Listed>;
  /** the feeds of a store */
  feeds(): Promise<readonly ListFeed[]>;
}

/** A blocklist, and the exceptions of a store. */
export interface Listed {
  readonly blocklist: Blocklist;
  readonly allowList?: AllowList;
}

/** A list, and the progress of its fetches. */
export type KeptList = Pick<
  ListInfo,
  'name' | 'size' | 'fetched' | 'reviewDistance' | 'expectedReviews'
>;

/**
 * Opens a place for some work.
 * @param options `mayMake`: creates a missing place. `waiting`: for an embedded store that another
 *   program has. `isRead`: nothing is changed there, and a missing file is empty
 * @throws {Failure} if it cannot be opened, or cannot do what is requested
 */
export async function withLists<T>(
  place: ListPlace,
  work: (lists: KeptLists) => Promise<T>,
  options: { waiting?: Output; mayMake?: boolean; isRead?: boolean } = {},
): Promise<T> {
  if ('store' in place) {
    // The database takes as long to load as all the rest of the program.
    const { withStore } = await import('../store/opened-store.js');
    return await withStore(place.store, (store) => work(inStore(store)), options);
  }
  const { mayMake = false, isRead = false } = options;
  try {
    const isMissing = isRead && !existsSync(place.file);
    const list = isMissing
      ? createBlocklist([])
      : await openBlocklist(place.file, { create: mayMake, copy: isRead });
    return await work(inFile(list));
  } catch (error) {
    throw failureOf(place.file, error);
  }
}

/** The lists of a blocklist in a file. */
export function inFile(list: Blocklist): KeptLists {
  const lists: KeptLists = {
    withdraw: (withdrawals) =>
      Promise.all(
        withdrawals.map(async (each) => (await list.apply({ withdraw: [each] })).removed),
      ),
    reinstate: (keys) =>
      Promise.all(keys.map(async (key) => (await list.apply({ reinstate: [key] })).reinstated > 0)),
    async configure(config) {
      const names = new Set(config.lists.map(({ name }) => name));
      const removed: number[] = [];
      for (const { name, fetched } of list.lists()) {
        if (names.has(name) || !fetched) continue;
        const change = { replace: { list: name, entries: [] }, settings: { [name]: null } };
        removed.push((await list.apply(change)).removed);
      }
      const settings = config.lists.map(({ name, settings }) => [name, settings] as const);
      await list.apply({ settings: Object.fromEntries(settings) });
      return removed;
    },
    all: async () => ({ generation: list.generation, lists: list.lists() }),
    fetch: async ({ name, provenance, client }, options) =>
      fetchList(list, name, await client(), { ...options, provenance }),
    feeds: async () => [],
    async copy(config) {
      await lists.configure(config);
      return { blocklist: list };
    },
  };
  return lists;
}

export const inStore = (store: Store): KeptLists => ({
  withdraw: async (withdraw) => (await store.apply({ withdraw })).withdrawn,
  reinstate: async (reinstate) => (await store.apply({ reinstate })).reinstated,
  async configure({ lists }) {
    if (lists.length > 0) await store.apply({ settings: storedSettingsOf(lists) });
    return [];
  },
  all: async () => ({ generation: await store.revision(), lists: await store.lists() }),
  async fetch({ name, provenance, client }, { confirm = false, ...options }) {
    if (confirm) await store.confirm(name);
    return await store.fetch(name, await client(), { ...options, provenance });
  },
  feeds: () => storedFeeds(store),
  async copy({ lists }) {
    const { blocklist, allowList } = await store.follow();
    await blocklist.apply({ settings: storedSettingsOf(lists) });
    return { blocklist, allowList };
  },
});
