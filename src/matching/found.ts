import type { Kind } from '../blocklist/kind.js';
import { type Lists, listOf } from '../blocklist/lists.js';
import type { BlocklistEntry, EntryFacts } from '../entry.js';

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
 * near one hash. They are those of the list as it was when it was searched.
 */
export class Found {
  readonly #kind: Kind;
  readonly #lists: Lists;
  /** by the order of distances: the number of the entry, and the distance */
  readonly #places: Uint32Array;
  readonly count: number;

  /** @param hits pairs of number and distance */
  constructor(kind: Kind, hits: Uint32Array, lists: Lists) {
    this.#kind = kind;
    this.#lists = lists;
    this.count = hits.length / 2;
    this.#places = new Uint32Array(hits.length);
    if (this.count === 0) return;
    // A counting sort: `starts` holds where the entries of each distance begin, then go on.
    const starts = new Uint32Array(258);
    for (let i = 1; i < hits.length; i += 2) starts[hits[i]! + 1]!++;
    for (let distance = 1; distance < 258; distance++) starts[distance]! += starts[distance - 1]!;
    for (let i = 0; i < hits.length; i += 2) {
      const distance = hits[i + 1]!;
      const at = 2 * starts[distance]!++;
      this.#places[at] = hits[i]!;
      this.#places[at + 1] = distance;
    }
  }

  distanceAt(at: number): number {
    return this.#places[2 * at + 1]!;
  }

  /** `numberOf` has its number. */
  entryAt(at: number): BlocklistEntry {
    const entry = this.#kind.entryAt(this.#places[2 * at]!);
    const number = this.numberAt(at);
    if (number !== undefined) numbers.set(entry, number);
    return entry;
  }

  /** The number by which the store calls an entry that a follower has read from it. */
  numberAt(at: number): number | undefined {
    return this.#kind.numberAt(this.#places[2 * at]!);
  }

  /** What a decision depends on. The next call may overwrite it. */
  factsAt(at: number): EntryFacts {
    return this.#kind.factsAt(this.#places[2 * at]!);
  }

  /** Whether an entry counts: its list may be off. */
  counts(facts: EntryFacts): boolean {
    return this.#lists.isEnabled(listOf(facts));
  }

  /** Whether the hash was compared with any entry that counts. */
  isCompared(): boolean {
    return this.#kind.isSearched(this.#lists);
  }
}
