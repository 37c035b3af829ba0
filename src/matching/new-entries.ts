import { type BlocklistEntry, checkEntry, copyOfOpinions } from '../entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { bitsOf, type Hash, hashToHex } from '../hash.js';
import type { Coming } from './large-change.js';
import type { Shelf } from './shelf.js';
import { kindOf } from './shelves.js';

/** Entries that a step looks up: about 0.2 ms. */
const STEP = 64;
/** Marks the end of a chain. */
const END = -1;

/** Entries of one kind. */
interface Table {
  readonly rows: PackedEntries;
  chains?: Chains;
  /** what is in place, by row; a `Map` of a million took 0.5 s to go through */
  kept?: { readonly shelves: Shelf[]; readonly shelfOf: Uint16Array; readonly ids: Uint32Array };
}

/**
 * The entries that a list is to have, and which of them are in place already. Most lists that are
 * read again differ in a few entries, and only these need to be removed or added.
 */
export class NewEntries {
  readonly #list: string | undefined;
  readonly #tables = new Map<string, Table>();

  /** @param list the name of the list, which all entries are given; undefined leaves theirs */
  constructor(list: string | undefined) {
    this.#list = list;
  }

  /** @throws {TypeError | RangeError} if `entry` is invalid */
  push(entry: BlocklistEntry): void {
    checkEntry(entry);
    const { list, ...others } = entry;
    const on = this.#list ?? list ?? '';
    const { algorithm } = entry.hash;
    const bits = bitsOf(entry.hash);
    const kind = kindOf(algorithm, bits);
    let table = this.#tables.get(kind);
    if (!table) {
      table = { rows: new PackedEntries(algorithm, bits) };
      this.#tables.set(kind, table);
    }
    table.rows.push(on === '' ? others : { ...others, list: on });
  }

  /**
   * Looks up the entries that are in place, by their ids on one shelf.
   * @returns the ids of the others, which are to leave
   */
  *keepSteps(shelf: Shelf, ids: readonly number[]): Generator<void, number[]> {
    const leaving: number[] = [];
    for (const [at, id] of ids.entries()) {
      if (at % STEP === 0) yield;
      // It may have been withdrawn between two steps.
      if (!shelf.has(id)) continue;
      const entry = shelf.entryAt(id);
      const table = this.#tables.get(kindOf(entry.hash.algorithm, bitsOf(entry.hash)));
      if (table) table.chains ??= yield* chainSteps(table.rows);
      const row = table?.chains?.take(entry);
      if (row === undefined) leaving.push(id);
      else keep(table!, row, shelf, id);
    }
    return leaving;
  }

  /** Nothing is in place. */
  forget(): void {
    for (const table of this.#tables.values()) {
      delete table.chains;
      delete table.kept;
    }
  }

  /** As `coming`, step by step: the rows that were not in place when a step came to them. */
  *comingSteps(): Generator<void, Coming[]> {
    const tables: Coming[] = [];
    for (const { rows, coming } of this.coming()) {
      const all: number[] = [];
      for (const row of coming) if (all.push(row) % STEP === 0) yield;
      tables.push({ rows, coming: all });
    }
    return tables;
  }

  /** The rows that are not in place now, also because what was has gone meanwhile. */
  coming(): { rows: PackedEntries; coming: Iterable<number> }[] {
    return [...this.#tables.values()].map((table) => ({
      rows: table.rows,
      coming: comingOf(table),
    }));
  }
}

function keep(table: Table, row: number, shelf: Shelf, id: number): void {
  const { size } = table.rows;
  table.kept ??= {
    shelves: [],
    shelfOf: new Uint16Array(size),
    ids: new Uint32Array(size),
  };
  const { shelves, shelfOf, ids } = table.kept;
  if (shelves.at(-1) !== shelf) shelves.push(shelf);
  shelfOf[row] = shelves.length;
  ids[row] = id;
}

/** About 10 ns a row that is in place. */
function* comingOf({ rows, kept }: Table): Generator<number> {
  for (let row = 0; row < rows.size; row++) {
    const shelf = kept?.shelves[kept.shelfOf[row]! - 1];
    if (!shelf?.has(kept!.ids[row]!)) yield row;
  }
}

/** The rows of a table in chains, by their hashes and ids. */
class Chains {
  readonly #rows: PackedEntries;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;

  constructor(rows: PackedEntries) {
    this.#rows = rows;
    let length = 1;
    while (length < rows.size) length *= 2;
    this.#heads = new Int32Array(length).fill(END);
    this.#next = new Int32Array(rows.size).fill(END);
  }

  add(row: number): void {
    const at = this.#chainOf(this.#rows.hashAt(row), this.#rows.idAt(row));
    this.#next[row] = this.#heads[at]!;
    this.#heads[at] = row;
  }

  /** Takes a row whose entry is the same out of its chain. */
  take(entry: BlocklistEntry): number | undefined {
    const at = this.#chainOf(entry.hash, entry.id);
    let text: string | undefined;
    let before = END;
    for (let row = this.#heads[at]!; row !== END; row = this.#next[row]!) {
      if (this.#rows.idAt(row) === entry.id) {
        text ??= textOf(entry);
        if (textOf(this.#rows.entryAt(row)) === text) {
          if (before === END) this.#heads[at] = this.#next[row]!;
          else this.#next[before] = this.#next[row]!;
          return row;
        }
      }
      before = row;
    }
    return undefined;
  }

  #chainOf({ bytes }: Hash, id = ''): number {
    let mix = 0;
    for (const byte of bytes) mix = Math.imul(mix ^ byte, 0x9e3779b1) ^ (mix >>> 15);
    for (let i = 0; i < id.length; i++) {
      mix = Math.imul(mix ^ id.charCodeAt(i), 0x9e3779b1) ^ (mix >>> 15);
    }
    return (mix >>> 0) % this.#heads.length;
  }
}

function* chainSteps(rows: PackedEntries): Generator<void, Chains> {
  const chains = new Chains(rows);
  // From the last one on, so that of equal rows the first is taken first.
  for (let row = rows.size - 1; row >= 0; row--) {
    if (row % STEP === 0) yield;
    chains.add(row);
  }
  return chains;
}

/** All that an entry says but for its list. */
function textOf({ hash, labels, quality, source, id, ...others }: BlocklistEntry): string {
  const { resample, variant, group, caseCount, opinions, confirmed } = others;
  const said = opinions && copyOfOpinions(opinions);
  const fields = [hashToHex(hash), labels, quality, source, id, resample, variant, group];
  return JSON.stringify([...fields, caseCount, said, confirmed]);
}
