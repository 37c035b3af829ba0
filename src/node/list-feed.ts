import type { Blocklist } from '../blocklist/blocklist.js';
import type { ListState } from '../blocklist/list-state.js';
import type { KeptSettings } from '../blocklist/lists.js';
import { type BlocklistEntry, textOfEntry } from '../entry.js';
import type { HeldBack, Removal } from '../exchange/held-back.js';
import {
  fetchedEntry,
  isOfService,
  latestUpdates,
  type PageChange,
  type ToldRecords,
  WITHDRAWN_BY_SERVICE,
} from '../exchange/list-fetch.js';
import type { ListUpdate } from '../exchange/list-update.js';
import { inTurns } from '../in-turns.js';

/** Entries that a step looks at: about 0.2 ms. */
const STEP = 256;

/**
 * Applies the updates of a service to one named list of a blocklist. All entries of the list are
 * the feed's: what a fetch from the start does not tell is removed.
 *
 * What the service withdraws or deletes is withdrawn by id and source, on this list alone, so that
 * it stays out whoever adds it again. If the service lists the record again, that withdrawal is
 * lifted. Any other withdrawal, by hash or by id, is a person's and stays in force.
 */
export class ListFeed {
  readonly #blocklist: Blocklist;
  readonly #list: string;

  constructor(blocklist: Blocklist, list: string) {
    this.#blocklist = blocklist;
    this.#list = list;
  }

  /** The number of entries of the list. */
  get size(): number {
    let size = 0;
    for (const { counts } of this.#blocklist.state.kinds.values()) {
      size += counts.get(this.#list) ?? 0;
    }
    return size;
  }

  /**
   * Applies a page at once, entirely or not at all. Entries that are as they were stay in place.
   * @param options `told`: if given, the page is the last of a fetch from the start, and entries of
   *   the list that are not among `told` are removed, too, unless `holdsBack` gives something.
   *   `settings`: of the list, which are set with the page
   * @throws {TypeError | RangeError} if an entry is invalid; nothing has changed
   */
  async apply(
    updates: readonly ListUpdate[],
    { told, holdsBack, settings, signal }: ApplyOptions = {},
  ): Promise<PageChange> {
    const list = this.#list;
    const records = latestUpdates(updates).map(({ key: id, source, state, entries }) => {
      const gone = state === 'withdrawn' || state === 'deleted' ? state : undefined;
      const listed: BlocklistEntry[] = gone
        ? []
        : entries.map((entry) => fetchedEntry(entry, list, state));
      // A record may have a hash twice.
      const each =
        listed.length > 1 ? new Map(listed.map((one) => [textOfEntry(one), one])) : listed;
      return { list, source, id, gone, entries: [...each.values()] };
    });
    const untold = told && holdsBack && (await inTurns(this.#untoldSteps(told), signal));
    const heldBack = untold && holdsBack!(untold);
    const { added, removed, withdrawn } = await this.#blocklist.apply(
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
          ...(told && !heldBack && { remove: { list, except: told } }),
          ...(settings && { settings: { [list]: settings(state, heldBack) } }),
        };
      },
      { signal },
    );
    return { added, removed, withdrawn, heldBack };
  }

  /** The entries of the list that are not told. */
  *#untoldSteps(told: ToldRecords): Generator<void, Removal[]> {
    const found: Removal[] = [];
    let at = 0;
    for (const kind of this.#blocklist.state.kinds.values()) {
      for (const number of kind.onList(this.#list)) {
        if (at++ % STEP === 0) yield;
        const entry = kind.entryAt(number);
        if (!told.has(entry)) found.push({ source: entry.source, id: entry.id });
      }
    }
    return found;
  }
}

/** How a page is applied. */
interface ApplyOptions {
  readonly told?: ToldRecords | undefined;
  readonly holdsBack?: ((untold: readonly Removal[]) => HeldBack | undefined) | undefined;
  readonly settings?:
    | ((state: ListState, heldBack: HeldBack | undefined) => KeptSettings)
    | undefined;
  readonly signal?: AbortSignal | undefined;
}
