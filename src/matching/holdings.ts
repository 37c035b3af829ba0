import type { BlocklistEntry } from '../entry.js';
import type { PackedEntries } from '../exchange/packed-entries.js';
import { bitsOf } from '../hash.js';
import { inTurns } from '../in-turns.js';
import { checkIndex } from '../indexing/hamming-index.js';
import { isDegenerate } from './degenerate.js';
import type { IndexedEntries } from './entry-rows.js';
import {
  type Coming,
  dueForMerge,
  type Keeper,
  type Meanwhile,
  mergedSteps,
  type Prepared,
  preparedSteps,
  unprepared,
} from './large-change.js';
import { type ListSettings, Lists } from './lists.js';
import type { NewEntries } from './new-entries.js';
import type { SearchingThreads } from './searching-threads.js';
import { type FrozenShelf, Shelf } from './shelf.js';
import { prepareAll, Shelves, widenedBy } from './shelves.js';
import {
  type Covered,
  copyOf,
  type KeptOutReason,
  type OnKeptOut,
  Withdrawals,
  type Withdrawn,
  type WithdrawnKey,
} from './withdrawals.js';

/** A blocklist as it was when it was frozen, to be saved. */
export interface FrozenList extends Omit<SavedList, 'parts'> {
  readonly shelves: readonly FrozenShelf[];
}

/** What a saved blocklist holds. */
export interface SavedList {
  readonly generation: number;
  readonly keptOut: Readonly<Record<KeptOutReason, number>>;
  readonly withdrawals: readonly Withdrawn[];
  /** the settings of lists, by name */
  readonly lists: readonly (readonly [string, ListSettings])[];
  readonly parts: readonly IndexedEntries[];
}

/** Entries of a shelf, or from a table, that a change removes or adds at once: about 8 ms. */
const MOST_AT_ONCE = 512;
/** How often a change of many entries is prepared anew, if others keep changing what it needs. */
const TRIES = 4;

const NOTHING: Prepared = { hidings: new Map(), arrivals: [], kept: [], parts: [] };

/** Changes that are made together. */
export interface Exchange {
  /** of the entries that are prepared to be hidden */
  readonly list?: string;
  readonly withdraw: readonly Withdrawn[];
  readonly reinstate: readonly WithdrawnKey[];
  /** the ids of entries that are removed, by shelf */
  readonly going: ReadonlyMap<Shelf, readonly number[]>;
  readonly coming: readonly Coming[];
}

/**
 * What a blocklist holds: entries, withdrawals, the settings of lists, and the number of changes of
 * these. Arguments have been checked. A call that throws has changed nothing: whatever can fail
 * comes before the first write.
 */
export class Holdings {
  readonly #onKeptOut: OnKeptOut | undefined;
  keptOut: Readonly<Record<KeptOutReason, number>> = { degenerate: 0, withdrawn: 0 };
  shelves = new Shelves();
  lists = new Lists();
  withdrawn = new Withdrawals();
  generation = 0;
  /** By path: checksums of the saved states that are part of this one. */
  origins: ReadonlyMap<string, readonly number[]> = new Map();
  /** more entries are prepared step by step; tests prepare few */
  mostAtOnce = MOST_AT_ONCE;
  /** where decisions that may wait are searched */
  threads: SearchingThreads | undefined;
  /** of the changes that are being prepared */
  readonly #preparing = new Set<Meanwhile>();

  constructor(onKeptOut: OnKeptOut | undefined) {
    this.#onKeptOut = onKeptOut;
  }

  /** @param lifted withdrawals that are as good as lifted */
  reasonToKeepOut(entry: Covered, lifted?: Withdrawals): KeptOutReason | undefined {
    if (isDegenerate(entry.hash)) return 'degenerate';
    return this.withdrawn.cover(entry, lifted) ? 'withdrawn' : undefined;
  }

  /** @returns whether it was added, not kept out */
  add(entry: BlocklistEntry): boolean {
    const bits = bitsOf(entry.hash);
    const reason = this.reasonToKeepOut(entry);
    if (reason !== undefined) {
      this.#onKeptOut?.(entry, reason);
      if (reason === 'withdrawn') this.#widen(entry);
      this.#countKeptOut([reason]);
      return false;
    }
    this.shelves.forAdding(entry.hash.algorithm, bits).add(entry);
    this.generation++;
    return true;
  }

