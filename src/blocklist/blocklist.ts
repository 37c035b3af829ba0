/*
 * A list is one reference to a `ListState`, which does not change. Readers take it and see one
 * moment. Writers make another state and swap the reference:
 *
 *     Blocklist -> ListState -> Kind (each algorithm and width)
 *                            |    -> segments: hashes and columns, each with its tombstones
 *                            |    -> delta: the newest entries, one by one, with its tombstones
 *                            -> withdrawals, settings of lists
 *
 * Readers are this class, `match` and savers. Only `EntryList`, which this class extends, swaps.
 * `changed` makes a small change at once. A large one is prepared in steps (`readySteps`), one at a
 * time, and brought up to date at its turn (`lateStep`). Compaction is prepared the same way.
 * Changes of a list that is kept in a file or a store are made there first (`DurableChanges`).
 */

import {
  callback,
  checkAsyncIterable,
  checkedOptions,
  checkObject,
  checkOptions,
  iterable,
  type OptionCheck,
  type OptionTable,
  wrongKind,
} from '../door.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
import { ALGORITHMS, type Algorithm, type Bits, checkKind, isDegenerate } from '../hash.js';
import { finish } from '../in-turns.js';
import { EntryTables, PackedEntries, rowsOf } from '../packed-entries.js';
import type { HashType } from '../packed-words.js';
import {
  checkListSettings,
  copyOfSettings,
  describedList,
  type FetchState,
  type ListReviews,
  type ListSettings,
  type PolicyOptions,
  type Trust,
} from '../policy.js';
import { changed } from './changed.js';
import { EntryList } from './entry-list.js';
import type { OpenedEntries, SearchingThreads, SearchThreadsStats } from './kind.js';
import { readySteps } from './large-change.js';
import { begun, stepOf } from './list-change.js';
import { isCompared, ListState, numbersOf, rejectionReason } from './list-state.js';
import { copyOfKept } from './lists.js';
import type { OnRejected, RejectionReason } from './withdrawals.js';
import {
  copyOfWithdrawn,
  type Withdrawn,
  type WithdrawnJSON,
  type WithdrawnKey,
  withdrawnOf,
} from './withdrawn.js';

export type { DurableChanges } from './entry-list.js';

/** Initial state of a blocklist, besides entries. */
export interface BlocklistOptions {
  /** the settings of lists by name, as `apply` takes them; `''` is the unnamed one */
  lists?: Readonly<Record<string, ListSettings>>;
  /** earlier withdrawals, as `withdrawals` returned them or `JSON.stringify` wrote those */
  withdrawn?: Iterable<Withdrawn | WithdrawnJSON>;
  /** called with each rejected entry */
  onRejected?: OnRejected | undefined;
}

const byName: OptionCheck = (name, value) =>
  checkOptions(value as object, `${name} to be an object: settings by name`);

export const BLOCKLIST_OPTIONS = {
  lists: { is: byName, default: {} },
  withdrawn: { is: iterable, default: [] },
  onRejected: { is: callback },
} as const satisfies OptionTable<BlocklistOptions>;

/** A list of a blocklist. */
export interface ListInfo
  extends Required<Omit<ListSettings, 'policy' | 'enabledRatio'>>,
    Pick<ListSettings, 'enabledRatio'>,
    ListReviews {
  /** empty for the unnamed one */
  readonly name: string;
  /** entries, also if the list is not enabled */
  readonly size: number;
  readonly trust: Trust;
  readonly policy?: PolicyOptions;
  /** state of its fetches by `fetchList`; absent if it was never fetched */
  readonly fetched?: FetchState;
}

/**
 * Entries to match against, of any mix of algorithms and widths. Made by `createBlocklist`. A call
 * that throws has changed nothing, even if memory ran out halfway or `onRejected` threw.
 */
export class Blocklist extends EntryList {
  /** threads that search for decisions that may wait */
  threads: SearchingThreads | undefined;

  constructor(options: BlocklistOptions = {}) {
    const { lists, withdrawn, onRejected } = checkedOptions(options, BLOCKLIST_OPTIONS);
    for (const settings of Object.values(lists)) checkListSettings(settings);
    const first = new ListState();
    const change = {
      ...begun({ withdraw: [...withdrawn].map(withdrawnOf), settings: lists }),
      additions: new EntryTables(),
    };
    super(onRejected, changed(first, stepOf(first, change, 0)!).state);
  }

  /** The number of entries; a query can match those on lists that are enabled. */
  get size(): number {
    return this.state.size;
  }

  /**
   * The number of entries of one algorithm and width, also on disabled lists.
   * @throws {TypeError | RangeError} if there are no such hashes
   */
  sizeOf(algorithm: Algorithm, bits: Bits): number {
    checkKind(algorithm, bits);
    return this.state.of({ algorithm, bits }).size;
  }

