import { type BlocklistEntry, checkEntry } from '../entry.js';
import {
  fetchedEntry,
  isOfService,
  latestUpdates,
  type PageChange,
  type ToldRecords,
  WITHDRAWN_BY_SERVICE,
} from '../exchange/list-fetch.js';
import type { ListUpdate } from '../exchange/list-update.js';
import { hashToHex } from '../hash.js';
import { inTurns } from '../in-turns.js';
import { Blocklist } from '../matching/blocklist.js';
import type { Shelf } from '../matching/shelf.js';
import { idsOf } from '../matching/shelves.js';
import type { Withdrawn, WithdrawnKey } from '../matching/withdrawals.js';

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

  /** Whether the list has no entries. */
  async isEmpty(signal: AbortSignal | undefined): Promise<boolean> {
    for (const shelf of Blocklist.held(this.#blocklist).shelves.all()) {
      await inTurns(shelf.countSteps(), signal);
      if ((shelf.counts.get(this.#list) ?? 0) > 0) return false;
    }
    return true;
  }

  /**
   * Applies a page at once, entirely or not at all: about 30 µs for each entry that has changed.
   * Entries that are as they were stay in place.
   * @param told if given, the page is the last of a fetch from the start, and entries of the list
   *   that are not among `told` are removed, too
   * @throws {TypeError | RangeError} if an entry is invalid; nothing has changed
   */
  async apply(
    updates: readonly ListUpdate[],
    { told, signal }: { told?: ToldRecords | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<PageChange> {
    const going = told ? await this.#untold(told, signal) : new Map<Shelf, number[]>();
    const held = Blocklist.held(this.#blocklist);
    const coming: BlocklistEntry[] = [];
    const withdraw: Withdrawn[] = [];
    const reinstate: WithdrawnKey[] = [];
    for (const { key: id, source, state, entries } of latestUpdates(updates)) {
      const key = { id, source, list: this.#list };
      const isGone = state === 'withdrawn' || state === 'deleted';
      const anew = new Map<string, BlocklistEntry>();
      for (const entry of isGone ? [] : entries) {
        checkEntry(entry);
        const listed = fetchedEntry(entry, this.#list, state);
        anew.set(textOf(listed), listed);
      }
      for (const shelf of held.shelves.all()) {
        for (const at of idsOf(shelf, key)) {
          // What is there already stays.
          if (!anew.delete(textOf(shelf.entryAt(at)))) push(going, shelf, at);
        }
      }
      coming.push(...anew.values());
      const before = held.withdrawn.get(key);
      if (isGone && !before) withdraw.push({ ...key, reason: WITHDRAWN_BY_SERVICE[state] });
      if (!isGone && before && isOfService(before.reason)) reinstate.push(key);
    }
    const changed = held.exchange({ withdraw, reinstate, going, coming });
    return { ...changed, withdrawn: withdraw.length };
  }

  /** The ids of the entries that are not told. */
  async #untold(told: ToldRecords, signal: AbortSignal | undefined): Promise<Map<Shelf, number[]>> {
    const { shelves } = Blocklist.held(this.#blocklist);
    for (;;) {
      const before = shelves.all();
      const found: { shelf: Shelf; ids: number[]; added: number }[] = [];
      for (const shelf of before) {
        const { ids, added } = await inTurns(shelf.listedSteps(this.#list), signal);
        found.push({ shelf, added, ids: await inTurns(untoldSteps(shelf, ids, told), signal) });
      }
      const now = shelves.all();
      if (now.length !== before.length || now.some((shelf, at) => shelf !== before[at])) continue;
      // Some may have gone or come meanwhile.
      return new Map(
        found.map(({ shelf, ids, added }) => {
          const since = shelf.listedSince(this.#list, { ids, added });
          return [shelf, since.filter((id) => !told.has(shelf.entryAt(id)))];
        }),
      );
    }
  }
}

function* untoldSteps(
  shelf: Shelf,
  ids: readonly number[],
  told: ToldRecords,
): Generator<void, number[]> {
  const untold: number[] = [];
  for (const [at, id] of ids.entries()) {
    if (at % STEP === 0) yield;
    if (shelf.has(id) && !told.has(shelf.entryAt(id))) untold.push(id);
  }
  return untold;
}

function push(going: Map<Shelf, number[]>, shelf: Shelf, id: number): void {
  const ids = going.get(shelf) ?? [];
  going.set(shelf, ids);
  ids.push(id);
}

/** An entry as text: equal texts are equal entries. */
function textOf(entry: BlocklistEntry): string {
  const { hash, labels, quality, source, id, resample, variant, list, ...said } = entry;
  const { caseCount, opinions = [], confirmed } = said;
  const heard = opinions.map(({ from, says, tags = [] }) => [from, says, tags]);
  const fields = [quality, source, id, resample, variant, list, caseCount, heard, confirmed];
  const kept = labels.filter((label) => label !== '');
  return JSON.stringify([hash.algorithm, hashToHex(hash), kept, ...fields]);
}
