/*
 * Fetches a list from a service, page by page, into any kind of storage: it decides what is applied
 * when, and from which checkpoint the next fetch goes on.
 */

import {
  boolean,
  type Checked,
  callback,
  checkMethods,
  NOW,
  type OptionTable,
  SIGNAL,
  tableOf,
  text,
} from '../door.js';
import type { BlocklistEntry } from '../entry.js';
import { FormatError } from '../errors.js';
import type { FetchState, PendingRemovals, UnknownWord } from '../policy.js';
import { READ_UPDATES_OPTIONS, type ReadUpdatesOptions } from '../text/json.js';
import type { ListClient, ListUpdate, UpdatesPage } from './list-update.js';
import { isPendingRemovals, pendingRemovalsOf, type Removal } from './pending-removals.js';

/** Progress of a fetch. */
export interface FetchProgress {
  /** records that the service reported */
  readonly reported: number;
  /** entries added to the list */
  readonly added: number;
  /** entries removed from it */
  readonly removed: number;
  /** withdrawals made for the service */
  readonly withdrawn: number;
  /** whether the fetch began from the start */
  readonly isFromStart: boolean;
  /** true if the fetch is complete: the list equals the service's, except for `pendingRemovals` */
  readonly isDrained: boolean;
  /** removals that it held back: a person has to confirm them */
  readonly pendingRemovals?: PendingRemovals;
  /**
   * for a fetch that does not know the service's end: the part it did not request, in words. Unless
   * the fetch is drained, no entry was removed for being unreported
   */
  readonly notRead?: string;
}

/** Options of `fetchList` and `Store.fetch`. */
export interface FetchOptions extends ReadUpdatesOptions {
  /**
   * the service and, if it has several, the list. A list whose provenance has changed is fetched
   * from the start. Default empty
   */
  provenance?: string;
  /** begin from the start, even with a checkpoint; default false */
  fromStart?: boolean;
  /** called after each page */
  onProgress?: (progress: FetchProgress) => void;
  /** milliseconds since 1970, default `Date.now` */
  now?: () => number;
  /** ends the fetch; pages applied before stay and are saved */
  signal?: AbortSignal;
}

export const FETCH_OPTIONS = /* @__PURE__ */ tableOf(READ_UPDATES_OPTIONS, {
  provenance: { is: text, default: '' },
  fromStart: { is: boolean, default: false },
  onProgress: { is: callback },
  now: NOW,
  signal: SIGNAL,
}) satisfies OptionTable<FetchOptions>;

/** Changes by a page. */
export interface PageChange {
  /** entries added */
  readonly added: number;
  /** entries removed */
  readonly removed: number;
  /** withdrawals made */
  readonly withdrawn: number;
  /** removals of unreported entries that were held back */
  readonly pendingRemovals?: PendingRemovals | undefined;
}

/**
 * Reads a list's fetch state.
 * @throws {FormatError} `bad-line`
 */
export function fetchStateFrom(json: object): FetchState {
  const stored: { [K in keyof FetchState]?: unknown } = json;
  const {
    provenance,
    checkpoint,
    isPartial,
    mustRefetch,
    fetchedSeconds,
    pendingRemovals,
    unknown,
  } = stored;
  const isShaped =
    typeof provenance === 'string' &&
    isFlag(isPartial) &&
    isFlag(mustRefetch) &&
    (fetchedSeconds === undefined || isCount(fetchedSeconds)) &&
    (pendingRemovals === undefined || isPendingRemovals(pendingRemovals)) &&
    Array.isArray(unknown) &&
    unknown.every(isWord);
  if (!isShaped) throw new FormatError('bad-line', 'expected the fetch state of a list');
  return {
    provenance,
    ...(checkpoint !== undefined && { checkpoint }),
    ...(isPartial !== undefined && { isPartial }),
    ...(mustRefetch !== undefined && { mustRefetch }),
    ...(fetchedSeconds !== undefined && { fetchedSeconds }),
    ...(pendingRemovals !== undefined && { pendingRemovals }),
    unknown: withWords([], unknown),
  };
}

const isFlag = (value: unknown): value is boolean | undefined =>
  value === undefined || typeof value === 'boolean';

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0;

function isWord(value: unknown): value is UnknownWord {
  const { field, word, count } = Object(value) as Partial<UnknownWord>;
  return (
    typeof field === 'string' && (word === undefined || typeof word === 'string') && isCount(count)
  );
}

