import type { BlocklistEntry } from '../entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import type { Algorithm, Bits, Hash } from '../hash.js';
import { createIndex } from '../indexing/create.js';
import { grown } from '../indexing/grown.js';
import type { HammingIndex, Hit } from '../indexing/hamming-index.js';

/** What the ids of an index stand for: row = id. `PackedEntries` is one; another may read them from a file. */
export interface EntryRows {
  /** one more than the highest row */
  readonly size: number;
  entryAt(row: number): BlocklistEntry;
  idAt(row: number): string | undefined;
  /** the rows there are, if not all below `size` are */
  rows?(): Iterable<number>;
}

/** An index, of a snapshot say, and the entries that its ids stand for. */
export interface IndexedEntries {
  readonly index: HammingIndex;
  readonly entries: EntryRows;
  /** degenerate entries that were left out of the index; undefined if nobody looked for them */
  readonly degenerate?: number | undefined;
}

/** Marks an added entry that is gone; the id of no entry. */
const GONE = 0xffffffff;

/**
 * The entries of one algorithm and width under one index, which gives each its id: those of an
 * attached index, then those that were added here. These are indexed all at once by the first
 * search, and one by one from then on. A call that throws has changed nothing: whatever can fail
 * comes before the first write.
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

  /** whether the index may have degenerate entries that were not counted */
  readonly uncounted: boolean;

  constructor(algorithm: Algorithm, bits: Bits, attached?: IndexedEntries) {
    this.uncounted = attached !== undefined && attached.degenerate === undefined;
    this.#added = new PackedEntries(algorithm, bits);
    this.#attached = attached?.entries;
    this.#index = attached?.index;
  }

  /** Entries that a search can find. */
  get size(): number {
    return this.#index?.size ?? this.#added.size;
  }

  add(entry: BlocklistEntry): void {
    const { hash, id: name } = entry;
    if (this.#count === this.#rows.length) {
      this.#rows = grown(this.#rows, Math.max(64, 2 * this.#count));
    }
    const named = this.#bySourceId && name !== undefined ? listOf(this.#bySourceId, name) : [];
    const free = this.#free.at(-1);
    const row = this.#added.put(entry, free);
    let id = this.#count;
    try {
      if (this.#index) id = this.#index.add(hash);
    } catch (error) {
      if (free === undefined) this.#added.pop();
      else this.#added.erase(row);
      throw error;
    }
    this.#free.pop();
    this.#firstId ??= id;
    this.#rows[this.#count++] = row;
    named.push(id);
  }

  /** A function that takes out whatever is added from now on. It cannot fail. */
  checkpoint(): () => void {
    const count = this.#count;
    this.#readyToRemove();
    return () => {
      for (let at = this.#count - 1; at >= count; at--) {
        const name = this.#added.idAt(this.#rows[at]!);
        const id = this.#firstId! + at;
        if (this.#index) this.#remove(id, name);
        else {
          this.#forgetName(name, id);
          this.#added.pop();
          this.#count--;
        }
      }
    };
  }

  /** The ids within `maxDistance` of `hash`, and how far they are. */
  search(hash: Hash, maxDistance: number): Hit[] {
    if (maxDistance < 0 || this.size === 0) return [];
    return this.#indexed().search(hash, Math.min(maxDistance, this.#added.bits));
  }

  entryAt(id: number): BlocklistEntry {
    const place = this.#placeOf(id);
    return place.rows.entryAt(place.row);
  }

  /** The ids of the entries of exactly this hash. */
  idsOfHash(hash: Hash): number[] {
    const { algorithm, bits } = this.#added;
    if (hash.algorithm !== algorithm || hash.bytes.length * 8 !== bits) return [];
    return this.search(hash, 0).map(({ id }) => id);
  }

  /** The ids of the entries that their source calls `name`: any source, or the one that is told. */
  idsOfName(name: string, source: string | undefined): number[] {
    this.#bySourceId ??= this.#idsBySourceId();
    const ids = this.#bySourceId.get(name) ?? [];
    return ids.filter((id) => source === undefined || this.entryAt(id).source === source);
  }

  /** A function that takes out the entries of these ids, and returns how many. It cannot fail. */
  prepareRemoval(ids: readonly number[]): () => number {
    if (ids.length === 0) return () => 0;
    this.#indexed();
    this.#readyToRemove();
    const names = ids.map((id) => {
      const { rows, row } = this.#placeOf(id);
      return rows.idAt(row);
    });
    return () => ids.reduce((count, id, i) => count + this.#remove(id, names[i]), 0);
  }

  #indexed(): HammingIndex {
    this.#index ??= createIndex(this.#added.hashes);
    return this.#index;
  }

  /** An index allocates in its first removal, even of an id that no entry has: so it does now. */
  #readyToRemove(): void {
    this.#index?.remove(GONE);
  }

  /** Takes out one entry, and overwrites its hash if it was added here. 0 if it had gone before. */
  #remove(id: number, name: string | undefined): number {
    const { rows, row } = this.#placeOf(id);
    if (row === GONE) return 0;
    this.#forgetName(name, id);
    if (rows === this.#added) {
      this.#added.erase(row);
      this.#free.push(row);
      this.#rows[id - this.#firstId!] = GONE;
    }
    return this.#index!.remove(id);
  }

  #placeOf(id: number): { rows: EntryRows; row: number } {
    return this.#firstId !== undefined && id >= this.#firstId
      ? { rows: this.#added, row: this.#rows[id - this.#firstId]! }
      : { rows: this.#attached!, row: id };
  }

  #idsBySourceId(): Map<string, number[]> {
    const names = new Map<string, number[]>();
    const note = (name: string | undefined, id: number) => {
      if (name !== undefined) listOf(names, name).push(id);
    };
    const attached = this.#attached;
    if (attached)
      for (const id of attached.rows?.() ?? below(attached.size)) note(attached.idAt(id), id);
    for (let at = 0; at < this.#count; at++) {
      const row = this.#rows[at]!;
      if (row !== GONE) note(this.#added.idAt(row), this.#firstId! + at);
    }
    return names;
  }

  #forgetName(name: string | undefined, id: number): void {
    const ids = name === undefined ? undefined : this.#bySourceId?.get(name);
    if (!ids?.includes(id)) return;
    ids.splice(ids.indexOf(id), 1);
    if (ids.length === 0) this.#bySourceId?.delete(name!);
  }
}

/** The list under `name`, made if there is none. */
function listOf(lists: Map<string, number[]>, name: string): number[] {
  let list = lists.get(name);
  if (!list) {
    list = [];
    lists.set(name, list);
  }
  return list;
}

function* below(count: number): Generator<number> {
  for (let i = 0; i < count; i++) yield i;
}
