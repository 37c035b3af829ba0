import type { BlocklistEntry } from '../entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { bitsOf } from '../hash.js';
import { checkIndex } from '../indexing/hamming-index.js';
import { isDegenerate } from './degenerate.js';
import type { IndexedEntries } from './entry-rows.js';
import { type ListSettings, Lists } from './lists.js';
import type { NewEntries } from './new-entries.js';
import { type FrozenShelf, Shelf } from './shelf.js';
import { idsOf, kindOf, prepareAll, Shelves } from './shelves.js';
import {
  type Covered,
  copyOf,
  Withdrawals,
  type Withdrawn,
  type WithdrawnKey,
} from './withdrawals.js';

/** Why an entry was kept out of matching. */
export type KeptOutReason = 'degenerate' | 'withdrawn';

/** Called with each entry that is kept out. */
export type OnKeptOut = (entry: BlocklistEntry, reason: KeptOutReason) => void;

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

/** Changes that are made together. */
export interface Exchange {
  readonly withdraw: readonly Withdrawn[];
  readonly reinstate: readonly WithdrawnKey[];
  /** the ids of entries that are removed, by shelf */
  readonly going: ReadonlyMap<Shelf, readonly number[]>;
  readonly coming: readonly BlocklistEntry[];
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

  constructor(onKeptOut: OnKeptOut | undefined) {
    this.#onKeptOut = onKeptOut;
  }

  reasonToKeepOut(entry: Covered): KeptOutReason | undefined {
    if (isDegenerate(entry.hash)) return 'degenerate';
    return this.withdrawn.cover(entry) ? 'withdrawn' : undefined;
  }

  /** @returns whether it was added, not kept out */
  add(entry: BlocklistEntry): boolean {
    const bits = bitsOf(entry.hash);
    const reason = this.reasonToKeepOut(entry);
    if (reason !== undefined) {
      this.#onKeptOut?.(entry, reason);
      this.#countKeptOut([reason]);
      return false;
    }
    this.shelves.forAdding(entry.hash.algorithm, bits).add(entry);
    this.generation++;
    return true;
  }

  addAll(table: PackedEntries): void {
    const added = this.#addRows([{ rows: table, coming: below(table.size) }]);
    if (added > 0) this.generation++;
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
    const remove = prepareAll(shelf, this.withdrawn.values());
    this.shelves.push(algorithm, bits, shelf);
    this.#countKeptOut([], { degenerate, withdrawn: remove() });
    this.generation++;
  }

  /** @param withdrawal is kept @returns how many entries were removed */
  withdraw(withdrawal: Withdrawn): number {
    const shelves = this.shelves.all();
    const removals = shelves.map((shelf) => shelf.prepareRemoval(idsOf(shelf, withdrawal)));
    const isNew = this.withdrawn.set(withdrawal);
    const removed = sumOf(removals);
    if (isNew || removed > 0) this.generation++;
    return removed;
  }

  /**
   * Makes several changes at once: withdrawals, reinstatements, entries that go and entries that
   * come. What came is kept out or not by the withdrawals that are in force afterwards.
   */
  exchange({ withdraw, reinstate, going, coming }: Exchange): { added: number; removed: number } {
    const tables = new Map<string, PackedEntries>();
    for (const entry of coming) {
      const { algorithm } = entry.hash;
      const bits = bitsOf(entry.hash);
      const kind = kindOf(algorithm, bits);
      const table = tables.get(kind) ?? new PackedEntries(algorithm, bits);
      tables.set(kind, table);
      table.push(entry);
    }
    const removals = [...going].map(([shelf, ids]) => shelf.prepareRemoval([...new Set(ids)]));
    const undo: (() => void)[] = [];
    let added: number;
    try {
      for (const key of reinstate) {
        const before = this.withdrawn.get(key);
        if (before === undefined) continue;
        undo.push(() => this.withdrawn.set(before));
        this.withdrawn.delete(key);
      }
      for (const withdrawal of withdraw) {
        const before = this.withdrawn.get(withdrawal);
        undo.push(() => {
          this.withdrawn.delete(withdrawal);
          if (before) this.withdrawn.set(before);
        });
        this.withdrawn.set(withdrawal);
      }
      const rows = [...tables.values()].map((table) => ({
        rows: table,
        coming: below(table.size),
      }));
      added = this.#addRows(rows);
    } catch (error) {
      for (const each of undo.reverse()) each();
      throw error;
    }
    // Nothing can fail from here on.
    const removed = sumOf(removals);
    if (added + removed + undo.length > 0) this.generation++;
    return { added, removed };
  }

  setLists(lists: Lists): void {
    this.lists = lists;
    this.generation++;
  }

