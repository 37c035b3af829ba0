import type { BlocklistEntry } from '../entry.js';
import type { HammingIndex } from '../indexing/hamming-index.js';

/**
 * Entries by the ids of an index: row = id. `PackedEntries` is one implementation; another may read
 * them from a file.
 */
export interface EntryRows {
  /** one more than the highest row */
  readonly size: number;
  /** The entry of a row. */
  entryAt(row: number): BlocklistEntry;
  /** The id of the entry of a row, if it has one. */
  idAt(row: number): string | undefined;
  /** the existing rows; absent if all rows below `size` exist */
  rows?(): Iterable<number>;
  /** the rows whose entries have this id; if absent, `idAt` is asked once for each row */
  rowsOf?(id: string): Iterable<number>;
  /** the group of the entry of a row, if it names one; if absent, `entryAt` is asked */
  groupAt?(row: number): string | undefined;
  /** the rows whose entries name this group; if absent, each row is asked once */
  rowsOfGroup?(group: string): Iterable<number>;
}

/** An index, for example from a snapshot, and the entries behind its ids. */
export interface IndexedEntries {
  readonly index: HammingIndex;
  readonly entries: EntryRows;
  /** number of degenerate entries left out of the index; undefined if nobody counted them */
  readonly degenerate?: number | undefined;
}

/** The rows that exist. */
export function* rowsOf(entries: EntryRows): Generator<number> {
  if (entries.rows) yield* entries.rows();
  else for (let row = 0; row < entries.size; row++) yield row;
}