/** A page to apply, entirely or not at all. */
export interface FetchedPage {
  readonly updates: readonly ListUpdate[];
  /**
   * set on the last page of a fetch from the start: entries missing from it are removed, too,
   * unless `pendingOf` makes these removals pending
   */
  readonly reported: ReportedRecords | undefined;
  /**
   * Decides about removing all unreported entries.
   * @returns if set, none of them is removed
   */
  pendingOf(unreported: readonly Removal[], state: FetchState): PendingRemovals | undefined;
  /** whether `next` has a new checkpoint, which must not be saved before the page is */
  readonly isReached: boolean;
  /** the state after the page, from the state before it and the removals held back */
  next(state: FetchState, pendingRemovals: PendingRemovals | undefined): FetchState;
}

/** Storage of a list that is fetched. */
export interface FetchTarget {
  /** True if the list has no entries. */
  isEmpty(): Promise<boolean>;
  /** The number of its entries. */
  size(): Promise<number>;
  /** Called first. */
  state(): Promise<FetchState | undefined>;
  /** Saves the state in which the fetch begins, before its first page. */
  begin(state: FetchState): Promise<void>;
  apply(page: FetchedPage): Promise<PageChange>;
}

/**
 * Reasons of the withdrawals made for a service, by the state that it reported. Only withdrawals
 * with one of these reasons are lifted when the service lists the record again.
 */
export const WITHDRAWN_BY_SERVICE = {
  withdrawn: 'withdrawn by its service',
  deleted: 'deleted by its service',
} as const;

/** True if a withdrawal with this reason was made for a service. */
export const isOfService = (reason: string | null | undefined) =>
  reason === WITHDRAWN_BY_SERVICE.withdrawn || reason === WITHDRAWN_BY_SERVICE.deleted;

/** The last update of each record; only that counts. */
export function latestUpdates(updates: readonly ListUpdate[]): ListUpdate[] {
  return [...new Map(updates.map((update) => [keyOf(update.source, update.key), update])).values()];
}

/** An entry of an update, on the list that is fetched. Pending ones are for review. */
export function fetchedEntry(
  { list: _, ...entry }: BlocklistEntry,
  list: string,
  state: ListUpdate['state'],
): BlocklistEntry {
  return { ...entry, list, ...(state === 'pending' && { confirmed: false }) };
}

/** The records that a fetch has reported, by source and key. */
export class ReportedRecords {
  readonly #keys = new Map<string, { readonly source: string; readonly key: string }>();

  add({ source, key }: Pick<ListUpdate, 'source' | 'key'>): void {
    this.#keys.set(keyOf(source, key), { source, key });
  }

  has({ source, id }: Pick<BlocklistEntry, 'source' | 'id'>): boolean {
    return source !== undefined && id !== undefined && this.#keys.has(keyOf(source, id));
  }

  values(): IterableIterator<{ readonly source: string; readonly key: string }> {
    return this.#keys.values();
  }
}

/** Different for each pair, whatever the texts contain. */
const keyOf = (source: string, key: string) => `${source.length} ${source}${key}`;

/** @throws {TypeError} unless `client` is the client of a service with a list */
export function checkListClient(client: object): void {
  checkMethods(client, 'a client to have fetchUpdates, mustRestart', [
    'fetchUpdates',
    'mustRestart',
  ]);
}