  /**
   * Gives a list these entries in place of those that it has: step by step what takes long, and all
   * changes at the last step.
   * @param isForgotten the list loses its settings, too
   */
  *replaceSteps(
    name: string,
    anew: NewEntries,
    isForgotten: boolean,
  ): Generator<void, { added: number; removed: number }> {
    for (;;) {
      const shelves = this.shelves.all();
      const listed: { ids: number[]; added: number }[] = [];
      anew.forget();
      for (const shelf of shelves) {
        yield* shelf.indexSteps();
        const found = yield* shelf.listedSteps(name);
        listed.push({ ...found, ids: yield* anew.keepSteps(shelf, found.ids) });
      }
      // Another shelf may have come, or others taken the place of these.
      const now = this.shelves.all();
      if (now.length === shelves.length && now.every((shelf, at) => shelf === shelves[at])) {
        const going = shelves.map((shelf, at) => shelf.listedSince(name, listed[at]!));
        return this.#replace(shelves, going, anew, isForgotten ? name : undefined);
      }
    }
  }

  /** Removes the entries of these ids, by shelf, and adds the new ones that are not in place. */
  #replace(
    shelves: readonly Shelf[],
    going: readonly (readonly number[])[],
    anew: NewEntries,
    forgotten: string | undefined,
  ): { added: number; removed: number } {
    const removals = shelves.map((shelf, at) => shelf.prepareRemoval(going[at]!));
    const known = this.lists.entries().length;
    const lists = forgotten === undefined ? this.lists : this.lists.without(forgotten);
    const added = this.#addRows(anew.coming());
    // Nothing can fail from here on.
    const removed = sumOf(removals);
    if (added + removed > 0 || lists.entries().length < known) this.generation++;
    this.lists = lists;
    return { added, removed };
  }

  /** Adds all these rows of some tables, or none. @returns how many were not kept out */
  #addRows(tables: readonly { rows: PackedEntries; coming: Iterable<number> }[]): number {
    const kept: KeptOutReason[] = [];
    const fitting = tables.map(({ rows, coming }): [PackedEntries, number[]] => [
      rows,
      [...coming],
    ]);
    let before: number;
    do {
      before = this.generation;
      for (const each of fitting) {
        const [rows, coming] = each;
        const out = new Map<number, KeptOutReason>();
        each[1] = coming.filter((row) => {
          const entry = this.withdrawn.size > 0 ? rows.entryAt(row) : { hash: rows.hashAt(row) };
          const reason = this.reasonToKeepOut(entry);
          if (reason !== undefined) out.set(row, reason);
          return reason === undefined;
        });
        for (const reason of out.values()) kept.push(reason);
        // The callback may throw, so it is called before anything is added.
        for (const [row, reason] of out) this.#onKeptOut?.(rows.entryAt(row), reason);
      }
      // It may also withdraw what was found to fit.
    } while (this.generation !== before);
    const undo: (() => void)[] = [];
    let added = 0;
    try {
      for (const [rows, fits] of fitting) {
        const shelf = this.shelves.forAdding(rows.algorithm, rows.bits);
        undo.push(shelf.checkpoint());
        for (const row of fits) shelf.add(rows.entryAt(row));
        added += fits.length;
      }
    } catch (error) {
      for (const each of undo.reverse()) each();
      throw error;
    }
    this.#countKeptOut(kept);
    return added;
  }

  /** Takes the entries of another; the settings and withdrawals of both hold afterwards. */
  takeFrom(other: Holdings): void {
    // The other has already kept out what both withdrew.
    const own = this.withdrawn.values();
    const missing = own.filter((withdrawal) => !other.withdrawn.has(withdrawal));
    const removals = other.shelves.all().map((shelf) => prepareAll(shelf, missing));
    const withdrawn = new Withdrawals();
    for (const each of [...other.withdrawn.values(), ...own]) withdrawn.set(each);
    const lists = new Lists([...other.lists.entries(), ...this.lists.entries()]);
    const none = new Shelves();
    // Nothing can fail from here on.
    const removed = sumOf(removals);
    this.shelves = other.shelves;
    other.shelves = none;
    this.withdrawn = withdrawn;
    this.lists = lists;
    this.keptOut = { ...other.keptOut, withdrawn: other.keptOut.withdrawn + removed };
    this.generation = Math.max(this.generation, other.generation) + 1;
    other.generation++;
  }

  /**
   * Makes the indexes that are missing, step by step, and freezes all at the last step. Its shelves
   * must be released.
   */
  *freezeSteps(): Generator<void, FrozenList> {
    // Another shelf may come while this one is indexed.
    const coldOne = () => this.shelves.all().find((shelf) => !shelf.isIndexed);
    for (let cold = coldOne(); cold; cold = coldOne()) yield* cold.indexSteps();
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
      const shelf = new Shelf(algorithm, bits, { index, entries, degenerate: 0 });
      this.shelves.push(algorithm, bits, shelf);
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

/** Takes out what was prepared. */
const sumOf = (removals: readonly (() => number)[]) =>
  removals.reduce((count, remove) => count + remove(), 0);

function* below(end: number): Generator<number> {
  for (let i = 0; i < end; i++) yield i;
}
