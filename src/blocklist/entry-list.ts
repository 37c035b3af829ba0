import {
  checkAsyncIterable,
  checkIterable,
  checkKnown,
  checkObject,
  checkOptions,
  checkSignal,
  checkTypeOf,
} from '../door.js';
import {
  type BlocklistEntry,
  checkEntry,
  checkListName,
  isSameEntry,
  type NumberedEntry,
  textOfEntry,
} from '../entry.js';
import { inTurns, nextTurn, TURN } from '../in-turns.js';
import { finish, type Segment } from '../indexing/segment.js';
import { PackedEntries } from '../packed-entries.js';
import { type Changed, changed, type Done, type Step } from './changed.js';
import { Columns } from './columns.js';
import { dueOf, mergedSteps } from './compaction.js';
import { Kind } from './kind.js';
import {
  type LargeChange,
  lateStep,
  type Meanwhile,
  type Replaced,
  readySteps,
  settledState,
} from './large-change.js';
import { ListState, numbersOf } from './list-state.js';
import {
  ComingEntries,
  comingEntries,
  type ListedEntries,
  onList,
  rowsOf,
} from './listed-entries.js';
import { checkListSettings, copyOfSettings, type ListSettings, type Lists } from './lists.js';
import {
  copyOf,
  type OnKeptOut,
  Withdrawals,
  type Withdrawn,
  type WithdrawnKey,
} from './withdrawals.js';

/*
 * A list is one reference to a `ListState`, which does not change. Whoever reads takes it and sees
 * one moment. Whoever changes makes another and puts it there:
 *
 *     ListState -> Kind (each algorithm and width) -> segments: hashes and columns, with tombstones
 *               |                                  -> delta: the newest entries, one by one
 *               -> withdrawals, settings of lists
 *
 * `changed` makes a small change at once. A large one is prepared in steps (`readySteps`), one at a
 * time, and brought up to date at its turn (`lateStep`). Compaction is prepared the same way.
 */

/** The most entries of a change that is made at once: about 8 ms. */
const MOST_AT_ONCE = 512;
/** Records that a step looks up: about 0.3 ms. */
const STEP = 64;
/** Segments of a kind from which whoever adds waits until they are fewer. */
const MANY_SEGMENTS = 32;
/** Changes to let pass after a compaction that failed. */
const PAUSE = 512;

/** A record of a list: what its source calls by one id. */
export interface ListRecord {
  /** the name of the list, '' for the unnamed one */
  readonly list: string;
  readonly id: string;
  /** of its entries; absent: any */
  readonly source?: string | undefined;
  readonly entries: readonly BlocklistEntry[];
}

/** What a list is to have in place of what it has. */
export type Replacement =
  | { readonly list: string; readonly entries: ListedEntries }
  | readonly ListRecord[]
  | { readonly all: ListedEntries };

/** The entries of a list, except those of some records. */
export interface Unlisted {
  readonly list: string;
  readonly except: { has(record: Pick<BlocklistEntry, 'source' | 'id'>): boolean };
}

/** A change of a list. All of it is made, or nothing. */
export interface ListChange {
  /**
   * what to keep out from now on, and to remove; `reason` tells those who look after the list why
   */
  readonly withdraw?: Iterable<Withdrawn> | undefined;
  /** withdrawals to lift, as they were made; what they removed does not come back */
  readonly reinstate?: Iterable<WithdrawnKey> | undefined;
  /** entries that go unless they come again: those equal to these, or what a list is to lose */
  readonly remove?: Iterable<BlocklistEntry> | Unlisted | undefined;
  /** the entries of a list, of records or of all lists; equal ones stay in place */
  readonly replace?: Replacement | undefined;
  readonly add?: ListedEntries | undefined;
  /** by the names of lists; what is absent of one stays, and `null` takes its settings away */
  readonly settings?: Readonly<Record<string, ListSettings | null>> | undefined;
}

const CHANGES: readonly (keyof ListChange)[] = [
  'withdraw',
  'reinstate',
  'remove',
  'replace',
  'add',
  'settings',
];

/** What a change did, and the generation of the list with it. */
export interface Applied extends Done {
  readonly generation: number;
}

/** A change whose entries were read. */
interface Gathered extends Pick<Step, 'withdraw' | 'reinstate'> {
  readonly coming: ComingEntries;
  readonly going: Going | undefined;
  readonly settings: ListChange['settings'];
}

