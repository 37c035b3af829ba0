import type { BlocklistEntry, EntryFacts, NumberedEntry } from '../../entry.js';
import type { Algorithm, Bits } from '../../hash.js';
import { Entries, Marks } from '../../indexing/compaction.js';
import { PackedEntries } from '../../packed-entries.js';

/**
 * The newest entries of a kind, in order of addition; a search compares each. It does not change:
 * an extended delta is another, and both share a table, of which each sees its own rows. Only the
 * longest can be extended.
 */
export class Delta {
  readonly size: number;
  readonly #rows: PackedEntries;
  readonly searched: Entries;

  constructor(
    algorithm: Algorithm,
    bits: Bits,
    rows = new PackedEntries(algorithm, bits),
    searched = new Entries(bits),
    size = 0,
  ) {
    this.#rows = rows;
    this.searched = searched;
    this.size = size;
  }

  /** The same with these entries appended. */
  extended(entries: readonly NumberedEntry[]): Delta {
    const { algorithm, bits } = this.#rows;
    // Lists share an empty one.
    if (this.size === 0) return new Delta(algorithm, bits).#with(entries);
    // Left over from a change that failed.
    this.#rows.cut(this.size);
    this.searched.count = this.size;
    return this.#with(entries);
  }

  #with(entries: readonly NumberedEntry[]): Delta {
    const { algorithm, bits } = this.#rows;
    for (const entry of entries) this.#rows.push(entry);
    const { buffer, byteOffset } = this.#rows.hashes.bytes;
    const words = new Int32Array(buffer, byteOffset, (this.#rows.size * bits) / 32);
    for (let row = this.size; row < this.#rows.size; row++) this.searched.push(words, row, row);
    return new Delta(algorithm, bits, this.#rows, this.searched, this.#rows.size);
  }

  get rows(): PackedEntries {
    return this.#rows;
  }

  entryAt(row: number): BlocklistEntry {
    return this.#rows.entryAt(row);
  }

  numberedAt(row: number): NumberedEntry {
    return this.#rows.numberedAt(row);
  }

  factsAt(row: number): EntryFacts {
    return this.#rows.factsAt(row);
  }

  listAt(row: number): string {
    return this.#rows.listAt(row) ?? '';
  }

  numberAt(row: number): number | undefined {
    return this.#rows.numberAt(row);
  }

  onList(list: string): number[] {
    return this.#where((row) => this.listAt(row) === list);
  }

  ofId(id: string): number[] {
    return this.#where((row) => this.#rows.idAt(row) === id);
  }

  ofGroup(group: string): number[] {
    if (!this.#rows.hasGroups) return [];
    return this.#where((row) => this.#rows.groupAt(row) === group);
  }

  get hasParts(): boolean {
    return this.#rows.hasParts;
  }

  /** Number of entries on each list. */
  get counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (let row = 0; row < this.size; row++) {
      const list = this.listAt(row);
      counts.set(list, (counts.get(list) ?? 0) + 1);
    }
    return counts;
  }

  #where(isMeant: (row: number) => boolean): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.size; row++) if (isMeant(row)) rows.push(row);
    return rows;
  }
}

/** Marked entries of a part, and their number on each list. */
export class EntryMarks extends Marks {
  readonly counts: Map<string, number>;

  constructor(original?: EntryMarks) {
    super(original);
    this.counts = new Map(original?.counts);
  }

  /** Marks an entry of a list, unless already marked. */
  mark(entry: number, list: string): void {
    if (this.add(entry)) this.counts.set(list, (this.counts.get(list) ?? 0) + 1);
  }
}

/** The entries of a part that are alive. It does not change: removing some makes another. */
export class Living {
  readonly #gone: EntryMarks;

  constructor(gone = new EntryMarks()) {
    this.#gone = gone;
  }

  has(entry: number): boolean {
    return !this.#gone.has(entry);
  }

  /** number of removed entries */
  get lost(): number {
    return this.#gone.count;
  }

  /** number of removed entries of each list */
  get lostOf(): ReadonlyMap<string, number> {
    return this.#gone.counts;
  }

  /**
   * The same without some entries.
   * @param listOf returns the list of each
   */
  without(entries: Iterable<number>, listOf: (entry: number) => string): Living {
    const gone = new EntryMarks(this.#gone);
    for (const entry of entries) if (!gone.has(entry)) gone.mark(entry, listOf(entry));
    return gone.count === this.lost ? this : new Living(gone);
  }

  /**
   * The same without the marked entries, however many, if few of them are gone already.
   * @param listOf returns the list of an entry
   */
  withoutAll(marked: EntryMarks, listOf: (entry: number) => string): Living {
    const gone = new EntryMarks(this.#gone);
    const { counts } = gone;
    for (const [list, count] of marked.counts) counts.set(list, (counts.get(list) ?? 0) + count);
    for (const entry of gone.addAll(marked)) {
      const list = listOf(entry);
      counts.set(list, counts.get(list)! - 1);
    }
    return new Living(gone);
  }

  /** Entries removed here but not in an earlier one of the same part. */
  since(earlier: Living): Generator<number> {
    return this.#gone.besides(earlier.#gone);
  }
}
