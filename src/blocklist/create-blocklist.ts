import { checkAsyncIterable, checkObject } from '../door.js';
import type { BlocklistEntry } from '../entry.js';
import { finish } from '../in-turns.js';
import { PackedEntries } from '../packed-entries.js';
import { Blocklist, type BlocklistOptions } from './blocklist.js';
import type { OpenedEntries } from './kind.js';
import { readySteps } from './large-change.js';
import { ComingEntries, rowsOf } from './listed-entries.js';

/** A part of a blocklist: one entry, a table of entries, or an index file that is open. */
export type BlocklistPart = BlocklistEntry | PackedEntries | OpenedEntries;

const PART = 'an entry, PackedEntries or an index of openIndex';

/**
 * Creates a blocklist from copies of `entries`. An async iterable of entries gives a promise.
 * @throws {TypeError | RangeError} if an entry or an option is invalid
 * @example
 * const blocklist = await createBlocklist(readHashList(text));
 * const { verdict, reason, matches } = match(await hash(path), blocklist);
 */
export function createBlocklist(
  entries: Iterable<BlocklistPart>,
  options?: BlocklistOptions,
): Blocklist;
export function createBlocklist(
  entries: AsyncIterable<BlocklistPart>,
  options?: BlocklistOptions,
): Promise<Blocklist>;
export function createBlocklist(
  entries: Iterable<BlocklistPart> | AsyncIterable<BlocklistPart>,
  options?: BlocklistOptions,
): Blocklist | Promise<Blocklist> {
  checkAsyncIterable(entries, 'an iterable of entries');
  const blocklist = new Blocklist(options);
  const coming = new ComingEntries();
  const opened: OpenedEntries[] = [];
  const take = (part: BlocklistPart) => {
    checkObject(part, PART);
    if ('hash' in part) coming.push(part);
    else if (part instanceof PackedEntries) for (const row of rowsOf(part)) coming.push(row);
    else if (part.listed === undefined) throw new TypeError(`expected ${PART}`);
    else opened.push(part);
  };
  const filled = () => {
    addNow(blocklist, coming.tables, opened);
    return blocklist;
  };
  if (Symbol.asyncIterator in entries) {
    return (async () => {
      for await (const part of entries) take(part);
      return filled();
    })();
  }
  for (const part of entries) take(part);
  return filled();
}

/** Adds tables of any size, and index files that are open, at once. */
export function addNow(
  list: Pick<Blocklist, 'commit'>,
  tables: readonly PackedEntries[],
  opened: readonly OpenedEntries[] = [],
): void {
  list.commit((state) => {
    const { arriving, keptOut } = finish(readySteps(state, { tables }, state.withdrawn));
    const lost = opened.map(({ listed, degenerate = 0 }) => degenerate + listed.living.lost);
    return {
      prepared: {
        leaving: new Map(),
        arriving: [...arriving, ...opened.map(({ listed }) => listed)],
        withdrawn: opened.length > 0 ? state.withdrawn.values() : [],
        keptOut,
        degenerate: lost.reduce((sum, count) => sum + count, 0),
      },
    };
  });
}
