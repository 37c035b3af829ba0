import type { BlocklistEntry, EntryFacts, NumberedEntry } from '../entry.js';
import type { Algorithm, Bits } from '../hash.js';
import { Entries } from '../indexing/segment.js';
import { PackedEntries } from '../packed-entries.js';

/**
 * The newest entries of a kind, in the order in which they came; a search compares each. It does
 * not change: what has more entries is another, and both share a table, of which each sees its own
 * rows. Only the longest can be extended.
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

  /** The same with these entries after its own. */
  extended(entries: readonly NumberedEntry[]): Delta {
    const { algorithm, bits } = this.#rows;
    // What a change that failed has left.
    this.#rows.cut(this.size);
    this.searched.count = this.size;
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

  /** How many entries are on each list. */
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
