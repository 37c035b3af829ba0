import { Blocklist } from '../../blocklist/blocklist.js';
import type { Fetched, KeptSettings, ListState } from '../../blocklist/list-state.js';
import { boolean, checkedOptions, type OptionTable, tableOf } from '../../door.js';
import { type BlocklistEntry, checkListName, textOfEntry } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { inTurns } from '../../in-turns.js';
import type { FetchState, PendingRemovals } from '../../policy.js';
import {
  checkListClient,
  FETCH_OPTIONS,
  type FetchedPage,
  type FetchOptions,
  type FetchProgress,
  type FetchTarget,
  fetchedEntry,
  fetchInto,
  fetchStateFrom,
  isOfService,
  latestUpdates,
  type PageChange,
  type ReportedRecords,
  WITHDRAWN_BY_SERVICE,
} from '../../services/list-fetch.js';
import type { ListClient, ListUpdate } from '../../services/list-update.js';
import {
  type PendingRemovalsOfList,
  type Removal,
  removalsReport,
} from '../../services/pending-removals.js';

/** Options for fetching a list into a blocklist. */
export interface FetchListOptions extends FetchOptions {
  /** confirms pending removals: this fetch makes them if it finds no others; default false */
  confirm?: boolean;
}

export const FETCH_LIST_OPTIONS = tableOf(FETCH_OPTIONS, {
  confirm: { is: boolean, default: false },
}) satisfies OptionTable<FetchListOptions>;

/**
 * Fetches what a service changed since the last time, and applies it to a list of a blocklist page
 * by page. A page and the checkpoint after it are one change, so a kill at any moment loses nothing
 * of a blocklist in a file. The client must always be of the same service and list.
 *
 * All entries of the list belong to the service: a complete fetch from the start removes the
 * entries that it did not return. If that is more than a fifth of the list, and at least 20
 * entries, the removal is held back: the entries stay until a person has reviewed them and a fetch
 * with `confirm` finds no others to remove. Until then each fetch begins from the start, as does
 * the one after a withdrawal was lifted.
 *
 * What the service withdraws or deletes is withdrawn on this list, by id and source, until the
 * service lists it again; what a person withdrew stays withdrawn. Pending entries are for review.
 * @param name the name of the list in the blocklist, `''` for the unnamed one
 * @returns the changes made; rejects with the error of the client, or the signal's reason. Pages
 *   applied before stay
 * @throws {TypeError | RangeError} if an argument is invalid
 * @throws {FormatError} `taken-over` if meanwhile another caller fetched or removed the list, or
 *   lifted a withdrawal: the next fetch goes on from there; `bad-line` if it is not known how far
 *   the list was fetched; those of `apply`
 * @example
 * const list = await openBlocklist('lists.ohb', { create: true });
 * await list.apply({ settings: { stopncii: { trust: 'shared' } } });
 * await fetchList(list, 'stopncii', client, {
 *   onProblem: ({ message }) => console.warn(message),
 * });
 */
export async function fetchList<Checkpoint>(
  list: Blocklist,
  name: string,
  client: ListClient<Checkpoint>,
  options: FetchListOptions = {},
): Promise<FetchProgress> {
  checkBlocklist(list);
  checkListName(name);
  checkListClient(client);
  const { confirm, ...others } = checkedOptions(options, FETCH_LIST_OPTIONS);
  if (confirm) await confirmPendingRemovals(list, name);
  return await fetchInto(new ListTarget(list, name, others.signal), client, others);
}

/**
 * Lists whose removals are held back until they are confirmed.
 * @throws {TypeError} if `list` is no blocklist
 */
export function allPendingRemovals(list: Blocklist): PendingRemovalsOfList[] {
  checkBlocklist(list);
  return list.state.lists.entries().flatMap(([name]) => {
    const pendingRemovals = stateIn(list.state, name)?.pendingRemovals;
    return pendingRemovals ? [removalsReport(name, pendingRemovals)] : [];
  });
}

