import type { BlocklistEntry } from '../entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import type { Algorithm, Bits, Hash } from '../hash.js';
import type { HammingIndex, Hit } from '../indexing/hamming-index.js';
import { createIndex } from '../indexing/mutable-index.js';
import { EXACT_DISTANCE } from '../indexing/near.js';
import { grown } from '../packed-words.js';
import { type Policy, policyUnder } from './policy.js';

/**
 * Entries by the ids of an index: row = id. `PackedEntries` is one implementation; another may read
 * them from a file.
 */
export interface EntryRows {
  /** one more than the highest row */
  readonly size: number;
  entryAt(row: number): BlocklistEntry;
  idAt(row: number): string | undefined;
  /** the existing rows; absent if all rows below `size` exist */
  rows?(): Iterable<number>;
}

/** An index, for example from a snapshot, and the entries behind its ids. */
export interface IndexedEntries {
  readonly index: HammingIndex;
  readonly entries: EntryRows;
  /** number of degenerate entries left out of the index; undefined if nobody counted them */
  readonly degenerate?: number | undefined;
}

/** Marks a removed entry; no entry has this id. */
const GONE = 0xffffffff;

/**
 * The entries of one algorithm and width, under one index that gives each its id: first those of an
 * attached index, then those added here. The first search indexes the added entries all at once;
 * later ones are indexed one by one. A call that throws has changed nothing: everything that can
 * fail comes before the first write.
 */
export class Shelf {
  readonly #attached: EntryRows | undefined;
  readonly #added: PackedEntries;
  #index: HammingIndex | undefined;
  /** the id of the first added entry */
  #firstId: number | undefined;
  /** the row in #added of each added entry, in the order of ids */
  #rows = new Uint32Array(0);
  #count = 0;
  /** erased rows of #added, for reuse */
  readonly #free: number[] = [];
  /** index ids by the entries' own ids; built by the first look-up */
  #bySourceId: Map<string, number[]> | undefined;

  /** whether the index may hold degenerate entries that were not counted */
  readonly uncounted: boolean;

  constructor(algorithm: Algorithm, bits: Bits, attached?: IndexedEntries) {
    this.uncounted = attached !== undefined && attached.degenerate === undefined;
    this.#added = new PackedEntries(algorithm, bits);
    this.#attached = attached?.entries;
    this.#index = attached?.index;
  }

  /** The number of entries that a search can find. */
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

  /** Returns a function that removes everything added from now on. That function cannot fail. */
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

  /** The ids within `maxDistance` of `hash`, with their distances. */
  search(hash: Hash, maxDistance: number): Hit[] {
    if (maxDistance < 0 || this.size === 0) return [];
    return this.#indexed().search(hash, Math.min(maxDistance, this.#added.bits));
  }

  /**
   * The ids within `matchDistance` of `hash`, and those of a near search within `reviewDistance`.
   */
  searchNear(hash: Hash, { matchDistance, reviewDistance }: Policy, ranks?: Uint8Array): Hit[] {
    const { bits } = this.#added;
    if (reviewDistance <= matchDistance) return this.search(hash, matchDistance);
    if (this.size === 0) return [];
    const near = this.#indexed().searchNear(hash, Math.min(reviewDistance, bits), { ranks });
    // A near search finds all to there.
    if (matchDistance <= EXACT_DISTANCE) return near;
    const beyond = near.filter(({ distance }) => distance > matchDistance);
    return [...this.search(hash, matchDistance), ...beyond];
  }

  entryAt(id: number): BlocklistEntry {
    const place = this.#placeOf(id);
    return place.rows.entryAt(place.row);
  }

  /** The ids of the entries with exactly this hash. */
  idsOfHash(hash: Hash): number[] {
    const { algorithm, bits } = this.#added;
    if (hash.algorithm !== algorithm || hash.bytes.length * 8 !== bits) return [];
    return this.search(hash, 0).map(({ id }) => id);
  }

  /** The ids of the entries whose own id is `name`, of any source or of the given one. */
  idsOfName(name: string, source: string | undefined): number[] {
    this.#bySourceId ??= this.#idsBySourceId();
    const ids = this.#bySourceId.get(name) ?? [];
    return ids.filter((id) => source === undefined || this.entryAt(id).source === source);
  }

  /**
   * Returns a function that removes the entries of these ids and returns their number. That
   * function cannot fail.
   */
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
    if (this.#index) return this.#index;
    const { algorithm, bits, hashes } = this.#added;
    const { reviewDistance } = policyUnder({}, algorithm, bits);
    this.#index = createIndex(hashes, { maxDistance: reviewDistance });
    return this.#index;
  }

  /**
   * An index allocates in its first removal, even of an id that no entry has. This makes it do so
   * now.
   */
  #readyToRemove(): void {
    this.#index?.remove(GONE);
  }

  /**
   * Removes one entry, and overwrites its hash if it was added here. Returns 0 if it was already
   * gone.
   */
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

/** The list under `name`, created if absent. */
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
