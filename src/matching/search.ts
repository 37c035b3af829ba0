import {
  isCompared,
  type Kind,
  type ListState,
  type Lists,
  type SearchingThreads,
} from '../blocklist/list-state.js';
import { type BlocklistEntry, type EntryFacts, listOf, noteNumber } from '../entry.js';
import { DIGESTS, type Digest, type Hash, isDegenerate, WIDTHS } from '../hash.js';
import { hitsOf, isExact, joined, PartSearch, type Scope } from '../indexing/part-search.js';
import { kindOf, typeOf } from '../packed-words.js';
import { type Distant, MOST_GIVEN, nearestOf, type Order, type Policy } from '../policy.js';
import type { HashedVariant } from '../variant.js';
import type { SearchPolicy } from './list-rules.js';

/** A list to search. It may change meanwhile. */
export interface SearchableList {
  /** its current state */
  readonly state: ListState;
  /** threads that search it, if not this one */
  readonly threads: SearchingThreads | undefined;
}

/** The digests that an enabled list holds: only these of a file can match. */
export const digestsOn = ({ state }: Pick<SearchableList, 'state'>): Digest[] =>
  DIGESTS.filter((algorithm) => {
    const [bits] = WIDTHS[algorithm];
    return isCompared(state.of({ algorithm, bits }), state.lists);
  });

/**
 * The entries near a variant, of all lists: every one within `matchDistance`, and those of a near
 * search within `reviewDistance`.
 */
export function foundIn(state: ListState, variant: HashedVariant, policy: SearchPolicy): Found {
  const { hash } = variant;
  const { poorDistance } = policy;
  const kind = state.of(typeOf(hash));
  // Without ranks, a near search takes four times as long. This one is exact, and finds next to
  // nothing; if it does, the order of all hits is that of the near search.
  if (poorDistance !== undefined && hitsWithin(kind, hash, poorDistance).length === 0) {
    return new Found(kind, NO_HITS, state.lists);
  }
  return new Found(kind, nearHits(kind, hash, policy, ranksFor(variant, policy)), state.lists);
}

/**
 * As `foundIn`, by threads: resolves to a function that returns the entries, which is valid until
 * the list changes. `undefined` if threads do not do this search.
 */
export function foundBy(
  threads: SearchingThreads,
  state: ListState,
  variant: HashedVariant,
  policy: SearchPolicy,
): Promise<() => Found> | undefined {
  if (policy.poorDistance !== undefined) return undefined;
  const { hash } = variant;
  const kind = state.of(typeOf(hash));
  const ranks = ranksFor(variant, policy);
  const asked = nearHitsBy(threads, kind, hash, policy, ranks);
  return asked?.then(
    (hits) => () => new Found(kind, hits ?? nearHits(kind, hash, policy, ranks), state.lists),
  );
}

/** The ranks of a hash, if its bits allow any conclusion. */
const ranksFor = ({ hash, quality, ranks }: HashedVariant, { minQuality }: Policy) =>
  (quality ?? 100) >= minQuality && !isDegenerate(hash) ? ranks : undefined;

const NO_HITS = /* @__PURE__ */ new Uint32Array(0);
/** Buffers of searches, by kind. */
const searches = /* @__PURE__ */ new Map<string, PartSearch>();

/** Begins a search. */
function searchFor({ algorithm, bits }: Kind, hash: Hash): PartSearch {
  const name = kindOf(algorithm, bits);
  const search = searches.get(name) ?? new PartSearch({ algorithm, bits });
  searches.set(name, search);
  search.ask(hash);
  return search;
}

/** The entries within a distance: new pairs of number and distance. */
export function hitsWithin(kind: Kind, hash: Hash, maxDistance: number): Uint32Array {
  if (maxDistance < 0) return NO_HITS;
  return hitsIn(kind, searchFor(kind, hash), Math.min(maxDistance, kind.bits));
}

/** Those within `matchDistance`, and those of a near search within `reviewDistance`, in pairs. */
function nearHits(
  kind: Kind,
  hash: Hash,
  { matchDistance, reviewDistance }: Policy,
  ranks: Uint8Array | undefined,
): Uint32Array {
  if (reviewDistance <= matchDistance) return hitsWithin(kind, hash, matchDistance);
  const max = Math.min(reviewDistance, kind.bits);
  const search = searchFor(kind, hash);
  const near = hitsIn(kind, search, max, search.near(max, ranks));
  // A near search finds all up to there.
  if (isExact(kind, matchDistance)) return near;
  const within = hitsWithin(kind, hash, matchDistance);
  return joined([within, hitsOf(near, (_, distance) => distance > matchDistance)]);
}

/**
 * As `nearHits`, with some segments searched by threads.
 * @returns undefined if all are searched here; resolves to undefined if one was not searched
 */
