import {
  type BlocklistEntry,
  type EntryFacts,
  type NumberedEntry,
  textOfEntry,
  textOfSaid,
} from '../entry.js';
import { type Algorithm, type Bits, type Hash, hashToHex, hexOf } from '../hash.js';
import { askNear, EXACT_DISTANCE } from '../indexing/near.js';
import { hitsOf, joined, PartSearch } from '../indexing/part-search.js';
import type { Part as Searched, Segment } from '../indexing/segment.js';
import type { Policy } from '../policy.js';
import type { Columns } from './columns.js';
import { Delta, Living } from './delta.js';
import type { Lists } from './lists.js';
import { encoded } from './texts.js';

/** Entries that a step looks at: about 0.3 ms. */
const STEP = 64;

/** Entries by their numbers, and what a search of them goes through. */
export interface Table {
  readonly size: number;
  readonly searched: Searched;
  /** how many entries are on each list */
  readonly counts: ReadonlyMap<string, number>;
  entryAt(entry: number): BlocklistEntry;
  /** As `entryAt`, with the number by which a store calls it. */
  numberedAt(entry: number): NumberedEntry;
  /** What a decision depends on. The next call may overwrite it. */
  factsAt(entry: number): EntryFacts;
  /** The name of its list, '' for the unnamed one. */
  listAt(entry: number): string;
  numberAt(entry: number): number | undefined;
  onList(list: string): Iterable<number>;
  /** @param bytes the id as `Texts` holds it */
  ofId(id: string, bytes: Uint8Array): readonly number[];
  ofGroup(group: string): number[];
}

/** A table, and which of its entries are there. */
export interface Part<T extends Table = Table> {
  readonly table: T;
  readonly living: Living;
}

/** A segment of a list. */
export type ListedPart = Part<Columns>;

/** An index file that is open, as `openIndex` gives it; it is searched as it is. */
export interface OpenedEntries {
  readonly listed: ListedPart;
  /** degenerate entries that it left out */
  readonly degenerate: number | undefined;
}

const NO_HITS = /* @__PURE__ */ new Uint32Array(0);
/** Buffers of searches, by kind. */
const searches = /* @__PURE__ */ new Map<string, PartSearch>();

/**
 * The entries of one algorithm and width: segments, the largest first, and a delta of the newest.
 * It does not change. An entry is called by its number among all, those of the first segment first.
 */
export class Kind {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly parts: readonly Part<Columns>[];
  readonly delta: Part<Delta>;
  readonly #all: readonly Part[];
  readonly #bases: readonly number[];
  readonly #search: PartSearch;
  #counts: ReadonlyMap<string, number> | undefined;