/** What goes with a change unless it comes again. */
interface Going extends Replaced {
  /** how many records and entries are named */
  readonly named: number;
  /** Whether each entry of a list has to be looked at, by the name of the list. */
  isWhole(list: string): boolean;
  /** the entries that may go */
  steps(kind: Kind): Generator<void, readonly number[]>;
}

/** Entries that change, withdrawals and the settings of lists, behind one reference. */
export class EntryList {
  #state: ListState;
  readonly #onKeptOut: OnKeptOut | undefined;
  /** the end of the last large change or compaction */
  #large: Promise<unknown> = Promise.resolve();
  /** of the large changes that are being prepared, or wait for their turn */
  readonly #preparing = new Set<Meanwhile>();
  #isTidying = false;
  #pause = 0;
  /** more entries are prepared step by step; tests prepare few */
  mostAtOnce = MOST_AT_ONCE;

  constructor(onKeptOut?: OnKeptOut, state = new ListState()) {
    this.#onKeptOut = onKeptOut;
    this.#state = state;
  }

  /** What it is now. */
  get state(): ListState {
    return this.#state;
  }

  /**
   * Changes the list, entirely or not at all. Up to some hundred entries, and any withdrawals, are
   * in force when this returns; the promise resolves then. More are prepared while the event loop
   * turns, after the large changes before, and come in force at once. Small changes do not wait for
   * them.
   * @param change or a function of the list as it is when its turn comes, which may be called twice
   * @param options `signal`: ends what is being prepared, with nothing changed
   * @throws {TypeError | RangeError} if an argument or an entry is invalid; nothing has changed
   */
  apply(
    change: ListChange | ((state: ListState) => ListChange),
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<Applied> {
    try {
      checkOptions(options);
      const { signal } = options;
      checkSignal(signal);
      signal?.throwIfAborted();
      const before = this.#state;
      const given = typeof change === 'function' ? change(before) : change;
      const most = this.mostAtOnce;
      const rest = begun(given);
      const known = gatheredNow(given, rest, most);
      const step = known && stepOf(before, known, most);
      if (!step) {
        if (typeof change === 'function') return this.#applyLarge(change, signal);
        // It can be read before its turn, and perhaps only once.
        return this.#applyLarge(known ?? gathered(given, rest, signal), signal);
      }
      // Whoever is told of what is kept out may change the list: then it is made out anew.
      const all = Number.POSITIVE_INFINITY;
      const anew = (state: ListState) => {
        if (state === before) return step;
        const again = typeof change === 'function' ? change(state) : undefined;
        return stepOf(state, (again && gatheredNow(again, begun(again), all)) ?? known, all)!;
      };
      return this.#tidied(this.commit(anew));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Makes a step at once, whatever its size. @param stepOf may be called again */
  commit(stepOf: (state: ListState) => Step): Applied {
    for (;;) {
      const before = this.#state;
      const next = changed(before, stepOf(before));
      for (const [entry, reason] of this.#onKeptOut ? next.keptOut : []) {
        this.#onKeptOut?.(entry, reason);
      }
      // Whoever was told may have changed the list.
      if (this.#state.generation !== before.generation) continue;
      this.#put(next, before);
      return { ...next.done, generation: this.#state.generation };
    }
  }

  /** As `commit`, of tables of any size. */
  addNow(tables: readonly PackedEntries[]): Applied {
    const large: LargeChange = { tables };
    this.#state = settledState(this.#state);
    return this.commit((state) => {
      const base = settledState(state);
      const ready = finish(readySteps(base, large, base.withdrawn));
      return lateStep(state, { ...ready, base: state }, large, NOTHING);
    });
  }

  /** Takes the place of what the list was. */
  become(state: ListState): void {
    this.#state = state;
    for (const meanwhile of this.#preparing) {
      for (const each of state.withdrawn.values()) meanwhile.withdrawals.push(each);
      meanwhile.isReinstated = true;
    }
  }

  #put({ state, asked, made, done }: Changed, before: ListState): void {
    // Whoever was told of what is kept out may have kept out more.
    const { degenerate, withdrawn } = this.#state.keptOut;
    const keptOut = {
      degenerate: state.keptOut.degenerate + degenerate - before.keptOut.degenerate,
      withdrawn: state.keptOut.withdrawn + withdrawn - before.keptOut.withdrawn,
    };
    this.#state = this.#state === before ? state : new ListState({ ...state, keptOut });
    for (const meanwhile of this.#preparing) {
      // Not `push` of all: they may be more than a call takes arguments.
      for (const each of asked) meanwhile.asked.push(each);
      for (const each of made) meanwhile.withdrawals.push(each);
      meanwhile.isReinstated ||= done.reinstated > 0;
    }
    this.#tidy();
  }

  async #applyLarge(
    change: Gathered | Promise<Gathered> | ((state: ListState) => ListChange),
    signal: AbortSignal | undefined,
  ): Promise<Applied> {
    const meanwhile: Meanwhile = { asked: [], withdrawals: [], isReinstated: false };
    this.#preparing.add(meanwhile);
    try {
      const first = typeof change === 'function' ? undefined : await change;
      const applied = await this.#inTurn(async () => {
        signal?.throwIfAborted();
        if (typeof change !== 'function') return this.#prepared(first!, meanwhile, signal);
        meanwhile.asked.length = 0;
        meanwhile.withdrawals.length = 0;
        const given = change(this.#state);
        return this.#prepared(await gathered(given, begun(given), signal), meanwhile, signal);
      });
      return await this.#tidied(applied);
    } finally {
      this.#preparing.delete(meanwhile);
    }
  }

  async #prepared(
    { coming, going, withdraw = [], reinstate = [], settings }: Gathered,
    meanwhile: Meanwhile,
    signal: AbortSignal | undefined,
  ): Promise<Applied> {
    this.#state = settledState(this.#state);
    const base = this.#state;
    const withdrawn = base.withdrawn.fork();
    for (const key of reinstate) withdrawn.delete(key);
    for (const each of withdraw) withdrawn.set(each);
    const large: LargeChange = { tables: coming.tables, replaced: going };
    const ready = await inTurns(readySteps(base, large, withdrawn), signal);
    return this.commit((state) => {
      // The word of whoever withdrew the same meanwhile is the last.
      const since = new Withdrawals();
      for (const each of meanwhile.asked) since.set(each);
      return {
        withdraw: withdraw.filter((key) => !since.has(key)),
        reinstate: reinstate.filter((key) => !since.has(key)),
        ...(settings && { lists: listsWith(state.lists, settings) }),
        ...lateStep(state, ready, large, meanwhile),
      };
    });
  }

  /** Does something long after what was begun before. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const running = this.#large.then(run);
    this.#large = running.catch(() => {});
    return running;
  }

  /** Resolves once nothing large is being prepared. */
  async settled(): Promise<void> {
    for (let last: unknown; last !== this.#large; ) {
      last = this.#large;
      await this.#large;
    }
  }

  /** Whoever adds more than is merged waits. */
  async #tidied(applied: Applied): Promise<Applied> {
    const isMuch = [...this.#state.kinds.values()].some(
      ({ parts }) => parts.length > MANY_SEGMENTS,
    );
    if (isMuch) await this.#large;
    return applied;
  }

