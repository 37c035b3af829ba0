import type { Withdrawn, WithdrawnKey } from '../blocklist/withdrawals.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
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
import { hashToHex } from '../hash.js';
import { inTurns } from '../in-turns.js';
import { finish } from '../indexing/segment.js';
import { Blocklist } from '../matching/blocklist.js';
import type { Exchange } from '../matching/holdings.js';
import { comingOf, type Meanwhile, unprepared } from '../matching/large-change.js';
import type { Shelf } from '../matching/shelf.js';
import { idsOf } from '../matching/shelves.js';

/** Entries that a step looks at: about 0.2 ms. */
const STEP = 256;
/** Updates that a step compares with what is in place: about 0.2 ms. */
const PLAN_STEP = 16;
/** How often a large page is prepared anew, if the blocklist keeps changing meanwhile. */
const TRIES = 4;

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
  async size(signal: AbortSignal | undefined): Promise<number> {
    let size = 0;
    for (const shelf of Blocklist.held(this.#blocklist).shelves.all()) {
      await inTurns(shelf.countSteps(), signal);
      size += shelf.counts.get(this.#list) ?? 0;
    }
    return size;
  }

  /**
   * Applies a page at once, entirely or not at all. Entries that are as they were stay in place.
   * What is compared, and what is more than some hundred entries, is prepared while the event loop
   * turns.
   * @param options `told`: if given, the page is the last of a fetch from the start, and entries of
   *   the list that are not among `told` are removed, too, unless `holdsBack` gives something
   * @throws {TypeError | RangeError} if an entry is invalid; nothing has changed
   */
  async apply(
    updates: readonly ListUpdate[],
    { told, holdsBack, signal }: ApplyOptions = {},
  ): Promise<PageChange> {
    const held = Blocklist.held(this.#blocklist);
    const meanwhile = held.begin();
    let changed: PageChange;
    try {
      changed = await inTurns(this.#applySteps(updates, { told, holdsBack }, meanwhile), signal);
    } finally {
      held.ended(meanwhile);
    }
    await held.tidied(signal);
    return changed;
  }

  *#applySteps(
    updates: readonly ListUpdate[],
    { told, holdsBack }: Omit<ApplyOptions, 'signal'>,
    meanwhile: Meanwhile,
  ): Generator<void, PageChange> {
    const held = Blocklist.held(this.#blocklist);
    for (let tries = 1; ; tries++) {
      meanwhile.withdrawn.length = 0;
      meanwhile.isStale = false;
      const shelves = held.shelves.all();
      const found = told ? yield* this.#untoldSteps(shelves, told) : [];
      const heldBack = told && holdsBack?.(found.flatMap(({ removals }) => removals));
      const untold = heldBack ? [] : found;
      const { generation } = held;
      const plan = yield* this.#planSteps(updates);
      const going = new Map(untold.map(({ shelf, ids }) => [shelf, ids]));
      const prepared = yield* held.prepareSteps({ going, coming: plan.coming }, plan.reinstate);
      if (meanwhile.isStale || !held.hasJust(shelves)) continue;
      let ready = prepared;
      let { coming, ...change } = plan;
      if (held.generation === generation) coming = unprepared(coming, prepared);
      else {
        // It has to be planned anew, and at once, unless the changes come to an end.
        if (prepared.arrivals.length > 0 && tries < TRIES) continue;
        ready = { ...prepared, arrivals: [], kept: [], parts: [] };
        ({ coming, ...change } = finish(this.#planSteps(updates)));
      }
      for (const { shelf, ids, added } of untold) {
        // Some may have gone or come meanwhile.
        const isHidden = prepared.hidings.has(shelf);
        const since = shelf.listedSince(this.#list, { ids: isHidden ? [] : ids, added });
        for (const id of since) if (!told!.has(shelf.entryAt(id))) push(change.going, shelf, id);
      }
      const { withdraw } = change;
      const changed = held.exchange({ list: this.#list, ...change, coming }, ready, meanwhile);
      return { ...changed, withdrawn: withdraw.length, heldBack };
    }
  }

  /** What a page changes, by the entries and withdrawals that are in place now. */
  *#planSteps(updates: readonly ListUpdate[]): Generator<void, Plan> {
    const held = Blocklist.held(this.#blocklist);
    const going = new Map<Shelf, number[]>();
    const coming: BlocklistEntry[] = [];
    const withdraw: Withdrawn[] = [];
    const reinstate: WithdrawnKey[] = [];
    let planned = 0;
    for (const { key: id, source, state, entries } of latestUpdates(updates)) {
      if (planned++ % PLAN_STEP === 0) yield;
      const key = { id, source, list: this.#list };
      const isGone = state === 'withdrawn' || state === 'deleted';
      const listed = (isGone ? [] : entries).map((entry) => {
        checkEntry(entry);
        return fetchedEntry(entry, this.#list, state);
      });
      const there = held.shelves
        .all()
        .flatMap((shelf) => idsOf(shelf, key).map((at) => ({ shelf, at })));
      // To tell entries apart takes longer than to add them.
      if (there.length + listed.length > 1) {
        const anew = new Map(listed.map((entry) => [textOf(entry), entry]));
        for (const { shelf, at } of there) {
          // What is there already stays.
          if (!anew.delete(textOf(shelf.entryAt(at)))) push(going, shelf, at);
        }
        coming.push(...anew.values());
      } else {
        coming.push(...listed);
        for (const { shelf, at } of there) push(going, shelf, at);
      }
      const before = held.withdrawn.get(key);
      if (isGone && !before) withdraw.push({ ...key, reason: WITHDRAWN_BY_SERVICE[state] });
      if (!isGone && before && isOfService(before.reason)) reinstate.push(key);
    }
    return { going, coming: comingOf(coming), withdraw, reinstate };
  }

  /** The ids of the entries that are not told, and how many entries had been added then. */
  *#untoldSteps(shelves: readonly Shelf[], told: ToldRecords): Generator<void, Untold[]> {
    const found: Untold[] = [];
    for (const shelf of shelves) {
      const { ids, added } = yield* shelf.listedSteps(this.#list);
      found.push({ shelf, added, ...(yield* untoldSteps(shelf, ids, told)) });
    }
    return found;
  }
}

/** How a page is applied. */
interface ApplyOptions {
  readonly told?: ToldRecords | undefined;
  readonly holdsBack?: ((untold: readonly Removal[]) => HeldBack | undefined) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The entries of a shelf that were not told. */
interface Untold {
  readonly shelf: Shelf;
  /** how many entries had been added when they were looked for */
  readonly added: number;
  readonly ids: number[];
  readonly removals: Removal[];
}

/** What a page changes. */
type Plan = Omit<Exchange, 'list' | 'going'> & { readonly going: Map<Shelf, number[]> };

function* untoldSteps(
  shelf: Shelf,
  ids: readonly number[],
  told: ToldRecords,
): Generator<void, Pick<Untold, 'ids' | 'removals'>> {
  const untold: number[] = [];
  const removals: Removal[] = [];
  for (const [at, id] of ids.entries()) {
    if (at % STEP === 0) yield;
    if (!shelf.has(id)) continue;
    const entry = shelf.entryAt(id);
    if (told.has(entry)) continue;
    untold.push(id);
    removals.push({ source: entry.source, id: entry.id });
  }
  return { ids: untold, removals };
}

function push(going: Map<Shelf, number[]>, shelf: Shelf, id: number): void {
  const ids = going.get(shelf) ?? [];
  going.set(shelf, ids);
  ids.push(id);
}

/** An entry as text: equal texts are equal entries. */
function textOf(entry: BlocklistEntry): string {
  const { hash, labels, quality, source, id, resample, variant, group, list, ...said } = entry;
  const { caseCount, opinions = [], confirmed } = said;
  const heard = opinions.map(({ from, says, tags = [] }) => [from, says, tags]);
  const fields = [quality, source, id, resample, variant, group, list, caseCount, heard];
  const kept = labels.filter((label) => label !== '');
  return JSON.stringify([hash.algorithm, hashToHex(hash), kept, ...fields, confirmed]);
}
