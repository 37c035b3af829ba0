import {
  checkAsyncIterable,
  checkIterable,
  checkKnown,
  checkObject,
  checkOptions,
  checkTypeOf,
  wrongKind,
} from '../door.js';
import {
  type BlocklistEntry,
  checkEntry,
  checkListName,
  type NumberedEntry,
  onList,
  textOfEntry,
} from '../entry.js';
import { eachInTurns, finish, inSteps, inTurns, nextTurn, TURN } from '../in-turns.js';
import {
  EntryTables,
  entriesOf,
  type ListedEntries,
  PackedEntries,
  rowsOf,
} from '../packed-entries.js';
import { type HashType, kindOf, typeOf } from '../packed-words.js';
import type { Step } from './changed.js';
import { type Counts, EntriesByHash, equalSteps } from './equal-entries.js';
import type { Kind } from './kind.js';
import type { Replaced } from './large-change.js';
import { type ListState, numbersOf } from './list-state.js';
import { checkKeptSettings, copyOfKept, type KeptSettings, type Lists } from './lists.js';
import { copyOfWithdrawn, type Withdrawn, type WithdrawnKey } from './withdrawn.js';

/** Records that a step looks up: about 0.3 ms. */
const STEP = 64;

/** A record of a list: the entries that its source gives one id. */
export interface ListRecord {
  /** the name of the list, '' for the unnamed one */
  readonly list: string;
  readonly id: string;
  /** the source of its entries; absent: any */
  readonly source?: string | undefined;
  readonly entries: readonly BlocklistEntry[];
}

/** The new content of a list, in place of the old. */
export type Replacement =
  | { readonly list: string; readonly entries: ListedEntries }
  | readonly ListRecord[]
  | { readonly all: ListedEntries };

/** The entries of a list, except those of some records. */
export interface Unlisted {
  readonly list: string;
  readonly except: { has(record: Pick<BlocklistEntry, 'source' | 'id'>): boolean };
}

/** A change of a list. It is made entirely or not at all. */
export interface ListChange {
  /**
   * Entries to remove and to reject from now on, from all lists or from the one that it names. No
   * later decision finds them, and a feed that lags cannot bring them back until they are
   * reinstated. Withdrawals by another party's list should name that list. `reason` informs the
   * maintainers of the list.
   *
   * By a hash, a picture is removed with all entries that name it as their group: its crops, parts
   * and forms. By the hash of a part, its picture is removed as well, on the list that states which
   * it is, also if that entry comes later. Another picture under the same id stays. By an id, all
   * entries that have it are removed, and only those are rejected: a part that comes later without
   * the id is accepted.
   */
  readonly withdraw?: Iterable<Withdrawn> | undefined;
  /** withdrawals to lift, as they were made, with all they covered; no entry comes back by it */
  readonly reinstate?: Iterable<WithdrawnKey> | undefined;
  /** entries to remove unless they are added again: one equal to each, or what a list is to lose */
  readonly remove?: Iterable<BlocklistEntry> | Unlisted | undefined;
  /**
   * the full new content of a list, of records or of all lists, in one change; equal entries stay
   * in place. All new entries go on the list named here, whatever list each one names
   */
  readonly replace?: Replacement | undefined;
  readonly add?: ListedEntries | undefined;
  /**
   * Settings of lists by name, `''` for the unnamed one; they need not have entries yet. Absent
   * settings stay, `policy` is replaced as a whole, and `null` removes all settings.
   *
   * By default, the unnamed list is own and others are shared (see `Trust`). The list with the
   * largest distances rules the search, so others may find more beyond 31 bits than they would
   * alone. A remote list has the settings that it was made with.
   */
  readonly settings?: Readonly<Record<string, KeptSettings | null>> | undefined;
}

const CHANGES: readonly (keyof ListChange)[] = [
  'withdraw',
  'reinstate',
  'remove',
  'replace',
  'add',
  'settings',
];

/** A change whose entries have been read. */
export interface Gathered extends Pick<Step, 'withdraw' | 'reinstate'> {
  readonly additions: EntryTables;
  readonly removals: Removals | undefined;
  readonly settings: ListChange['settings'];
}

/** The entries that a change removes unless they are added again. */
interface Removals extends Replaced {
  /** reads what is named; the other members are incomplete until it ends */
  readonly reading: Generator<void, void>;
  /** number of records and entries named, as far as read */
  readonly named: number;
  /** True if each entry of the list of this name has to be checked. */
  isWhole(list: string): boolean;
  /** the entries that may be removed */
  steps(kind: Kind): Generator<void, readonly number[]>;
}

/**
 * The step that a change makes of a list.
 * @param most entries of it, or that it may remove
 * @returns undefined if they are more
 */