  /** Merges segments in the background. What fails is tried again some changes later. */
  #tidy(): void {
    if (this.#pause > 0) this.#pause--;
    else if (!this.#isTidying && dueOf(this.#state)) {
      this.#isTidying = true;
      this.#inTurn(async () => {
        try {
          for (let due = dueOf(this.#state); due; due = dueOf(this.#state)) {
            const swap = await inTurns(mergedSteps(due), undefined);
            this.#state = swap(this.#state);
          }
        } catch {
          this.#pause = PAUSE;
        } finally {
          this.#isTidying = false;
        }
      });
    }
  }

  /**
   * Puts a segment elsewhere, that threads can share.
   * @param steps copies it
   */
  async move(
    segment: Segment,
    steps: Generator<void, Segment>,
    signal: AbortSignal | undefined,
  ): Promise<Segment | undefined> {
    return this.#inTurn(async () => {
      const isThere = () =>
        [...this.#state.kinds.values()].some(({ parts }) =>
          parts.some(({ table }) => table.searched === segment),
        );
      if (!isThere()) return undefined;
      const moved = await inTurns(steps, signal);
      const kinds = new Map<string, Kind>();
      for (const [name, kind] of this.#state.kinds) {
        const parts = kind.parts.map((part) =>
          part.table.searched === segment
            ? { ...part, table: new Columns(moved, part.table.data) }
            : part,
        );
        kinds.set(name, new Kind(kind.algorithm, kind.bits, parts, kind.delta));
      }
      this.#state = new ListState({ ...this.#state, kinds });
      return moved;
    });
  }
}

