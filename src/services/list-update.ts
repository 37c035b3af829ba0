import { type OptionCheck, type OptionTable, SIGNAL, tableOf } from '../door.js';
import type { BlocklistEntry, Opinion } from '../entry.js';
import type { Hash } from '../hash.js';
import type { UnknownWord } from '../policy.js';
import { READ_UPDATES_OPTIONS, type ReadUpdatesOptions } from '../text/json.js';

/**
 * What a service says of a record now.
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
  /** as it was written; hex is folded to lower case if the type is known to be hex */
  readonly value: string;
}

/**
 * One record of a list as a service tells it: what is listed now under `key`. A later update
 * replaces every earlier one of the same `source` and `key`, whatever its state.
 */
export interface ListUpdate {
  /** unique within `source`; the `id` of each of its entries */
  readonly key: string;
  /** the service and, if it has several, the list; the `source` of each entry */
  readonly source: string;
  readonly state: UpdateState;
  /** all hashes of the record, those too that this library cannot compare; may be empty if gone */
  readonly signals: readonly ListedSignal[];
  /** the hashes that a blocklist can hold, as entries. Told also of what is withdrawn or deleted */
  readonly entries: readonly BlocklistEntry[];
  /** when the service last changed it, in seconds since 1970 */
  readonly changedSeconds?: number;
  /** how many cases or reports name it */
  readonly caseCount?: number;
  readonly opinions?: readonly Opinion[];
  /** regions or countries for which it is meant, in the service's words */
  readonly regions?: readonly string[];
}

/**
 * An update whose entries have its key, source and provenance.
 * @param hashes those of its signals that a blocklist can hold
 * @param labels why it is listed, in the lister's words
 */
export function updateOf(
  told: Omit<ListUpdate, 'entries'>,
  hashes: readonly Hash[],
  labels: readonly string[] = [],
): ListUpdate {
  const { key: id, source, caseCount, opinions } = told;
  const provenance = {
    source,
    id,
    ...(caseCount !== undefined && { caseCount }),
    ...(opinions && { opinions }),
  };
  return { ...told, entries: hashes.map((hash) => ({ hash, labels, ...provenance })) };
}

/** How updates are fetched. */
export interface FetchUpdatesOptions<Checkpoint> extends ReadUpdatesOptions {
  /** as a page of an earlier fetch had it; absent: everything */
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
  /** what this version did not know, on this page */
  readonly unknown: readonly UnknownWord[];
  /**
   * where the next fetch goes on, as plain JSON. Only on a page that drains a range: a fetch that
   * ends earlier is done again from the checkpoint before. With `notRead`, on a page that is not
   * drained, it is what the next fetch from the start must know
   */
  readonly checkpoint?: Checkpoint;
  /** whether the fetch is at its end: the list is now as the service has it */
  readonly isDrained: boolean;
  /**
   * on the last page of a fetch that does not know the service's end: what was not asked for, in
   * words. The service may hold more. Unless the page is drained, nothing is removed for not being
   * told
   */
  readonly notRead?: string;
  /**
   * whether the fetch began without a checkpoint, or with one that is too old to go on from. What
   * such a fetch has not told by its end is no longer listed
   */
  readonly isFromStart: boolean;
}

/** A service whose list is fetched in updates. */
export interface ListClient<Checkpoint> {
  /**
   * Every update since `checkpoint`, page by page. Nothing is asked before the first page is, and
   * nothing after the loop is left.
   * @throws {ServiceError} if the service does not answer; what was paged out stays true
   */
  fetchUpdates(
    options?: FetchUpdatesOptions<Checkpoint>,
  ): AsyncGenerator<UpdatesPage<Checkpoint>, void, undefined>;
  /** Whether the next fetch begins from the start, because `checkpoint` is too old. */
  mustRestart(checkpoint: Checkpoint, nowSeconds: number): boolean;
}

/** A checkpoint of the future, of a clock that was wrong, says nothing of its age. */
export const CLOCK_SECONDS = 86_400;