export function stepOf(
  state: ListState,
  { additions, removals, settings, ...others }: Gathered,
  most: number,
): Step | undefined {
  let left = most - additions.size - (removals?.named ?? 0);
  for (const kind of removals ? state.kinds.values() : []) {
    for (const [list, count] of kind.counts) if (removals!.isWhole(list)) left -= count;
  }
  if (left < 0) return undefined;
  const remove = new Map<Kind, number[]>();
  let add = [...additions.entries()];
  if (removals) {
    // Equal ones stay in place.
    const unmatched = new Map<string, NumberedEntry[]>();
    for (const entry of add) push(unmatched, textOfEntry(entry), entry);
    for (const kind of state.kinds.values()) {
      const numbers = finish(removals.steps(kind));
      left -= numbers.length;
      if (left < 0) return undefined;
      for (const number of numbers) {
        if (!unmatched.get(textOfEntry(kind.entryAt(number)))?.shift()) push(remove, kind, number);
      }
    }
    add = [...unmatched.values()].flat();
  }
  return { ...others, add, remove, lists: listsAfter(state, { ...others, settings }) };
}

/**
 * The settings of all lists after a change. Entries removed by a lifted withdrawal have to be added
 * again, so its lists are fetched from the start.
 */
export function listsAfter(
  { lists, withdrawn, generation }: ListState,
  { reinstate = [], settings = {} }: Pick<Gathered, 'reinstate' | 'settings'>,
): Lists {
  let next = lists;
  for (const key of reinstate) {
    if (withdrawn.has(key)) next = next.refetched(key.list, generation);
  }
  for (const [name, changes] of Object.entries(settings)) next = next.with(name, changes);
  return next;
}

/**
 * The entries that a change removes; the names are read later.
 * @throws {TypeError | RangeError} if it is invalid
 */
function removalsOf({ replace, remove }: ListChange): Removals | undefined {
  if (replace !== undefined) checkObject(replace, 'replace: { list, entries }, records or { all }');
  if (remove !== undefined)
    checkObject(remove, 'remove: an iterable of entries, or { list, except }');
  const unlisted = remove && 'except' in remove ? remove : undefined;
  if (unlisted) {
    checkListName(unlisted.list);
    checkTypeOf('except.has', unlisted.except?.has ?? null, 'function');
  } else checkIterable(remove ?? [], 'remove to be an iterable of entries');
  const isAll = replace !== undefined && 'all' in replace;
  const whole = replace !== undefined && 'list' in replace ? replace.list : undefined;
  if (whole !== undefined) checkListName(whole);
  const records = replace === undefined || 'all' in replace || 'list' in replace ? [] : replace;
  if (!Array.isArray(records)) wrongKind('the records to be an array');
  if (replace === undefined && remove === undefined) return undefined;
  const removed = new EntriesByHash();
  /** the records without their entries, and a test of each */
  const read: Omit<ListRecord, 'entries'>[] = [];
  const known = new Set<string>();
  const keyOfRecord = ({ list = '', id, source }: Omit<Partial<ListRecord>, 'entries'>) =>
    JSON.stringify([list, id, source]);
  function* readSteps(): Generator<void, void> {
    for (const entry of unlisted ? [] : ((remove ?? []) as Iterable<BlocklistEntry>)) {
      checkEntry(entry);
      removed.push(onList(entry, entry.list ?? ''));
      if (removed.size % STEP === 0) yield;
    }
    for (const record of records as readonly ListRecord[]) {
      checkObject(record, 'a record: { list, id, entries }');
      const { list, id, source } = record;
      checkListName(list);
      checkTypeOf('id', id ?? null, 'string');
      checkTypeOf('source', source, 'string');
      known.add(keyOfRecord(record));
      if (read.push({ list, id, source }) % STEP === 0) yield;
    }
  }
  /** entries of each searched kind that were not found; they may have been added since */
  const missing = new Map<string, Counts>();
  const isWhole = (list: string) => isAll || list === whole;
  const isUnreported = (entry: BlocklistEntry) =>
    unlisted !== undefined && !unlisted.except.has(entry);
  function* steps(kind: Kind): Generator<void, readonly number[]> {
    const equal = yield* equalSteps(kind, removed);
    missing.set(nameOf(kind), equal.missing);
    if (replace === undefined && !unlisted) return equal.found;
    const numbers = new Set<number>();
    yield* inSteps(equal.found.length, (at) => numbers.add(equal.found[at]!));
    let at = 0;
    for (const list of kind.counts.keys()) {
      for (const number of isWhole(list) ? kind.onList(list) : []) {
        if (++at % STEP === 0) yield;
        numbers.add(number);
      }
    }
    for (const { list, id, source } of read) {
      if (++at % STEP === 0) yield;
      const key = { id, list, ...(source !== undefined && { source }) };
      for (const number of numbersOf(kind, key)) numbers.add(number);
    }
    for (const number of unlisted ? kind.onList(unlisted.list) : []) {
      if (++at % STEP === 0) yield;
      if (isUnreported(kind.entryAt(number))) numbers.add(number);
    }
    return [...numbers];
  }
  const isAmong = () => read.length + removed.size > 0 || unlisted !== undefined;
  return {
    reading: readSteps(),
    get named() {
      return read.length + removed.size;
    },
    isWhole: (list) => isWhole(list) || list === unlisted?.list,
    steps,
    isOf: (list) => isAmong() || isWhole(list),
    get among() {
      return isAmong() ? steps : undefined;
    },
    names: (entry) => removed.countOf(entry) > 0,
    late(lost) {
      const gone: Counts = new Map();
      const used: Counts = new Map();
      for (const text of lost.map(textOfEntry)) gone.set(text, (gone.get(text) ?? 0) + 1);
      const isLeft = (entry: BlocklistEntry) => {
        const text = removed.size > 0 ? textOfEntry(entry) : '';
        const looked = missing.get(nameOf(typeOf(entry.hash)));
        const still = looked ? (looked.get(text) ?? 0) : removed.countOf(entry);
        const taken = used.get(text) ?? 0;
        used.set(text, taken + 1);
        return taken < still + (gone.get(text) ?? 0);
      };
      return (entry) => {
        const { list = '', id, source } = entry;
        if (isWhole(list) || (list === unlisted?.list && isUnreported(entry))) return true;
        const isOfRecord = (key: { source?: string | undefined }) =>
          id !== undefined && known.has(keyOfRecord({ list, id, ...key }));
        return isOfRecord({ source }) || isOfRecord({}) || isLeft(entry);
      };
    },
  };
}