  /** Withdraws the picture of which a withdrawn entry is a part. */
  #widen(entry: BlocklistEntry): void {
    for (const wider of this.withdrawn.widened(entry)) this.withdraw(wider);
  }

  addAll(table: PackedEntries): void {
    const late = [{ rows: table, coming: below(table.size) }];
    const { added } = this.#arrive(late, NOTHING, [], () => () => 0);
    if (added > 0) this.generation++;
  }

  /** As `addAll`: step by step what takes long, and all at the last step. @returns how many */
  *addSteps(tables: readonly PackedEntries[]): Generator<void, number> {
    const meanwhile = this.begin();
    try {
      const all = tables.map((rows) => ({ rows, coming: [...below(rows.size)] }));
      for (;;) {
        meanwhile.isStale = false;
        const change = { going: new Map<Shelf, number[]>(), coming: all };
        const prepared = yield* this.prepareSteps(change);
        if (meanwhile.isStale) continue;
        const added = this.#arrive(
          unprepared(all, prepared),
          prepared,
          meanwhile.withdrawn,
          () => () => 0,
        ).added;
        if (added > 0) this.generation++;
        return added;
      }
    } finally {
      this.ended(meanwhile);
    }
  }

  /** @throws {TypeError} if `part` is not an index with its entries */
  attach(part: IndexedEntries): void {
    checkIndex(part.index);
    const { entries, degenerate = 0 } = part;
    if (typeof entries?.entryAt !== 'function' || typeof entries.idAt !== 'function') {
      throw new TypeError('expected entries with functions entryAt and idAt');
    }
    const { algorithm, bits } = part.index;
    const shelf = new Shelf(algorithm, bits, part);
    const withdrawn = this.withdrawn.values();
    const wider = widenedBy([shelf], withdrawn);
    const remove = prepareAll(shelf, [...withdrawn, ...wider]);
    const removals = this.shelves.all().map((each) => prepareAll(each, wider));
    for (const each of wider) this.withdrawn.set(each);
    this.#tell(wider);
    sumOf(removals);
    this.shelves.push(algorithm, bits, shelf);
    this.#countKeptOut([], { degenerate, withdrawn: remove() });
    this.generation++;
  }

  /**
   * Of a hash, its whole group goes: what names the picture, and the pictures that the entries of
   * this hash are parts of.
   * @param withdrawal is kept
   * @returns how many entries were removed
   */
  withdraw(withdrawal: Withdrawn): number {
    const shelves = this.shelves.all();
    const withdrawn = [withdrawal, ...widenedBy(shelves, [withdrawal])];
    const removals = shelves.map((shelf) => prepareAll(shelf, withdrawn));
    const isNew = withdrawn.map((each) => this.withdrawn.set(each)).includes(true);
    this.#tell(withdrawn);
    const removed = sumOf(removals);
    if (isNew || removed > 0) this.generation++;
    return removed;
  }

  /** Tells those who prepare a change what is withdrawn meanwhile. */
  #tell(withdrawn: readonly Withdrawn[]): void {
    for (const each of this.#preparing) each.withdrawn.push(...withdrawn);
  }

  /** @returns whether there was such a withdrawal */
  reinstate(key: WithdrawnKey): boolean {
    const isLifted = this.withdrawn.delete(key);
    if (isLifted) {
      this.generation++;
      this.#outdate();
    }
    return isLifted;
  }

  /** A change is being prepared, until `ended`. */
  begin(): Meanwhile {
    const meanwhile: Meanwhile = { withdrawn: [], isStale: false };
    this.#preparing.add(meanwhile);
    return meanwhile;
  }

  ended(meanwhile: Meanwhile): void {
    this.#preparing.delete(meanwhile);
  }

  /** What is being prepared has to be prepared anew. */
  #outdate(): void {
    for (const each of this.#preparing) each.isStale = true;
  }

  /**
   * Makes several changes at once: withdrawals, reinstatements, entries that go and entries that
   * come. What came is kept out or not by the withdrawals that are in force afterwards.
   * @param prepared of this change, and what came meanwhile
   */
  exchange(
    { list = '', withdraw, reinstate, going, coming }: Exchange,
    prepared = NOTHING,
    meanwhile?: Meanwhile,
  ): { added: number; removed: number } {
    const undo: (() => void)[] = [];
    let changed: { added: number; removed: number };
    try {
      for (const key of reinstate) {
        const lifted = this.withdrawn.get(key);
        if (lifted === undefined) continue;
        undo.push(() => this.withdrawn.set(lifted));
        this.withdrawn.delete(key);
      }
      for (const withdrawal of withdraw) {
        const known = this.withdrawn.get(withdrawal);
        undo.push(() => {
          this.withdrawn.delete(withdrawal);
          if (known) this.withdrawn.set(known);
        });
        this.withdrawn.set(withdrawal);
      }
      const withdrawn = [...(meanwhile?.withdrawn ?? []), ...withdraw];
      changed = this.#arrive(coming, prepared, withdrawn, () => {
        const removals = [...going].map(([shelf, ids]) => shelf.prepareRemoval([...new Set(ids)]));
        return () => sumOf(removals) + hideAll(prepared, list);
      });
    } catch (error) {
      for (const each of undo.reverse()) each();
      throw error;
    }
    // Nothing can fail from here on.
    this.#tell(withdraw);
    if (reinstate.length > 0) this.#outdate();
    const { added, removed } = changed;
    if (added + removed + undo.length > 0) this.generation++;
    return { added, removed };
  }
  setLists(lists: Lists): void {
    this.lists = lists;
    this.generation++;
  }

  /** Prepares a change of many entries. @param reinstate withdrawals that it lifts */
  prepareSteps(
    change: { going: ReadonlyMap<Shelf, readonly number[]>; coming: readonly Coming[] },
    reinstate: readonly WithdrawnKey[] = [],
  ): Generator<void, Prepared> {
    const lifted = new Withdrawals();
    for (const key of reinstate) lifted.set(key);
    const keeper: Keeper = {
      reasonFor: (entry) => this.reasonToKeepOut(entry, lifted),
      tell: this.#onKeptOut,
    };
    return preparedSteps(change, keeper, this.mostAtOnce);
  }

  /**
   * Gives a list these entries in place of those that it has: step by step what takes long, and all
   * changes at the last step. What is only hidden then is left to `tidySteps`.
   * @param isForgotten the list loses its settings, too
   */
  *replaceSteps(
    name: string,
    anew: NewEntries,
    isForgotten: boolean,
  ): Generator<void, { added: number; removed: number }> {
    const meanwhile = this.begin();
    try {
      for (let tries = 1; ; tries++) {
        const shelves = this.shelves.all();
        const listed: { ids: number[]; added: number }[] = [];
        anew.forget();
        meanwhile.withdrawn.length = 0;
        meanwhile.isStale = false;
        for (const shelf of shelves) {
          yield* shelf.indexSteps();
          const found = yield* shelf.listedSteps(name);
          listed.push({ ...found, ids: yield* anew.keepSteps(shelf, found.ids) });
        }
        const coming = yield* anew.comingSteps();
        const going = new Map(shelves.map((shelf, at) => [shelf, listed[at]!.ids]));
        const prepared = yield* this.prepareSteps({ going, coming });
        // Another shelf may have come, or others taken the place of these.
        if (meanwhile.isStale || !this.hasJust(shelves)) continue;
        const left = shelves.map((shelf, at) => {
          const { ids, added } = listed[at]!;
          return shelf.listedSince(name, { ids: prepared.hidings.has(shelf) ? [] : ids, added });
        });
        const late = unprepared(anew.coming(), prepared);
        const isMuch =
          left.some((ids) => ids.length > this.mostAtOnce) ||
          late.some(({ coming }) => coming.length > this.mostAtOnce);
        if (isMuch && tries < TRIES) continue;
        const known = this.lists.entries().length;
        const lists = isForgotten ? this.lists.without(name) : this.lists;
        const { added, removed } = this.#arrive(late, prepared, meanwhile.withdrawn, () => {
          const removals = shelves.map((shelf, at) => shelf.prepareRemoval(left[at]!));
          return () => sumOf(removals) + hideAll(prepared, name);
        });
        // Nothing can fail from here on.
        if (added + removed > 0 || lists.entries().length < known) this.generation++;
        this.lists = lists;
        return { added, removed };
      }
    } finally {
      this.ended(meanwhile);
    }
  }

  /** Whether these are all shelves, in their order. */
  hasJust(shelves: readonly Shelf[]): boolean {
    const now = this.shelves.all();
    return now.length === shelves.length && now.every((shelf, at) => shelf === shelves[at]);
  }

  /**
   * Adds rows of some tables, and what was prepared, or nothing; and removes what goes.
   * @param withdrawn since it was prepared
   * @param prepareRemoval gives a function that removes it, which cannot fail
   */
  #arrive(
    late: readonly { rows: PackedEntries; coming: Iterable<number> }[],
    { arrivals, kept, parts }: Prepared,
    withdrawn: readonly Withdrawn[],
    prepareRemoval: () => () => number,
  ): { added: number; removed: number } {
    const wider: Withdrawn[] = [];
    let added: number;
    let removals: (() => number)[];
    let widerRemovals: (() => number)[];
    let removeOld: () => number;
    const widen = (entry: BlocklistEntry): boolean => {
      const more = this.withdrawn.widened(entry);
      for (const each of more) this.withdrawn.set(each);
      wider.push(...more);
      return more.length > 0;
    };
    try {
      for (const part of parts) widen(part);
      // Callbacks are first: they may change the list.
      const fitting = this.#fitting(late, widen);
      removeOld = prepareRemoval();
      widerRemovals = this.shelves.all().map((shelf) => prepareAll(shelf, wider));
      removals = arrivals.map(({ shelf }) => prepareAll(shelf, [...withdrawn, ...wider]));
      added = this.#addFitting(fitting);
    } catch (error) {
      this.withdrawn.narrow(wider);
      throw error;
    }
    // Nothing can fail from here on.
    this.#tell(wider);
    if (wider.length > 0) this.generation++;
    const removed = sumOf(widerRemovals) + removeOld();
    this.#countKeptOut(kept, { withdrawn: sumOf(removals) });
    for (const { shelf } of arrivals) {
      if (shelf.size > 0) this.shelves.push(shelf.algorithm, shelf.bits, shelf);
      added += shelf.size;
    }
    return { added, removed };
  }

  /**
   * The rows that are not kept out. Those who are told of the others may change the list.
   * @param widen withdraws the picture of which a withdrawn entry is a part; returns whether that
   *   is new
   */
  #fitting(
    tables: readonly { rows: PackedEntries; coming: Iterable<number> }[],
    widen: (entry: BlocklistEntry) => boolean,
  ): Fitting {
    const kept: KeptOutReason[] = [];
    const fitting = tables.map(({ rows, coming }): [PackedEntries, number[]] => [
      rows,
      [...coming],
    ]);
    let before: number;
    let isWider: boolean;
    do {
      before = this.generation;
      isWider = false;
      for (const each of fitting) {
        const [rows, coming] = each;
        const out = new Map<number, KeptOutReason>();
        each[1] = coming.filter((row) => {
          const entry = this.withdrawn.size > 0 ? rows.entryAt(row) : { hash: rows.hashAt(row) };
          const reason = this.reasonToKeepOut(entry);
          if (reason !== undefined) out.set(row, reason);
          if (reason === 'withdrawn' && widen(entry as BlocklistEntry)) isWider = true;
          return reason === undefined;
        });
        for (const reason of out.values()) kept.push(reason);
        for (const [row, reason] of out) this.#onKeptOut?.(rows.entryAt(row), reason);
      }
      // A withdrawal may be of what was found to fit.
    } while (this.generation !== before || isWider);
    return { rows: fitting, kept };
  }

  /** Adds all these rows, or none. @returns how many */
  #addFitting({ rows: fitting, kept }: Fitting): number {
    const undo: (() => void)[] = [];
    let added = 0;
    try {
      for (const [rows, fits] of fitting) {
        if (fits.length === 0) continue;
        const shelf = this.shelves.forAdding(rows.algorithm, rows.bits);
        undo.push(shelf.checkpoint());
        for (const row of fits) shelf.add(rows.numberedAt(row));
        added += fits.length;
      }
    } catch (error) {
      for (const each of undo.reverse()) each();
      throw error;
    }
    this.#countKeptOut(kept);
    return added;
  }

  /**
   * Removes what is hidden, and merges shelves that many entries came on, so that few are left. It
   * changes no answer. What it does not come to is left to the next.
   */
  *tidySteps(): Generator<void, void> {
    for (const shelf of this.shelves.all()) yield* shelf.sweepSteps();
    for (;;) {
      const due = this.shelves
        .kinds()
        .map(dueForMerge)
        .find(({ length }) => length > 1);
      if (!due) return;
      const merged = yield* mergedSteps(due, this.mostAtOnce);
      const { shelves } = this;
      const all = shelves.all();
      if (!due.every((shelf) => all.includes(shelf))) continue;
      // Others keep changing what it merges.
      if (!merged.catchUp()) return;
      shelves.merge(due, merged.shelf);
    }
  }

  /**
   * `tidySteps`, while the event loop turns. The changes are made: what fails here is left to the
   * next call.
   */
  async tidied(signal: AbortSignal | undefined): Promise<void> {
    try {
      await inTurns(this.tidySteps(), signal);
    } catch {
      // Entries that are hidden stay hidden, and shelves lie side by side.
    }
  }

  /** Takes the entries of another; the settings and withdrawals of both hold afterwards. */
  takeFrom(other: Holdings): void {
    // The other has already kept out what both withdrew.
    const own = this.withdrawn.values();
    const missing = own.filter((withdrawal) => !other.withdrawn.holds(withdrawal));
    missing.push(...widenedBy(other.shelves.all(), missing));
    const removals = other.shelves.all().map((shelf) => prepareAll(shelf, missing));
    const withdrawn = new Withdrawals();
    for (const each of [...other.withdrawn.values(), ...own, ...missing]) withdrawn.set(each);
    const lists = new Lists([...other.lists.entries(), ...this.lists.entries()]);
    const none = new Shelves();
    const origins = new Map(other.origins);
    for (const [path, sums] of this.origins) {
      origins.set(path, [...sums, ...(origins.get(path) ?? [])]);
    }
    // Nothing can fail from here on.
    const removed = sumOf(removals);
    this.#outdate();
    other.#outdate();
    this.shelves = other.shelves;
    other.shelves = none;
    this.withdrawn = withdrawn;
    this.lists = lists;
    this.keptOut = { ...other.keptOut, withdrawn: other.keptOut.withdrawn + removed };
    this.origins = origins;
    this.generation = Math.max(this.generation, other.generation) + 1;
    other.generation++;
  }

  /**
   * Makes the indexes that are missing, step by step, and freezes all at the last step. Its shelves
   * must be released.
   */
  *freezeSteps(): Generator<void, FrozenList> {
    // Another shelf may come while this one is indexed.
    const coldOne = () => this.shelves.all().find((shelf) => !(shelf.isIndexed && shelf.isSwept));
    for (let cold = coldOne(); cold; cold = coldOne()) {
      yield* cold.indexSteps();
      yield* cold.sweepSteps();
    }
    const { generation, keptOut } = this;
    const withdrawals = this.withdrawn.values();
    const lists = this.lists.entries();
    const shelves: FrozenShelf[] = [];
    try {
      for (const shelf of this.shelves.all()) if (shelf.size > 0) shelves.push(shelf.freeze());
    } catch (error) {
      for (const shelf of shelves) shelf.release();
      throw error;
    }
    return { generation, keptOut: { ...keptOut }, withdrawals, lists, shelves };
  }

  /** Takes what was saved, if nothing is held yet: entries without those that it withdrew. */
  restore(saved: SavedList): void {
    for (const each of saved.withdrawals) this.withdrawn.set(copyOf(each));
    for (const { index, entries } of saved.parts) {
      const { algorithm, bits } = index;
      const part = { index, entries, degenerate: 0 };
      this.shelves.push(algorithm, bits, new Shelf(algorithm, bits, part, { isOwn: true }));
    }
    this.lists = new Lists(saved.lists);
    this.keptOut = { ...this.keptOut, ...saved.keptOut };
    this.generation = saved.generation;
  }

  #countKeptOut(reasons: readonly KeptOutReason[], more: Partial<typeof this.keptOut> = {}): void {
    const { degenerate = 0, withdrawn = 0 } = more;
    const counts = {
      degenerate: this.keptOut.degenerate + degenerate,
      withdrawn: this.keptOut.withdrawn + withdrawn,
    };
    for (const reason of reasons) counts[reason]++;
    this.keptOut = counts;
  }
}

/** Rows of tables that are not kept out, and why others are. */
interface Fitting {
  readonly rows: readonly (readonly [PackedEntries, readonly number[]])[];
  readonly kept: readonly KeptOutReason[];
}

/** Hides what was prepared, of one list. */
function hideAll({ hidings }: Prepared, list: string): number {
  let hidden = 0;
  for (const [shelf, hiding] of hidings) hidden += shelf.hide(hiding, list);
  return hidden;
}

/** Takes out what was prepared. */
const sumOf = (removals: readonly (() => number)[]) =>
  removals.reduce((count, remove) => count + remove(), 0);

function* below(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}
