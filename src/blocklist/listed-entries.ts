import { checkAsyncIterable } from '../door.js';
import { type BlocklistEntry, checkEntry, type NumberedEntry } from '../entry.js';
import { bitsOf } from '../hash.js';
import { nextTurn, TURN } from '../in-turns.js';
import { PackedEntries } from '../packed-entries.js';
import { kindOf } from './kind.js';

/** The entries of a list: a table, or one at a time, at once or later. */
export type ListedEntries =
  | PackedEntries
  | Iterable<BlocklistEntry>
  | AsyncIterable<BlocklistEntry>;

/** Entries between two looks at the clock. */
const LOOK = 64;

/** Copies of entries, in a table of each kind. */
export class ComingEntries {
  readonly #tables = new Map<string, PackedEntries>();

  get tables(): PackedEntries[] {
    return [...this.#tables.values()];
  }

  get size(): number {
    return this.tables.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * @param list the name of the list that it is put on; undefined: the one that it names
   * @returns the table that it is in, as the last row
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  push(entry: BlocklistEntry, list = entry?.list ?? ''): PackedEntries {
    checkEntry(entry);
    const { algorithm } = entry.hash;
    const bits = bitsOf(entry.hash);
    const kind = kindOf(algorithm, bits);
    const table = this.#tables.get(kind) ?? new PackedEntries(algorithm, bits);
    this.#tables.set(kind, table);
    table.push(list === (entry.list ?? '') && entry.list !== '' ? entry : onList(entry, list));
    return table;
  }

  /** All of them. */
  *entries(): Generator<NumberedEntry> {
    for (const table of this.tables) yield* rowsOf(table);
  }
}

/** An entry as it is on a list: one of the unnamed list names none. */
export function onList(entry: BlocklistEntry, list: string): BlocklistEntry {
  const { list: _, ...others } = entry;
  return list === '' ? others : { ...others, list };
}

/**
 * Calls `take` with each entry, one after the other. The event loop turns about every 5 ms.
 * @throws {TypeError} if `entries` is not as told
 * @throws what `take` throws, or the signal's reason if it has aborted by the next entry or turn
 */
export async function eachEntry(
  entries: ListedEntries,
  signal: AbortSignal | undefined,
  take: (entry: BlocklistEntry) => unknown,
  rest: () => Promise<unknown> = nextTurn,
): Promise<void> {
  const given = entries instanceof PackedEntries ? rowsOf(entries) : entries;
  checkAsyncIterable(given, 'an iterable of entries');
  signal?.throwIfAborted();
  let count = 0;
  let end = performance.now() + TURN;
  for await (const entry of given) {
    signal?.throwIfAborted();
    take(entry);
    if (++count % LOOK > 0 || performance.now() < end) continue;
    await rest();
    end = performance.now() + TURN;
  }
  signal?.throwIfAborted();
}

/** The entries of a table, with the numbers by which a store calls them. */
export function* rowsOf(table: PackedEntries): Generator<NumberedEntry> {
  for (let row = 0; row < table.size; row++) yield table.numberedAt(row);
}
