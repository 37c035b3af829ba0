import { checkAsyncIterable } from '../door.js';
import type { BlocklistEntry } from '../entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { nextTurn, TURN } from '../in-turns.js';
import { NewEntries } from './new-entries.js';

/** The entries of a list: a table, or one at a time, at once or later. */
export type ListedEntries =
  | PackedEntries
  | Iterable<BlocklistEntry>
  | AsyncIterable<BlocklistEntry>;

/** Entries between two looks at the clock. */
const LOOK = 64;

/**
 * Copies of the entries that a list is to have, or of some that lists are to have besides. The
 * event loop turns about every 5 ms.
 * @throws {TypeError | RangeError} if an entry is invalid, or `entries` is not as told
 * @throws the signal's reason if it has aborted by the next entry or turn
 */
export async function filledEntries(
  list: string | undefined,
  entries: ListedEntries,
  signal: AbortSignal | undefined,
): Promise<NewEntries> {
  const anew = new NewEntries(list);
  await eachEntry(entries, signal, (entry) => anew.push(entry));
  return anew;
}

/**
 * Calls `take` with each entry, one after the other. The event loop turns about every 5 ms.
 * @throws {TypeError} if `entries` is not as told
 * @throws what `take` throws, or the signal's reason if it has aborted by the next entry or turn
 */
export async function eachEntry(
  entries: ListedEntries,
  signal: AbortSignal | undefined,
  take: (entry: BlocklistEntry) => void,
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
    await nextTurn();
    end = performance.now() + TURN;
  }
  signal?.throwIfAborted();
}

function* rowsOf(table: PackedEntries): Generator<BlocklistEntry> {
  for (let row = 0; row < table.size; row++) yield table.entryAt(row);
}