/** Fetches a service's changes since the last fetch, and applies them page by page. */
export async function fetchInto<Checkpoint>(
  target: FetchTarget,
  client: ListClient<Checkpoint>,
  options: Checked<FetchOptions, typeof FETCH_OPTIONS>,
): Promise<FetchProgress> {
  const { provenance, fromStart, onProgress, onProblem, now, signal } = options;
  const nowSeconds = Math.floor(now() / 1000);
  const known = await target.state();
  const wasEmpty = await target.isEmpty();
  const wasConfirmed = known?.pendingRemovals?.isConfirmed ?? false;
  let state = known;
  if (known?.provenance !== provenance || (fromStart && !known.mustRefetch)) {
    // Before the first page, so that no later fetch resumes at a checkpoint of another provenance.
    const kept = known?.provenance === provenance ? known : { provenance, unknown: [] };
    const isPartial = wasEmpty && kept.checkpoint === undefined;
    state = { ...kept, ...(isPartial ? { isPartial } : { mustRefetch: true }) };
    await target.begin(state);
  }
  const { checkpoint, mustRefetch = false, isPartial = false } = state!;
  const isUsed =
    checkpoint !== undefined &&
    !(mustRefetch && !client.mustRestart(checkpoint as Checkpoint, nowSeconds));
  const pages = client.fetchUpdates({
    ...(isUsed && { checkpoint: checkpoint as Checkpoint }),
    ...(onProblem && { onProblem }),
    ...(signal && { signal }),
  });
  const records = wasEmpty ? undefined : new ReportedRecords();
  let progress: FetchProgress = {
    reported: 0,
    added: 0,
    removed: 0,
    withdrawn: 0,
    isFromStart: !isUsed,
    isDrained: false,
  };
  let isFirst = true;
  let size = 0;
  for await (const page of pages) {
    const { isFromStart, isDrained, updates, notRead } = page;
    const reported = isFromStart ? records : undefined;
    for (const update of reported ? updates : []) reported!.add(update);
    // In a fetch from the start, an earlier checkpoint would hide entries still to be removed.
    const isLasting = isDrained || !isFromStart || isPartial || notRead !== undefined;
    const isReached = page.checkpoint !== undefined && isLasting;
    const startsOver = isFirst && isFromStart;
    if (startsOver && reported) size = await target.size();
    isFirst = false;
    const change = await target.apply({
      updates,
      reported: isDrained ? reported : undefined,
      isReached,
      pendingOf: (unreported, { pendingRemovals }) =>
        pendingRemovalsOf(unreported, { size, pendingRemovals, wasConfirmed, nowSeconds }),
      next({ isPartial, ...before }, pendingRemovals) {
        const unknown = withWords(startsOver ? [] : before.unknown, page.unknown);
        const partial = isPartial !== undefined && { isPartial };
        // The checkpoint stays: the next fetch must request the unreported records again.
        if (pendingRemovals) {
          // A list may take long to save, and a person may have confirmed the same meanwhile.
          const earlier = before.pendingRemovals;
          const isConfirmed =
            pendingRemovals.isConfirmed ||
            (earlier?.keys === pendingRemovals.keys && earlier.isConfirmed);
          const held = { ...pendingRemovals, isConfirmed };
          return { ...before, unknown, pendingRemovals: held, mustRefetch: true };
        }
        return isReached
          ? reached({ ...before, ...partial, unknown }, page, nowSeconds)
          : { ...before, ...partial, unknown };
      },
    });
    const { pendingRemovals } = change;
    progress = {
      reported: progress.reported + updates.length,
      added: progress.added + change.added,
      removed: progress.removed + change.removed,
      withdrawn: progress.withdrawn + change.withdrawn,
      isFromStart,
      isDrained,
      ...(pendingRemovals && { pendingRemovals }),
      ...(notRead !== undefined && { notRead }),
    };
    onProgress?.(progress);
  }
  return progress;
}

function reached<Checkpoint>(
  { isPartial = false, mustRefetch = false, pendingRemovals, ...state }: FetchState,
  { checkpoint, isDrained, isFromStart }: UpdatesPage<Checkpoint>,
  nowSeconds: number,
): FetchState {
  return {
    ...state,
    checkpoint,
    ...(!isDrained && isPartial && { isPartial }),
    ...(!(isDrained && isFromStart) && mustRefetch && { mustRefetch }),
    ...(!(isDrained && isFromStart) && pendingRemovals && { pendingRemovals }),
    ...(isDrained && { fetchedSeconds: nowSeconds }),
  };
}

const MAX_WORDS = 200;
const MAX_WORD_LENGTH = 100;

/**
 * Adds up words. A service that invents a new one each time must not fill the disk, so the first
 * 200 are kept, each cut to 100 characters.
 */
export function withWords(
  known: readonly UnknownWord[],
  more: readonly UnknownWord[],
): UnknownWord[] {
  const counts = new Map<string, UnknownWord>();
  for (const { field, word, count } of [...known, ...more]) {
    const cut = {
      field: field.slice(0, MAX_WORD_LENGTH),
      ...(word !== undefined && { word: word.slice(0, MAX_WORD_LENGTH) }),
    };
    const key = JSON.stringify([cut.field, cut.word]);
    const before = counts.get(key);
    if (!before && counts.size === MAX_WORDS) continue;
    counts.set(key, { ...cut, count: count + (before?.count ?? 0) });
  }
  return [...counts.values()];
}