/**
 * What a change does to a list.
 * @param most entries of it, or that it may remove
 * @returns undefined if they are more
 */
function stepOf(
  state: ListState,
  { coming, going, settings, ...others }: Gathered,
  most: number,
): Step | undefined {
  let left = most - coming.size - (going?.named ?? 0);
  for (const kind of going ? state.kinds.values() : []) {
    for (const [list, count] of kind.counts) if (going!.isWhole(list)) left -= count;
  }
  if (left < 0) return undefined;
  const remove = new Map<Kind, number[]>();
  let add = [...coming.entries()];
  if (going) {
    // Equal ones stay in place.
    const anew = new Map<string, NumberedEntry[]>();
    for (const entry of add) push(anew, textOfEntry(entry), entry);
    for (const kind of state.kinds.values()) {
      const numbers = finish(going.steps(kind));
      left -= numbers.length;
      if (left < 0) return undefined;
      for (const number of numbers) {
        if (!anew.get(textOfEntry(kind.entryAt(number)))?.shift()) push(remove, kind, number);
      }
    }
    add = [...anew.values()].flat();
  }
  return {
    ...others,
    add,
    remove,
    ...(settings && { lists: listsWith(state.lists, settings) }),
  };
}

/** The entries that say the same. */
const equalTo = (kind: Kind, entry: BlocklistEntry): number[] =>
  kind.ofHash(entry.hash).filter((number) => isSameEntry(kind.entryAt(number), entry));

const NOTHING: Meanwhile = { asked: [], withdrawals: [], isReinstated: false };

/** The settings of all lists with these changes. */
export function listsWith(lists: Lists, settings: NonNullable<ListChange['settings']>): Lists {
  let next = lists;
  for (const [name, changes] of Object.entries(settings)) {
    const before = JSON.stringify(next.of(name));
    const isThere = next.entries().some(([known]) => known === name);
    if (changes === null) {
      if (isThere) next = next.without(name);
      continue;
    }
    const changed = next.with(name, changes);
    if (JSON.stringify(changed.of(name)) !== before) next = changed;
  }
  return next;
}

/**
 * What goes with a change.
 * @throws {TypeError | RangeError} if it is invalid
 */
function goingOf({ replace, remove = [] }: ListChange): Going | undefined {
  if (replace !== undefined) checkObject(replace, 'replace: { list, entries }, records or { all }');
  checkObject(remove, 'remove: an iterable of entries, or { list, except }');
  const unlisted = 'except' in remove ? remove : undefined;
  if ('except' in remove) {
    checkListName(remove.list);
    checkTypeOf('except.has', remove.except?.has ?? null, 'function');
  } else checkIterable(remove, 'remove to be an iterable of entries');
  const removed = ('except' in remove ? [] : [...remove]).map((entry) => {
    checkEntry(entry);
    return onList(entry, entry.list ?? '');
  });
  const isAll = replace !== undefined && 'all' in replace;
  const whole = replace !== undefined && 'list' in replace ? replace.list : undefined;
  const records =
    replace === undefined || 'all' in replace || 'list' in replace ? [] : recordsOf(replace);
  if (whole !== undefined) checkListName(whole);
  const named = records.length + removed.length;
  if (replace === undefined && named === 0 && !unlisted) return undefined;
  const isWhole = (list: string) => isAll || list === whole;
  const isUntold = (entry: BlocklistEntry) => unlisted !== undefined && !unlisted.except.has(entry);
  function* steps(kind: Kind): Generator<void, readonly number[]> {
    const numbers = new Set<number>();
    for (const list of kind.counts.keys()) {
      if (isWhole(list)) for (const number of kind.onList(list)) numbers.add(number);
    }
    let at = 0;
    for (const { list, id, source } of records) {
      if (++at % STEP === 0) yield;
      const key = { id, list, ...(source !== undefined && { source }) };
      for (const number of numbersOf(kind, key)) numbers.add(number);
    }
    for (const entry of removed) {
      if (++at % STEP === 0) yield;
      for (const number of equalTo(kind, entry)) numbers.add(number);
    }
    for (const number of unlisted ? kind.onList(unlisted.list) : []) {
      if (++at % STEP === 0) yield;
      if (isUntold(kind.entryAt(number))) numbers.add(number);
    }
    return [...numbers];
  }
  const isAmong = named > 0 || unlisted !== undefined;
  const keyOfRecord = ({ list = '', id, source }: Omit<Partial<ListRecord>, 'entries'>) =>
    JSON.stringify([list, id, source]);
  let known: Set<string> | undefined;
  return {
    named,
    isWhole: (list) => isWhole(list) || list === unlisted?.list,
    steps,
    isOf: isAmong ? () => true : isWhole,
    ...(isAmong && { among: steps }),
    has(entry) {
      const { list = '', id, source } = entry;
      if (isWhole(list) || (list === unlisted?.list && isUntold(entry))) return true;
      // Few changes meet entries that came since.
      known ??= new Set([...records.map(keyOfRecord), ...removed.map(textOfEntry)]);
      return (
        known.has(textOfEntry(entry)) ||
        (id !== undefined &&
          (known.has(keyOfRecord({ list, id, source })) || known.has(keyOfRecord({ list, id }))))
      );
    },
  };
}

