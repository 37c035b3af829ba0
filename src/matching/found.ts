import type { BlocklistEntry, EntryFacts } from '../entry.js';
import { isDegenerate } from './degenerate.js';
import { type Lists, listOf } from './lists.js';
import type { Shelf } from './shelf.js';

const numbers = /* @__PURE__ */ new WeakMap<BlocklistEntry, number>();

/**
 * The number by which the store calls the entry of a match, as it was when the list was searched;
 * undefined if the list does not follow a store.
 * @param entry the very object that the match has, and no copy
 */
export const numberOf = (entry: BlocklistEntry): number | undefined => numbers.get(entry);

/**
 * The entries near a hash, the nearest first: of those at one distance, in the order in which they
 * were found. No entry is made before it is asked for, since a list may hold any number of them
 * near one hash. It holds until the list changes.
 */
export class Found {
  readonly #shelves: readonly Shelf[];
  readonly #lists: Lists;
  /** by the order of distances: the number of the shelf, the id there, and the distance */
  readonly #places: Uint32Array;
  readonly count: number;

  /** @param hits of each shelf: pairs of id and distance */
  constructor(shelves: readonly Shelf[], hits: readonly Uint32Array[], lists: Lists) {
    this.#shelves = shelves;
    this.#lists = lists;
    let pairs = 0;
    for (const { length } of hits) pairs += length;
    this.count = pairs / 2;
    this.#places = new Uint32Array(3 * this.count);
    if (this.count === 0) return;
    // A counting sort: `starts` holds where the entries of each distance begin, then go on.
    const starts = new Uint32Array(258);
    for (const each of hits) for (let i = 1; i < each.length; i += 2) starts[each[i]! + 1]!++;
    for (let distance = 1; distance < 258; distance++) starts[distance]! += starts[distance - 1]!;
    for (const [shelf, each] of hits.entries()) {
      for (let i = 0; i < each.length; i += 2) {
        const distance = each[i + 1]!;
        const at = 3 * starts[distance]!++;
        this.#places[at] = shelf;
        this.#places[at + 1] = each[i]!;
        this.#places[at + 2] = distance;
      }
    }
  }

  distanceAt(at: number): number {
    return this.#places[3 * at + 2]!;
  }

  /** `numberOf` has its number. */
  entryAt(at: number): BlocklistEntry {
    const entry = this.#shelfAt(at).entryAt(this.#places[3 * at + 1]!);
    const number = this.numberAt(at);
    if (number !== undefined) numbers.set(entry, number);
    return entry;
  }

  /** The number by which the store calls an entry that a follower has read from it. */
  numberAt(at: number): number | undefined {
    return this.#shelfAt(at).numberAt(this.#places[3 * at + 1]!);
  }

  /** What a decision depends on. The next call may overwrite it. */
  factsAt(at: number): EntryFacts {
    return this.#shelfAt(at).factsAt(this.#places[3 * at + 1]!);
  }

  /** Whether an entry counts: an attached index may hold degenerate hashes, and lists are off. */
  counts(facts: EntryFacts): boolean {
    return !isDegenerate(facts.hash) && this.#lists.isEnabled(listOf(facts));
  }

  /** Whether the hash was compared with any entry that counts. */
  isCompared(): boolean {
    return this.#shelves.some((shelf) => shelf.isSearched(this.#lists));
  }

  #shelfAt(at: number): Shelf {
    return this.#shelves[this.#places[3 * at]!]!;
  }
}