export function nearHitsBy(
  threads: Pick<SearchingThreads, 'searchNear'>,
  kind: Kind,
  hash: Hash,
  { matchDistance, reviewDistance }: Policy,
  ranks: Uint8Array | undefined,
): Promise<Uint32Array | undefined> | undefined {
  // Exact searches run here, in less time than a message takes.
  if (!isExact(kind, matchDistance) || isExact(kind, reviewDistance)) return undefined;
  const max = Math.min(reviewDistance, 256);
  const asked = kind.parts.map(({ table }) => threads.searchNear(table.searched, hash, max, ranks));
  if (asked.every((one) => one === undefined)) return undefined;
  const search = searchFor(kind, hash);
  const near = search.near(max, ranks);
  const here = hitsIn(kind, search, max, near, (at) => asked[at] === undefined);
  return Promise.all(asked).then((answers) => {
    const found = [here];
    for (const [at, hits] of answers.entries()) {
      if (asked[at] === undefined) continue;
      if (hits === undefined) return undefined;
      const { living, base } = kind.all[at]!;
      const there = hitsOf(hits, (entry) => living.has(entry));
      for (let i = 0; i < there.length; i += 2) there[i]! += base;
      found.push(there);
    }
    return joined(found);
  });
}

/** Hits of a search over some parts. */
function hitsIn(
  kind: Kind,
  search: PartSearch,
  max: number,
  near?: Scope['near'],
  isMeant?: (at: number) => boolean,
): Uint32Array {
  let total = 0;
  for (const [at, { table, living, base }] of kind.all.entries()) {
    const { searched, size } = table;
    if (size === 0 || isMeant?.(at) === false) continue;
    const scope = {
      base,
      isNumbered: true,
      near,
      // A delta may share its table with a longer one.
      to: Math.min(size, searched.count),
      live: living.lost > 0 ? living : undefined,
    };
    total = search.search(searched, max, total, scope);
  }
  return total === 0 ? NO_HITS : search.pairs(total);
}

/**
 * The entries near a hash, the nearest first: those at one distance, in the order in which they
 * were found. Entries are made on demand, since a list may hold any number of them near one hash.
 * They belong to the state of the list that was searched.
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
    this.#places = this.count === 0 ? NO_HITS : new Uint32Array(hits.length);
    if (this.count === 0) return;
    // A counting sort: `starts` holds the first place of each distance, then the next free one.
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

  /** Entry `at`; `numberOf` returns its number. */
  entryAt(at: number): BlocklistEntry {
    const place = this.#places[2 * at]!;
    const entry = this.#kind.entryAt(place);
    const number = this.#kind.numberAt(place);
    if (number !== undefined) noteNumber(entry, number);
    return entry;
  }

  /** The data that a decision depends on. The next call may overwrite it. */
  factsAt(at: number): EntryFacts {
    return this.#kind.factsAt(this.#places[2 * at]!);
  }

  /** True if an entry counts: its list may be disabled. */
  counts(facts: EntryFacts): boolean {
    return this.#lists.isEnabled(listOf(facts));
  }

  /** True if the hash was compared with any entry that counts. */
  isCompared(): boolean {
    return isCompared(this.#kind, this.#lists);
  }
}

/** Collects the nearest items, in memory that depends only on the number of lists. */
export class Nearest<T extends Distant> {
  readonly #order: Order<T>;
  #kept: T[] = [];
  /** of the kept ones, by list: the distance of the nearest */
  readonly #nearest = new Map<string, number>();
  /** items at this distance or farther come after `MOST_GIVEN` others */
  #limit = Number.POSITIVE_INFINITY;
  #count = 0;

  constructor(order: Order<T>) {
    this.#order = order;
  }

  /** Number of items so far. */
  get count(): number {
    return this.#count;
  }

  /** Counts an item. @returns true if it is among the nearest; `push` it then */
  takes(list: string, distance: number): boolean {
    this.#count++;
    return distance < this.#limit || distance < (this.#nearest.get(list) ?? 257);
  }

  push(one: T): void {
    const { list, distance } = one;
    const nearest = this.#nearest.get(list);
    if (nearest === undefined || distance < nearest) this.#nearest.set(list, distance);
    this.#kept.push(one);
    const { length } = this.#kept;
    if (length >= 2 * MOST_GIVEN + this.#nearest.size) {
      this.#kept = this.kept();
      this.#limit = this.#kept[MOST_GIVEN - 1]!.distance;
    } else if (length === MOST_GIVEN) {
      this.#limit = Math.max(...this.#kept.map((each) => each.distance));
    }
  }

  /** The nearest items so far, in order. */
  kept(): T[] {
    return nearestOf(this.#kept, this.#order);
  }
}
