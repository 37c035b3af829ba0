import type { BlocklistEntry } from '../exchange/blocklist-entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import type { Algorithm, Bits, Hash } from '../hash.js';
import { createIndex } from '../indexing/create.js';
import type { HammingIndex } from '../indexing/hamming-index.js';

/** What the ids of an index stand for, row by row. `PackedEntries` is one; another may read them from a file. */
export interface EntryRows {
  readonly size: number;
  entryAt(row: number): BlocklistEntry;
  idAt(row: number): string | undefined;
}

/** An index, of a snapshot say, and the entries that its ids stand for. */
export interface IndexedEntries {
  readonly index: HammingIndex;
  readonly entries: EntryRows;
}

/** Rows added since the last rebuilding have an index of their own, up to this many. */
const MAX_TAIL = 1024;

/** An index over the rows from `from` on. */
interface Part {
  readonly from: number;
  readonly index: HammingIndex;
}

/**
 * The entries of one algorithm and width, searchable: the rows of an attached index, then those that were added here,
 * which are indexed when a search next comes.
 */
export class Shelf {
  readonly #attached: IndexedEntries | undefined;
  #added: PackedEntries;
  #main: Part | undefined;
  #tail: Part | undefined;
  /** added rows under #main, and under both */
  #inMain = 0;
  #indexed = 0;
  readonly #removed = new Set<number>();
  /** removed rows among those added here */
  #erased = 0;
  /** rows by the id of their entry, made by the first look-up */
  #rowsById: Map<string, number[]> | undefined;

  constructor(algorithm: Algorithm, bits: Bits, attached?: IndexedEntries) {
    this.#attached = attached;
    this.#added = new PackedEntries(algorithm, bits);
  }

  /** Entries that a search can find. */
  get size(): number {
    return (this.#attached?.index.size ?? 0) + this.#added.size - this.#removed.size;
  }

  add(entry: BlocklistEntry): void {
    const row = this.#from + this.#added.push(entry);
    if (entry.id !== undefined) this.#noteId(entry.id, row);
  }

  /** The rows within `maxDistance` of `hash`, and how far they are. */
  search(hash: Hash, maxDistance: number): { row: number; distance: number }[] {
    if (maxDistance < 0) return [];
    this.#indexAdded();
    const attached = this.#attached && { from: 0, index: this.#attached.index };
    const found: { row: number; distance: number }[] = [];
    for (const part of [attached, this.#main, this.#tail]) {
      if (part === undefined) continue;
      for (const { id, distance } of part.index.search(
        hash,
        Math.min(maxDistance, part.index.bits),
      )) {
        const row = part.from + id;
        if (!this.#removed.has(row)) found.push({ row, distance });
      }
    }
    return found;
  }

  entryAt(row: number): BlocklistEntry {
    const { rows, at } = this.#at(row);
    return rows.entryAt(at);
  }

  /** The rows of exactly this hash. */
  rowsAt(hash: Hash): number[] {
    const { algorithm, bits } = this.#added;
    if (hash.algorithm !== algorithm || hash.bytes.length * 8 !== bits) return [];
    return this.search(hash, 0).map(({ row }) => row);
  }

  /** The rows whose entry has this id, and this source unless it is undefined. */
  rowsOf(id: string, source: string | undefined): number[] {
    // Indexing may number rows anew.
    this.#indexAdded();
    if (this.#rowsById === undefined) {
      this.#rowsById = new Map();
      for (let row = 0; row < this.#from + this.#added.size; row++) {
        const { rows, at } = this.#at(row);
        const its = rows.idAt(at);
        if (its !== undefined) this.#noteId(its, row);
      }
    }
    const ofId = this.#rowsById.get(id) ?? [];
    return ofId.filter((row) => {
      const { hash, source: its } = this.entryAt(row);
      // An attached index may have lost the row before it came here.
      return (source ?? its) === its && this.rowsAt(hash).includes(row);
    });
  }

  /** No search finds `row` any more; if it was added here, its hash is overwritten too. */
  remove(row: number): void {
    this.#removed.add(row);
    if (row < this.#from) return;
    this.#added.erase(row - this.#from);
    this.#erased++;
  }

  #indexAdded(): void {
    const size = this.#added.size;
    if (this.#indexed === size) return;
    if (size - this.#inMain <= MAX_TAIL) {
      const { algorithm, bits, bytes } = this.#added.hashes;
      const hashes = { algorithm, bits, bytes: bytes.subarray((this.#inMain * bits) / 8) };
      this.#tail = { from: this.#from + this.#inMain, index: createIndex(hashes) };
      this.#indexed = size;
    } else {
      if (4 * this.#erased > size) this.#dropErased();
      this.#main = { from: this.#from, index: createIndex(this.#added.hashes) };
      this.#tail = undefined;
      this.#inMain = this.#added.size;
      this.#indexed = this.#added.size;
    }
  }

  /** Numbers the added rows anew, without the erased ones. */
  #dropErased(): void {
    const { algorithm, bits } = this.#added;
    const from = this.#from;
    const kept = new PackedEntries(algorithm, bits);
    for (let row = 0; row < this.#added.size; row++) {
      if (!this.#removed.delete(from + row)) kept.push(this.#added.entryAt(row));
    }
    this.#added = kept;
    this.#erased = 0;
    this.#rowsById = undefined;
  }

  /** Where the added rows start. */
  get #from(): number {
    return this.#attached?.entries.size ?? 0;
  }

  #at(row: number): { rows: EntryRows; at: number } {
    const from = this.#from;
    return row < from
      ? { rows: this.#attached!.entries, at: row }
      : { rows: this.#added, at: row - from };
  }

  #noteId(id: string, row: number): void {
    const rows = this.#rowsById?.get(id);
    if (rows) rows.push(row);
    else this.#rowsById?.set(id, [row]);
  }
}
