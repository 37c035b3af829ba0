import type { BlocklistEntry, EntryFacts, NumberedEntry } from '../entry.js';
import { type Algorithm, type Bits, type Hash, hexOf } from '../hash.js';
import type { Part as Searched, Segment } from '../indexing/compaction.js';
import type { Columns } from './segments/columns.js';
import { Delta, Living } from './segments/delta.js';
import { encoded } from './segments/texts.js';

/** Entries by their numbers, and the hashes that a search scans. */
export interface Table {
  readonly size: number;
  readonly searched: Searched;
  /** number of entries on each list */
  readonly counts: ReadonlyMap<string, number>;
  /** true if an entry may have parts */
  readonly hasParts: boolean;
  entryAt(entry: number): BlocklistEntry;
  /** As `entryAt`, with the number that a store gave it. */
  numberedAt(entry: number): NumberedEntry;
  /** The data that a decision depends on. The next call may overwrite it. */
  factsAt(entry: number): EntryFacts;
  /** The name of its list, '' for the unnamed one. */
  listAt(entry: number): string;
  numberAt(entry: number): number | undefined;
  onList(list: string): Iterable<number>;
  /** @param bytes the id as `Texts` holds it */
  ofId(id: string, bytes: Uint8Array): readonly number[];
  ofGroup(group: string): number[];
}

/** A table, and which of its entries are alive. */
export interface Part<T extends Table = Table> {
  readonly table: T;
  readonly living: Living;
}

/** A segment of a list. */
export type ListedPart = Part<Columns>;

/** An open index file, as `openIndex` returns it; it is searched in place. */
export interface OpenedEntries {
  readonly listed: ListedPart;
  /** degenerate entries that it excludes */
  readonly degenerate: number | undefined;
}

/** Statistics of the threads of a list. */
export interface SearchThreadsStats {
  /** threads that run */
  readonly workers: number;
  /** threads that replaced one that died */
  readonly restarts: number;
  /** bytes of the memory that all of them read */
  readonly sharedBytes: number;
  /** searches of a segment that threads answered */
  readonly searches: number;
}

/** Threads that search the large segments of a blocklist. */
export interface SearchingThreads {
  /**
   * Searches a segment of hashes of 256 bits beyond 31 bits: pairs of entry and distance.
   * @returns undefined if threads do not search it; resolves to undefined if they failed
   */
  searchNear(
    segment: Segment,
    hash: Hash,
    maxDistance: number,
    ranks: Uint8Array | undefined,
  ): Promise<Uint32Array | undefined> | undefined;
  stats(): SearchThreadsStats;
}

// Scratch for looking up a hash.
const query = /* @__PURE__ */ new Uint8Array(32);
let hits = /* @__PURE__ */ new Uint32Array(64);

/**
 * The entries of one algorithm and width: segments, the largest first, and a delta of the newest.
 * It does not change. An entry's number counts all entries, those of the first segment first.
 */
export class Kind {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  readonly parts: readonly Part<Columns>[];
  readonly delta: Part<Delta>;
  /** all parts, and the first number of each */
  readonly all: readonly (Part & { readonly base: number })[];
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
    let next = 0;
    this.all = [...parts, delta].map(({ table, living }) => {
      const base = next;
      next += table.size;
      return { table, living, base };
    });
  }

  /** The number of entries that a search can find. */
  get size(): number {
    let size = 0;
    for (const { table, living } of this.all) size += table.size - living.lost;
    return size;
  }

  /** The part and position of an entry. */
  placeOf(number: number): { readonly part: Part; readonly at: number; readonly entry: number } {
    let at = this.all.length - 1;
    while (number < this.all[at]!.base) at--;
    const part = this.all[at]!;
    return { part, at, entry: number - part.base };
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
    query.set(hash.bytes);
    const words = new Int32Array(query.buffer, 0, this.bits / 32);
    const numbers: number[] = [];
    for (const { table, living, base } of this.all) {
      const { searched, size } = table;
      // A delta may share its table with a longer one.
      let found = searched.search(words, 0, hits, 0, Math.min(size, searched.count));
      if (2 * found > hits.length) {
        hits = new Uint32Array(4 * found);
        found = searched.search(words, 0, hits, 0, Math.min(size, searched.count));
      }
      for (let i = 0; i < found; i++) {
        const position = hits[2 * i]!;
        const end = Math.min(searched.startOf(position + 1), searched.entries);
        for (let entry = searched.startOf(position); entry < end; entry++) {
          if (living.has(entry)) numbers.push(base + entry);
        }
      }
    }
    return numbers;
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
    for (const { table, living, base } of this.all) {
      for (const entry of find(table)) if (living.has(entry)) numbers.push(base + entry);
    }
    return numbers;
  }

  /** The numbers of entries by list; lists without any left count 0. */
  get counts(): ReadonlyMap<string, number> {
    if (this.#counts) return this.#counts;
    const counts = new Map<string, number>();
    for (const { table, living } of this.all) {
      for (const [list, count] of table.counts) {
        const left = count - (living.lostOf.get(list) ?? 0);
        counts.set(list, (counts.get(list) ?? 0) + left);
      }
    }
    this.#counts = counts;
    return counts;
  }

  /** True if an entry may have parts. */
  get hasParts(): boolean {
    return this.all.some(({ table }) => table.hasParts);
  }

  /** The numbers of the entries on a list. */
  *onList(list: string): Generator<number> {
    for (const { table, living, base } of this.all) {
      for (const entry of table.onList(list)) if (living.has(entry)) yield base + entry;
    }
  }

  /** The numbers of all entries. */
  *numbers(): Generator<number> {
    for (const { table, living, base } of this.all) {
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
