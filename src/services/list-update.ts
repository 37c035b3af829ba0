/*
 * A report of any service, in one form: an update is the present state of one record, under its
 * key. Clients read pages of updates; a list is brought up to date by applying them.
 */

import { type OptionCheck, type OptionTable, SIGNAL, tableOf } from '../door.js';
import type { BlocklistEntry, Opinion } from '../entry.js';
import type { Hash } from '../hash.js';
import type { UnknownWord } from '../policy.js';
import { READ_UPDATES_OPTIONS, type ReadUpdatesOptions } from '../text/json.js';

/**
 * State of a record, as the service reports it now.
 * - `active`: listed
 * - `pending`: not in force yet, or in a state that this library does not know. It is kept: treat
 *   it as listed for review, never as withdrawn
 * - `withdrawn`: by the person or organisation that listed it
 * - `deleted`: by the service
 */
export type UpdateState = 'active' | 'pending' | 'withdrawn' | 'deleted';

/** A hash as the service wrote it, of any type. */
export interface ListedSignal {
  /** the service's own word: `ImagePDQ`, `HASH_PDQ`, `pdna`, or one that no version knows yet */
  readonly type: string;
  /** as the service wrote it; hex becomes lower case if the type is known to be hex */
  readonly value: string;
}

/**
 * One record of a list as a service reports it: its present listing under `key`. A later update
 * replaces every earlier one of the same `source` and `key`, whatever its state.
 */
export interface ListUpdate {
  /** unique within `source`; the `id` of each of its entries */
  readonly key: string;
  /** the service and, if it has several, the list; the `source` of each entry */
  readonly source: string;
  readonly state: UpdateState;
  /** all hashes of the record, even those that this library cannot compare; may be empty if gone */
  readonly signals: readonly ListedSignal[];
  /** the hashes that a blocklist can hold, as entries; also for withdrawn or deleted records */
  readonly entries: readonly BlocklistEntry[];
  /** when the service last changed it, in seconds since 1970 */
  readonly changedSeconds?: number;
  /** number of cases or reports that name it */
  readonly caseCount?: number;
  readonly opinions?: readonly Opinion[];
  /** regions or countries that it is meant for, in the service's words */
  readonly regions?: readonly string[];
}

/**
 * An update whose entries have its key, source and provenance.
 * @param hashes of its signals that a blocklist can hold
 * @param labels the reasons for listing it, in the lister's words
 */
export function updateOf(
  update: Omit<ListUpdate, 'entries'>,
  hashes: readonly Hash[],
  labels: readonly string[] = [],
): ListUpdate {
  const { key: id, source, caseCount, opinions } = update;
  const provenance = {
    source,
    id,
    ...(caseCount !== undefined && { caseCount }),
    ...(opinions && { opinions }),
  };
  return { ...update, entries: hashes.map((hash) => ({ hash, labels, ...provenance })) };
}

/** Options of a fetch of updates. */
export interface FetchUpdatesOptions<Checkpoint> extends ReadUpdatesOptions {
  /** from a page of an earlier fetch; absent: everything */
  checkpoint?: Checkpoint;
  signal?: AbortSignal;
}

/** The options of a fetch whose checkpoint is of this kind. */
export const fetchUpdatesOptions = (checkpoint: OptionCheck) =>
  tableOf(READ_UPDATES_OPTIONS, {
    checkpoint: { is: checkpoint },
    signal: SIGNAL,
  }) satisfies OptionTable<FetchUpdatesOptions<unknown>>;

/** One page of a fetch. Store its updates before the checkpoint. */
export interface UpdatesPage<Checkpoint> {
  /** in the service's order */
  readonly updates: readonly ListUpdate[];
  /** words on this page that this version does not know */
  readonly unknown: readonly UnknownWord[];
  /**
   * start of the next fetch, as plain JSON. Only on a page that drains a range: a fetch that ends
   * earlier is repeated from the checkpoint before. With `notRead`, on a page that is not drained,
   * it is the state that the next fetch from the start needs
   */
  readonly checkpoint?: Checkpoint;
  /** whether the fetch is at its end: the list now equals the service's */
  readonly isDrained: boolean;
  /**
   * on the last page of a fetch that does not know the service's end: the part it did not request,
   * in words. The service may hold more. Unless the page is drained, no entry is removed for being
   * unreported
   */
  readonly notRead?: string;
  /**
   * whether the fetch began without a checkpoint, or with one that is too old to go on from. A
   * record that such a fetch has not reported by its end is no longer listed
   */
  readonly isFromStart: boolean;
}

/** A service whose list is fetched in updates. */
export interface ListClient<Checkpoint> {
  /**
   * Every update since `checkpoint`, page by page. No request is sent before the first page is
   * read, and none after the loop ends.
   * @throws {ServiceError} if the service does not answer; pages already read stay valid
   */
  fetchUpdates(
    options?: FetchUpdatesOptions<Checkpoint>,
  ): AsyncGenerator<UpdatesPage<Checkpoint>, void, undefined>;
  /** True if the next fetch begins from the start, because `checkpoint` is too old. */
  mustRestart(checkpoint: Checkpoint, nowSeconds: number): boolean;
}

/** Largest lead of a checkpoint: later ones come from a wrong clock, and have no known age. */
export const CLOCK_SECONDS = 86_400;