  /** The kinds of hashes that have an entry on an enabled list, by algorithm and width. */
  get kinds(): HashType[] {
    const { kinds, lists } = this.state;
    const compared = [...kinds.values()].filter((kind) => isCompared(kind, lists));
    return compared
      .map(({ algorithm, bits }) => ({ algorithm, bits }))
      .sort((a, b) => placeOf(a) - placeOf(b));
  }

  /** Copies of the settings of lists, by name, of those that have any. */
  get settings(): Map<string, ListSettings> {
    const all = this.state.lists.entries();
    return new Map(all.map(([name, settings]) => [name, copyOfSettings(settings)]));
  }

  /** Statistics of the threads that search the list; undefined if there are none. */
  get searchThreads(): SearchThreadsStats | undefined {
    return this.threads?.stats();
  }

  /** The number of entries rejected so far, by reason. */
  get rejected(): Readonly<Record<RejectionReason, number>> {
    return { ...this.state.rejected };
  }

  /** Copies of the withdrawals in force, for `options.withdrawn` of the next blocklist. */
  get withdrawals(): Withdrawn[] {
    return this.state.withdrawn.values().map((withdrawal) => copyOfWithdrawn(withdrawal));
  }

  /**
   * Goes up with each change of entries, withdrawals or settings of lists, also across saving and
   * opening. At equal generations, one list gives equal answers to the same options of `match`,
   * unless the allow list, the flood guard or a remote list changed its own.
   */
  get generation(): number {
    return this.state.generation;
  }

  /**
   * Copies of all entries that a query can match, or could if their list were enabled, in no
   * particular order.
   */
  entries(): IterableIterator<BlocklistEntry> {
    return entriesOf(this.state);
  }

  /**
   * True if there is an entry with exactly this hash, or with this id (of this source, if given; on
   * this list, if given), that a query can match, or could if its list were enabled.
   * @throws {TypeError | RangeError} if `key` is invalid
   */
  has(key: WithdrawnKey): boolean {
    const asked = copyOfWithdrawn(key);
    if (!('id' in asked) && isDegenerate(asked)) return false;
    return [...this.state.kinds.values()].some((kind) => numbersOf(kind, asked).length > 0);
  }

  /**
   * The reason for which `apply` would reject this entry; undefined if it would add it.
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  rejectionReason(entry: BlocklistEntry): RejectionReason | undefined {
    checkEntry(entry);
    return rejectionReason(entry, this.state.withdrawn);
  }

  /** Each list that has entries or settings. */
  lists(): ListInfo[] {
    const sizes = new Map<string, number>();
    const { counts } = this.state.of({ algorithm: 'pdq', bits: 256 });
    for (const [name] of this.state.lists.entries()) sizes.set(name, 0);
    for (const kind of this.state.kinds.values()) {
      for (const [name, count] of kind.counts) {
        if (count > 0 || sizes.has(name)) sizes.set(name, count + (sizes.get(name) ?? 0));
      }
    }
    return [...sizes].map(([name, size]) => {
      const { fetched, ...settings } = copyOfKept(this.state.lists.of(name));
      const { generation: _, ...state } = fetched ?? {};
      return {
        name,
        size,
        ...describedList(name, settings, counts.get(name) ?? 0),
        ...(fetched && { fetched: state as FetchState }),
      };
    });
  }
}

const placeOf = ({ algorithm, bits }: HashType) => 1000 * ALGORITHMS.indexOf(algorithm) - bits;

function* entriesOf({ kinds }: ListState): Generator<BlocklistEntry> {
  for (const kind of kinds.values())
    for (const number of kind.numbers()) yield kind.entryAt(number);
}

/** A part of a blocklist: one entry, a table of entries, or an index file that is open. */
export type BlocklistPart = BlocklistEntry | PackedEntries | OpenedEntries;

const PART = 'an entry, PackedEntries or an index of openIndex';

/**
 * Creates a blocklist from copies of `entries`. For an async iterable, returns a promise.
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
  const additions = new EntryTables();
  const opened: OpenedEntries[] = [];
  const take = (part: BlocklistPart) => {
    checkObject(part, PART);
    if ('hash' in part) additions.push(part);
    else if (part instanceof PackedEntries) for (const row of rowsOf(part)) additions.push(row);
    else if (part.listed === undefined) wrongKind(PART);
    else opened.push(part);
  };
  const filled = () => {
    addNow(blocklist, additions.tables, opened);
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
    const { newParts, rejections } = finish(readySteps(state, { tables }, state.withdrawn));
    const lost = opened.map(({ listed, degenerate = 0 }) => degenerate + listed.living.lost);
    return {
      prepared: {
        leaving: new Map(),
        newParts: [...newParts, ...opened.map(({ listed }) => listed)],
        withdrawn: opened.length > 0 ? state.withdrawn.values() : [],
        rejections,
        degenerate: lost.reduce((sum, count) => sum + count, 0),
      },
    };
  });
}