/** Copies without the entries. */
function recordsOf(records: readonly ListRecord[]): Omit<ListRecord, 'entries'>[] {
  if (!Array.isArray(records)) throw new TypeError('expected the records to be an array');
  return (records as readonly ListRecord[]).map((record) => {
    checkObject(record, 'a record: { list, id, entries }');
    const { list, id, source } = record;
    checkListName(list);
    checkTypeOf('id', id ?? null, 'string');
    checkTypeOf('source', source, 'string');
    return { list, id, source };
  });
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const values = map.get(key);
  if (values) values.push(value);
  else map.set(key, [value]);
}

/** What a change is but for its entries, checked and copied. */
function begun(change: ListChange): Omit<Gathered, 'coming'> {
  checkOptions(change, 'a change to be an object');
  checkKnown(change, CHANGES);
  const { withdraw = [], reinstate = [], settings } = change;
  checkIterable(withdraw, 'withdraw to be an iterable of withdrawals');
  checkIterable(reinstate, 'reinstate to be an iterable of withdrawals');
  return {
    withdraw: [...withdraw].map((each) => copyOf(each)),
    reinstate: [...reinstate].map((each) => copyOf(each)),
    going: goingOf(change),
    settings: settings && settingsOf(settings),
  };
}

function settingsOf(
  settings: NonNullable<ListChange['settings']>,
): NonNullable<ListChange['settings']> {
  checkOptions(settings, 'settings to be an object: settings by list');
  const copies = Object.entries(settings).map(([name, each]) => {
    checkListName(name);
    if (each !== null) checkListSettings(each);
    return [name, each && copyOfSettings(each)] as const;
  });
  return Object.fromEntries(copies);
}

/** The entries of a change, and the list that all are put on. */
function* givenEntries(change: ListChange): Generator<[ListedEntries, string | undefined]> {
  const { add, replace } = change;
  if (replace && 'all' in replace) yield [replace.all, undefined];
  else if (replace && 'list' in replace) yield [replace.entries, replace.list];
  else for (const { list, entries } of replace ?? []) yield [entries, list];
  if (add !== undefined) yield [add, undefined];
}

/** A change that can be read at once; undefined if it is of more entries, or they come later. */
function gatheredNow(
  change: ListChange,
  rest: Omit<Gathered, 'coming'>,
  most: number,
): Gathered | undefined {
  const coming = new ComingEntries();
  const lists: [readonly BlocklistEntry[], string | undefined][] = [];
  let left = most - (rest.going?.named ?? 0);
  for (const [entries, list] of givenEntries(change)) {
    const isTable = entries instanceof PackedEntries;
    if (!isTable) checkAsyncIterable(entries, 'an iterable of entries');
    if (!(isTable || Array.isArray(entries))) return undefined;
    left -= isTable ? entries.size : entries.length;
    if (left < 0) return undefined;
    lists.push([isTable ? [...rowsOf(entries)] : entries, list]);
  }
  for (const [entries, list] of lists) for (const entry of entries) coming.push(entry, list);
  return { ...rest, coming };
}

/** A change whose entries are read while the event loop turns. */
async function gathered(
  change: ListChange,
  rest: Omit<Gathered, 'coming'>,
  signal: AbortSignal | undefined,
): Promise<Gathered> {
  const coming = new ComingEntries();
  let end = performance.now() + TURN;
  for (const [entries, list] of givenEntries(change)) {
    await comingEntries(coming, entries, list, signal);
    // There may be many, of an entry each.
    if (performance.now() < end) continue;
    await nextTurn();
    end = performance.now() + TURN;
  }
  return { ...rest, coming };
}