  constructor(
    algorithm: Algorithm,
    bits: Bits,
    parts: readonly Part<Columns>[] = [],
    delta: Part<Delta> = { table: new Delta(algorithm, bits), living: new Living() },
  ) {
    this.algorithm = algorithm;
    this.bits = bits;
    this.parts = parts;
    this.delta = delta;
    this.#all = [...parts, delta];
    const bases: number[] = [];
    let base = 0;
    for (const { table } of this.#all) {
      bases.push(base);
      base += table.size;
    }
    this.#bases = bases;
    const name = kindOf(algorithm, bits);
    this.#search = searches.get(name) ?? new PartSearch({ algorithm, bits });
    searches.set(name, this.#search);
  }

  /** The number of entries that a search can find. */
  get size(): number {
    let size = 0;
    for (const { table, living } of this.#all) size += table.size - living.lost;
    return size;
  }

  /** Its parts and where their numbers begin. */
  *all(): Generator<Part & { readonly base: number }> {
    for (const [at, part] of this.#all.entries()) yield { ...part, base: this.#bases[at]! };
  }

  /** The entries within a distance: fresh pairs of number and distance. */
  search(hash: Hash, maxDistance: number): Uint32Array {
    return this.#pairs(hash, Math.min(maxDistance, this.bits));
  }

  /** Those within `matchDistance`, and those of a near search within `reviewDistance`, in pairs. */
  searchNear(
    hash: Hash,
    { matchDistance, reviewDistance }: Policy,
    ranks?: Uint8Array,
  ): Uint32Array {
    const within = () => this.#pairs(hash, Math.min(matchDistance, this.bits));
    if (reviewDistance <= matchDistance) return within();
    const near = this.#nearPairs(hash, Math.min(reviewDistance, this.bits), ranks);
    // A near search finds all to there.
    if (matchDistance <= EXACT_DISTANCE) return near;
    return joined([within(), hitsOf(near, (_, distance) => distance > matchDistance)]);
  }

  /**
   * As `searchNear`, with some segments searched elsewhere.
   * @param ask has a segment searched to a distance, in pairs; undefined: it is searched here
   * @returns undefined if all would be searched here; resolves to undefined if one was not searched
   */
  searchNearBy(
    ask: (segment: Segment, maxDistance: number) => Promise<Uint32Array | undefined> | undefined,
    hash: Hash,
    { matchDistance, reviewDistance }: Policy,
    ranks?: Uint8Array,
  ): Promise<Uint32Array | undefined> | undefined {
    // What is exact is found here, in less time than a message takes.
    if (this.bits !== 256 || matchDistance > EXACT_DISTANCE) return undefined;
    if (reviewDistance <= EXACT_DISTANCE) return undefined;
    const max = Math.min(reviewDistance, this.bits);
    const asked = this.parts.map(({ table }) => ask(table.searched, max));
    if (asked.every((one) => one === undefined)) return undefined;
    this.#search.ask(hash);
    const near = askNear(this.#search.query, ranks);
    const here = this.#pairsIn(max, near, (at) => asked[at] === undefined);
    return Promise.all(asked).then((answers) => {
      const found = [here];
      for (const [at, hits] of answers.entries()) {
        if (asked[at] === undefined) continue;
        if (hits === undefined) return undefined;
        const { living } = this.parts[at]!;
        const there = hitsOf(hits, (entry) => living.has(entry));
        for (let i = 0; i < there.length; i += 2) there[i]! += this.#bases[at]!;
        found.push(there);
      }
      return joined(found);
    });
  }

  #nearPairs(hash: Hash, max: number, ranks: Uint8Array | undefined): Uint32Array {
    if (this.bits === 64 || max <= EXACT_DISTANCE) return this.#pairs(hash, max);
    this.#search.ask(hash);
    return this.#pairs(hash, max, askNear(this.#search.query, ranks));
  }

  #pairs(hash: Hash, max: number, near?: ReturnType<typeof askNear>): Uint32Array {
    if (max < 0) return NO_HITS;
    this.#search.ask(hash);
    return this.#pairsIn(max, near);
  }

  /** Of what was asked, in some parts. */
  #pairsIn(
    max: number,
    near: ReturnType<typeof askNear> | undefined,
    isMeant?: (at: number) => boolean,
  ): Uint32Array {
    let total = 0;
    for (const [at, { table, living }] of this.#all.entries()) {
      if (table.size === 0 || isMeant?.(at) === false) continue;
      const scope = {
        base: this.#bases[at]!,
        isNumbered: true,
        near,
        ...(table instanceof Delta && { to: table.size }),
        live: living.lost > 0 ? living : undefined,
      };
      total = this.#search.search(table.searched, max, total, scope);
    }
    return total === 0 ? NO_HITS : this.#search.pairs(total);
  }

  /** Where the entry of a number is. */
  placeOf(number: number): { readonly part: Part; readonly at: number; readonly entry: number } {
    let at = this.#all.length - 1;
    while (number < this.#bases[at]!) at--;
    return { part: this.#all[at]!, at, entry: number - this.#bases[at]! };
  }

  entryAt(number: number): BlocklistEntry {
    const { part, entry } = this.placeOf(number);
    return part.table.entryAt(entry);
  }

  numberedAt(number: number): NumberedEntry {
    const { part, entry } = this.placeOf(number);
    return part.table.numberedAt(entry);
  }

  factsAt(number: number): EntryFacts {
    const { part, entry } = this.placeOf(number);
    return part.table.factsAt(entry);
  }

  numberAt(number: number): number | undefined {
    const { part, entry } = this.placeOf(number);
    return part.table.numberAt(entry);
  }

  listAt(number: number): string {
    const { part, entry } = this.placeOf(number);
    return part.table.listAt(entry);
  }

  /** The entries with exactly this hash. */
  ofHash(hash: Hash): number[] {
    if (hash.algorithm !== this.algorithm || hash.bytes.length * 8 !== this.bits) return [];
    const pairs = this.search(hash, 0);
    return Array.from({ length: pairs.length / 2 }, (_, at) => pairs[2 * at]!);
  }

  /** The entries whose own id is this, of any source or of the given one. */
  ofId(id: string, source: string | undefined): number[] {
    const bytes = encoded(id);
    const numbers = this.#there((table) => table.ofId(id, bytes));
    if (source === undefined) return numbers;
    return numbers.filter((number) => this.entryAt(number).source === source);
  }

  /** The entries that name this picture as their group. */
  ofGroup({ algorithm, bytes }: Hash): number[] {
    if (algorithm !== this.algorithm || bytes.length * 8 !== this.bits) return [];
    const group = hexOf(bytes);
    return this.#there((table) => table.ofGroup(group));
  }

  #there(find: (table: Table) => readonly number[]): number[] {
    const numbers: number[] = [];
    // A page of a feed asks for each of its records.
    for (let at = 0; at < this.#all.length; at++) {
      const { table, living } = this.#all[at]!;
      for (const entry of find(table)) {
        if (living.has(entry)) numbers.push(this.#bases[at]! + entry);
      }
    }
    return numbers;
  }

  /** The numbers of entries by the names of their lists; those that have none now count 0. */
  get counts(): ReadonlyMap<string, number> {
    if (this.#counts) return this.#counts;
    const counts = new Map<string, number>();
    for (const { table, living } of this.#all) {
      for (const [list, count] of table.counts) {
        const left = count - (living.lostOf.get(list) ?? 0);
        counts.set(list, (counts.get(list) ?? 0) + left);
      }
    }
    this.#counts = counts;
    return counts;
  }

  /** Whether a search can find an entry of a list that is enabled. */
  isSearched(lists: Lists): boolean {
    if (this.size === 0 || lists.areAllEnabled) return this.size > 0;
    for (const [list, count] of this.counts) if (count > 0 && lists.isEnabled(list)) return true;
    return false;
  }

  /** The numbers of the entries on a list. */
  *onList(list: string): Generator<number> {
    for (const { table, living, base } of this.all()) {
      for (const entry of table.onList(list)) if (living.has(entry)) yield base + entry;
    }
  }

  /** The numbers of all entries. */
  *numbers(): Generator<number> {
    for (const { table, living, base } of this.all()) {
      for (let entry = 0; entry < table.size; entry++) {
        if (living.has(entry)) yield base + entry;
      }
    }
  }

  /** The same without some entries. */
  without(numbers: Iterable<number>): Kind {
    const gone = new Map<number, number[]>();
    for (const number of numbers) {
      const { at, entry } = this.placeOf(number);
      const entries = gone.get(at);
      if (entries) entries.push(entry);
      else gone.set(at, [entry]);
    }
    if (gone.size === 0) return this;
    const left = <T extends Table>(part: Part<T>, at: number): Part<T> => {
      const entries = gone.get(at);
      if (!entries) return part;
      const { table, living } = part;
      return { table, living: living.without(entries, (each) => table.listAt(each)) };
    };
    const parts = this.parts.map(left);
    return new Kind(this.algorithm, this.bits, parts, left(this.delta, parts.length));
  }
}

export const kindOf = (algorithm: Algorithm, bits: Bits): string => `${algorithm}-${bits}`;

/** Entries of a kind that are equal to some: one to each. */
export interface Equal {
  readonly found: number[];
  /** how many of those that say the same were not found, by the text of the entry */
  readonly missing: Map<string, number>;
}

/** Looks for an equal entry to each of some, another one each time, step by step. */
export function* equalSteps(
  kind: Kind,
  entries: readonly BlocklistEntry[],
): Generator<void, Equal> {
  const byHash = new Map<string, BlocklistEntry[]>();
  for (const entry of entries) {
    const hex = hashToHex(entry.hash);
    const known = byHash.get(hex);
    if (known) known.push(entry);
    else byHash.set(hex, [entry]);
  }
  const found: number[] = [];
  const missing = new Map<string, number>();
  let at = 0;
  for (const wanted of byHash.values()) {
    const wants = new Map<string, number>();
    for (const entry of wanted) {
      const text = textOfSaid(entry);
      wants.set(text, (wants.get(text) ?? 0) + 1);
    }
    let left = wanted.length;
    for (const number of kind.ofHash(wanted[0]!.hash)) {
      if (left === 0) break;
      if (++at % STEP === 0) yield;
      const text = textOfSaid(kind.entryAt(number));
      const count = wants.get(text) ?? 0;
      if (count === 0) continue;
      wants.set(text, count - 1);
      left--;
      found.push(number);
    }
    for (const entry of left > 0 ? wanted : []) {
      const count = wants.get(textOfSaid(entry))!;
      if (count > 0) missing.set(textOfEntry(entry), count);
    }
  }
  return { found, missing };
}
