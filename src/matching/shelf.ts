import type { BlocklistEntry } from '../exchange/blocklist-entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import type { Algorithm, Bits, Hash } from '../hash.js';
import { createIndex } from '../indexing/create.js';
import type { HammingIndex, Hit } from '../indexing/hamming-index.js';

/** What the ids of an index stand for: row = id. `PackedEntries` is one; another may read them from a file. */
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

/** Marks an added entry that is gone. */
const GONE = 0xffffffff;

/**
 * The entries of one algorithm and width under one index, which gives each its id: those of an attached index, then
 * those that were added here. These are indexed all at once by the first search, and one by one from then on.
 */
export class Shelf {
  readonly #attached: EntryRows | undefined;
  readonly #added: PackedEntries;
  #index: HammingIndex | undefined;
  /** the id of the first added entry */
  #firstId: number | undefined;
  /** where in #added each added entry is, in the order of ids */
  #rows = new Uint32Array(0);
  #count = 0;
  /** rows of #added to be written again */
  readonly #free: number[] = [];
  /** ids by what the entries' sources call them; made by the first look-up */
  #bySourceId: Map<string, number[]> | undefined;

  constructor(algorithm: Algorithm, bits: Bits, attached?: IndexedEntries) {
    this.#added = new PackedEntries(algorithm, bits);
    this.#attached = attached?.entries;
    this.#index = attached?.index;
  }

  /** Entries that a search can find. */
  get size(): number {
    return this.#index?.size ?? this.#added.size;
  }

  add(entry: BlocklistEntry): void {
    const row = this.#added.put(entry, this.#free.pop());
    const id = this.#index === undefined ? this.#count : this.#index.add(entry.hash);
    this.#firstId ??= id;
    if (this.#count === this.#rows.length) {
      const grown = new Uint32Array(Math.max(64, 2 * this.#count));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#rows[this.#count++] = row;
    if (entry.id !== undefined) this.#noteId(entry.id, id);
  }

  /** The ids within `maxDistance` of `hash`, and how far they are. */
  search(hash: Hash, maxDistance: number): Hit[] {
    if (maxDistance < 0) return [];
    return this.#indexed().search(hash, Math.min(maxDistance, this.#added.bits));
  }

  entryAt(id: number): BlocklistEntry {
    const place = this.#placeOf(id);
    return place.rows.entryAt(place.row);
  }

  /** Takes out every entry of exactly this hash; returns how many. */
  withdrawHash(hash: Hash): number {
    const { algorithm, bits } = this.#added;
    if (hash.algorithm !== algorithm || hash.bytes.length * 8 !== bits) return 0;
    let count = 0;
    for (const { id } of this.search(hash, 0)) count += this.#remove(id);
    return count;
  }

  /** Takes out every entry that its source calls `name`, any source or the one that is told; returns how many. */
  withdrawId(name: string, source: string | undefined): number {
    this.#bySourceId ??= this.#idsBySourceId();
    let count = 0;
    for (const id of this.#bySourceId.get(name)?.slice() ?? []) {
      if (source === undefined || this.entryAt(id).source === source) count += this.#remove(id);
    }
    return count;
  }

  #indexed(): HammingIndex {
    this.#index ??= createIndex(this.#added.hashes);
    return this.#index;
  }

  /** Takes out one entry, and overwrites its hash if it was added here. 0 if the index had lost it before. */
  #remove(id: number): number {
    const { rows, row } = this.#placeOf(id);
    const name = rows.idAt(row);
    const others = name && this.#bySourceId?.get(name)?.filter((other) => other !== id);
    if (name && others) this.#bySourceId?.set(name, others);
    if (name && others?.length === 0) this.#bySourceId?.delete(name);
    if (rows === this.#added) {
      this.#added.erase(row);
      this.#free.push(row);
      this.#rows[id - this.#firstId!] = GONE;
    }
    return this.#indexed().remove(id);
  }

  #placeOf(id: number): { rows: EntryRows; row: number } {
    return this.#firstId !== undefined && id >= this.#firstId
      ? { rows: this.#added, row: this.#rows[id - this.#firstId]! }
      : { rows: this.#attached!, row: id };
  }

  #idsBySourceId(): Map<string, number[]> {
    this.#bySourceId = new Map();
    for (let id = 0; id < (this.#attached?.size ?? 0); id++) {
      const name = this.#attached!.idAt(id);
      if (name !== undefined) this.#noteId(name, id);
    }
    for (let at = 0; at < this.#count; at++) {
      const row = this.#rows[at]!;
      const name = row === GONE ? undefined : this.#added.idAt(row);
      if (name !== undefined) this.#noteId(name, this.#firstId! + at);
    }
    return this.#bySourceId;
  }

  #noteId(name: string, id: number): void {
    const ids = this.#bySourceId?.get(name);
    if (ids) ids.push(id);
    else this.#bySourceId?.set(name, [id]);
  }
}