/**
 * Confirms the removals of a list that are held back. The next fetch that begins makes them if it
 * finds no others; if it does, it holds them back again.
 * @returns true if any are held back
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export async function confirmPendingRemovals(list: Blocklist, name: string): Promise<boolean> {
  checkBlocklist(list);
  checkListName(name);
  let isThere = false;
  await list.apply((state) => {
    const before = stateIn(state, name);
    isThere = before?.pendingRemovals !== undefined;
    if (!before?.pendingRemovals) return {};
    const pendingRemovals = { ...before.pendingRemovals, isConfirmed: true };
    // Keeps the mark of a running fetch, so that it goes on.
    const { generation } = state.lists.of(name).fetched!;
    return { settings: { [name]: keptAs({ ...before, pendingRemovals }, generation) } };
  });
  return isThere;
}

/**
 * A list of a blocklist. The changes of a page and the state after it are one change. A fetch puts
 * its mark on the state as it begins, and ends if it finds the mark of another.
 */
class ListTarget implements FetchTarget {
  readonly #list: Blocklist;
  readonly #name: string;
  readonly #signal: AbortSignal | undefined;
  /** the mark of this fetch; undefined if there is no state */
  #mark: number | undefined;
  /** after the last page, even if its checkpoint must not be saved yet */
  #state: FetchState | undefined;

  constructor(list: Blocklist, name: string, signal: AbortSignal | undefined) {
    this.#list = list;
    this.#name = name;
    this.#signal = signal;
  }

  async isEmpty(): Promise<boolean> {
    return sizeOf(this.#list, this.#name) === 0;
  }

  async size(): Promise<number> {
    return sizeOf(this.#list, this.#name);
  }

  async state(): Promise<FetchState | undefined> {
    await this.#keep((state) => stateIn(state, this.#name));
    return this.#state;
  }

  async begin(next: FetchState): Promise<void> {
    await this.#keep((state) => {
      this.#checkMark(state);
      return next;
    });
  }