const nameOf = ({ algorithm, bits }: HashType) => kindOf(algorithm, bits);

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** A change without its entries and those it names, checked and copied. */
export function begun(change: ListChange): Omit<Gathered, 'additions'> {
  checkOptions(change, 'a change to be an object');
  checkKnown(change, CHANGES);
  const { withdraw = [], reinstate = [], settings } = change;
  checkIterable(withdraw, 'withdraw to be an iterable of withdrawals');
  checkIterable(reinstate, 'reinstate to be an iterable of withdrawals');
  return {
    withdraw: [...withdraw].map((each) => copyOfWithdrawn(each)),
    reinstate: [...reinstate].map((each) => copyOfWithdrawn(each)),
    removals: removalsOf(change),
    settings: settingsOf(settings),
  };
}

/** Checked and copied. */
export function settingsOf(settings: ListChange['settings']): ListChange['settings'] {
  if (settings === undefined) return undefined;
  checkOptions(settings, 'settings to be an object: settings by list');
  const copies = Object.entries(settings).map(([name, each]) => {
    checkListName(name);
    if (each !== null) checkKeptSettings(each);
    return [name, each && copyOfKept(each)] as const;
  });
  return Object.fromEntries(copies);
}

/** The entries of a change, and the list that all go on. */
function* givenEntries(change: ListChange): Generator<[ListedEntries, string | undefined]> {
  const { add, replace } = change;
  if (replace && 'all' in replace) yield [replace.all, undefined];
  else if (replace && 'list' in replace) yield [replace.entries, replace.list];
  else for (const { list, entries } of replace ?? []) yield [entries, list];
  if (add !== undefined) yield [add, undefined];
}

/** A change that can be read at once; undefined if it has more entries, or async ones. */
export function gatheredNow(
  change: ListChange,
  rest: Omit<Gathered, 'additions'>,
  most: number,
): Gathered | undefined {
  const additions = new EntryTables();
  const lists: [readonly BlocklistEntry[], string | undefined][] = [];
  const { removals } = rest;
  while (removals && removals.named <= most && !removals.reading.next().done);
  let left = most - (removals?.named ?? 0);
  // The rest of the names has not been read.
  if (left < 0) return undefined;
  for (const [entries, list] of givenEntries(change)) {
    const isTable = entries instanceof PackedEntries;
    if (!isTable) checkAsyncIterable(entries, 'an iterable of entries');
    if (!(isTable || Array.isArray(entries))) return undefined;
    left -= isTable ? entries.size : entries.length;
    if (left < 0) return undefined;
    lists.push([isTable ? [...rowsOf(entries)] : entries, list]);
  }
  for (const [entries, list] of lists) for (const entry of entries) additions.push(entry, list);
  return { ...rest, additions };
}

/** A change whose entries are read while the event loop turns. */
export async function gathered(
  change: ListChange,
  others: Omit<Gathered, 'additions'>,
  signal: AbortSignal | undefined,
  rest: () => Promise<unknown> = nextTurn,
): Promise<Gathered> {
  const additions = new EntryTables();
  if (others.removals) await inTurns(others.removals.reading, signal, rest);
  let end = performance.now() + TURN;
  for (const [entries, list] of givenEntries(change)) {
    await eachInTurns(entriesOf(entries), signal, (entry) => additions.push(entry, list), rest);
    // There may be many, of one entry each.
    if (performance.now() < end) continue;
    await rest();
    end = performance.now() + TURN;
  }
  return { ...others, additions };
}