  async apply({ updates, reported, isReached, pendingOf, next }: FetchedPage): Promise<PageChange> {
    const before = this.#state!;
    let after = before;
    const change = await applyUpdates(this.#list, this.#name, updates, {
      ...{ reported, signal: this.#signal },
      pendingOf: (unreported) =>
        pendingOf(unreported, this.#withPendingRemovals(this.#list.state, before)),
      settings: (state, pendingRemovals) => {
        this.#checkMark(state);
        const now = this.#withPendingRemovals(state, before);
        after = next(now, pendingRemovals);
        // Lifting a withdrawal would restart the fetch of the list, but this page has what is
        // listed again.
        return keptAs(isReached || pendingRemovals ? after : now, this.#mark!);
      },
    });
    this.#state = after;
    return change;
  }

  async #keep(stateOf: (before: ListState) => FetchState | undefined): Promise<void> {
    let mark: number | undefined;
    const change = (before: ListState) => {
      this.#state = stateOf(before);
      mark = this.#state && before.generation;
      return mark === undefined ? {} : { settings: { [this.#name]: keptAs(this.#state!, mark) } };
    };
    await this.#list.apply(change, { signal: this.#signal });
    this.#mark = mark;
  }

  /** Another caller may have confirmed the removals. */
  #withPendingRemovals(state: ListState, before: FetchState): FetchState {
    const pendingRemovals = stateIn(state, this.#name)?.pendingRemovals;
    return pendingRemovals ? { ...before, pendingRemovals } : before;
  }

  /** @throws {FormatError} if the mark is not that of this fetch */
  #checkMark({ lists }: ListState): void {
    if (lists.of(this.#name).fetched?.generation === this.#mark) return;
    throw new FormatError(
      'taken-over',
      'another fetch, or a lifted withdrawal, has changed the list in the meantime; the next ' +
        'fetch resumes from there',
    );
  }
}

/** The number of entries on a list. */
function sizeOf({ state }: Blocklist, list: string): number {
  let size = 0;
  for (const { counts } of state.kinds.values()) size += counts.get(list) ?? 0;
  return size;
}

/** Options for applying a page. */
interface ApplyOptions {
  readonly reported?: ReportedRecords | undefined;
  readonly pendingOf?:
    | ((unreported: readonly Removal[]) => PendingRemovals | undefined)
    | undefined;
  readonly settings?:
    | ((state: ListState, pendingRemovals: PendingRemovals | undefined) => KeptSettings)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Applies the updates of a service to one list of a blocklist, at once, entirely or not at all.
 * Unchanged entries stay in place. All entries of the list are the service's.
 *
 * What the service withdraws or deletes is withdrawn by id and source, on this list alone, and
 * stays out even if someone adds it again. If the service lists the record again, that withdrawal
 * is lifted. Any other withdrawal, by hash or by id, is a person's and stays in force.
 * @param options `reported`: given with the last page of a fetch from the start. Entries of the
 *   list that are missing from it are removed, too, unless `pendingOf` makes their removal pending.
 *   `settings`: of the list, set together with the page
 * @throws {TypeError | RangeError} if an entry is invalid; nothing has changed
 */
export async function applyUpdates(
  blocklist: Blocklist,
  list: string,
  updates: readonly ListUpdate[],
  { reported, pendingOf, settings, signal }: ApplyOptions = {},
): Promise<PageChange> {
  const records = latestUpdates(updates).map(({ key: id, source, state, entries }) => {
    const gone = state === 'withdrawn' || state === 'deleted' ? state : undefined;
    const listed: BlocklistEntry[] = gone
      ? []
      : entries.map((entry) => fetchedEntry(entry, list, state));
    // A record may have a hash twice.
    const each = listed.length > 1 ? new Map(listed.map((one) => [textOfEntry(one), one])) : listed;
    return { list, source, id, gone, entries: [...each.values()] };
  });
  const unreported =
    reported && pendingOf && (await inTurns(unreportedSteps(blocklist, list, reported), signal));
  const pendingRemovals = unreported && pendingOf!(unreported);
  const { added, removed, withdrawn } = await blocklist.apply(
    (state) => {
      const known = records.map(({ gone, entries: _, ...key }) => {
        return { gone, key, before: state.withdrawn.get(key) };
      });
      return {
        replace: records,
        withdraw: known.flatMap(({ gone, key, before }) =>
          gone && !before ? [{ ...key, reason: WITHDRAWN_BY_SERVICE[gone] }] : [],
        ),
        reinstate: known.flatMap(({ gone, key, before }) =>
          !gone && before && isOfService(before.reason) ? [key] : [],
        ),
        ...(reported && !pendingRemovals && { remove: { list, except: reported } }),
        ...(settings && { settings: { [list]: settings(state, pendingRemovals) } }),
      };
    },
    { signal },
  );
  return { added, removed, withdrawn, pendingRemovals };
}

/** Entries per step: about 0.2 ms. */
const STEP = 256;

/** The entries of a list that the fetch did not return. */
function* unreportedSteps(
  blocklist: Blocklist,
  list: string,
  reported: ReportedRecords,
): Generator<void, Removal[]> {
  const found: Removal[] = [];
  let at = 0;
  for (const kind of blocklist.state.kinds.values()) {
    for (const number of kind.onList(list)) {
      if (at++ % STEP === 0) yield;
      const entry = kind.entryAt(number);
      if (!reported.has(entry)) found.push({ source: entry.source, id: entry.id });
    }
  }
  return found;
}

const keptAs = (state: FetchState, generation: number): KeptSettings => {
  const fetched: Fetched = { ...state, generation };
  return { fetched };
};

function stateIn({ lists }: ListState, name: string): FetchState | undefined {
  const { fetched } = lists.of(name);
  return fetched && fetchStateFrom(fetched);
}

function checkBlocklist(list: Blocklist): void {
  if (!(list instanceof Blocklist)) throw new TypeError('expected a blocklist');
}
