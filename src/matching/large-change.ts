import type { BlocklistEntry } from '../entry.js';
import { PackedEntries } from '../exchange/packed-entries.js';
import { bitsOf } from '../hash.js';
import type { Hiding } from './hidden-ids.js';
import { Shelf } from './shelf.js';
import { kindOf } from './shelves.js';
import type { KeptOutReason, OnKeptOut, Withdrawn } from './withdrawals.js';

/** Rows that a step adds: about 0.2 ms. */
const STEP = 64;
/** Shelves of a kind that are left side by side, but for attached indexes. */
const MOST_SHELVES = 4;
/** A shelf is merged with smaller ones if it is under so many times as large as they are. */
const GROWTH = 4;

/** Rows of a table that are to come. */
export interface Coming {
  readonly rows: PackedEntries;
  readonly coming: readonly number[];
}

/** Entries that are to come, in a table of each kind. */
export function comingOf(entries: Iterable<BlocklistEntry>): Coming[] {
  const tables = new Map<string, PackedEntries>();
  for (const entry of entries) {
    const { algorithm } = entry.hash;
    const bits = bitsOf(entry.hash);
    const kind = kindOf(algorithm, bits);
    const table = tables.get(kind) ?? new PackedEntries(algorithm, bits);
    tables.set(kind, table);
    table.push(entry);
  }
  return [...tables.values()].map((rows) => ({
    rows,
    coming: Array.from({ length: rows.size }, (_, row) => row),
  }));
}

/** What came between the steps of a change. */
export interface Meanwhile {
  readonly withdrawn: Withdrawn[];
  /** withdrawals were lifted, or all entries replaced: what was prepared may be wrong */
  isStale: boolean;
}

/** Rows that lie on a shelf of their own, which is not searched yet. */
export interface Arrival {
  readonly rows: PackedEntries;
  readonly shelf: Shelf;
  /** 1 for each row that is on the shelf or was kept out */
  readonly handled: Uint8Array;
}

/** What is ready, so that a change of many entries takes a moment. */
export interface Prepared {
  readonly hidings: ReadonlyMap<Shelf, Hiding>;
  readonly arrivals: readonly Arrival[];
  /** why rows were kept out */
  readonly kept: readonly KeptOutReason[];
  /** withdrawn ones that name a group, which is to be withdrawn with them */
  readonly parts: readonly BlocklistEntry[];
}

/** Who keeps entries out. */
export interface Keeper {
  reasonFor(entry: BlocklistEntry): KeptOutReason | undefined;
  readonly tell: OnKeptOut | undefined;
}

/**
 * Prepares what is more than can be done at once; the rest is left to the change itself.
 * @param going the ids of entries that are to go, by shelf
 * @param most entries that go from a shelf, or come from a table, at once
 */
export function* preparedSteps(
  { going, coming }: { going: ReadonlyMap<Shelf, readonly number[]>; coming: readonly Coming[] },
  keeper: Keeper,
  most: number,
): Generator<void, Prepared> {
  const hidings = new Map<Shelf, Hiding>();
  for (const [shelf, ids] of going) {
    if (ids.length > most) hidings.set(shelf, yield* shelf.hidingSteps(ids));
  }
  const arrivals: Arrival[] = [];
  const out: KeptOut = { kept: [], parts: [] };
  for (const each of coming) {
    if (each.coming.length > most) arrivals.push(yield* arrivalSteps(each, keeper, out));
  }
  return { hidings, arrivals, ...out };
}

interface KeptOut {
  readonly kept: KeptOutReason[];
  readonly parts: BlocklistEntry[];
}

function* arrivalSteps(
  { rows, coming }: Coming,
  { reasonFor, tell }: Keeper,
  { kept, parts }: KeptOut,
): Generator<void, Arrival> {
  const shelf = new Shelf(rows.algorithm, rows.bits);
  const handled = new Uint8Array(rows.size);
  for (const [at, row] of coming.entries()) {
    if (at % STEP === 0) yield;
    const entry = rows.entryAt(row);
    const reason = reasonFor(entry);
    handled[row] = 1;
    if (reason === undefined) shelf.add(rows.numberedAt(row));
    else {
      kept.push(reason);
      if (reason === 'withdrawn' && entry.group !== undefined) parts.push(entry);
      tell?.(entry, reason);
    }
  }
  yield* shelf.warmSteps({});
  return { rows, shelf, handled };
}

/** The rows that are not prepared. */
export const unprepared = (
  tables: readonly { readonly rows: PackedEntries; readonly coming: Iterable<number> }[],
  { arrivals }: Prepared,
): Coming[] =>
  tables.map(({ rows, coming }) => {
    const handled = arrivals.find((arrival) => arrival.rows === rows)?.handled;
    return { rows, coming: [...coming].filter((row) => !handled?.[row]) };
  });

/**
 * The shelves of a kind that are to become one; fewer than two if none is. The larger ones wait
 * until as many entries have come, so that each entry is moved few times.
 */
export function dueForMerge(shelves: readonly Shelf[]): Shelf[] {
  const own = shelves.filter(({ isOwn }) => isOwn).sort((a, b) => a.size - b.size);
  if (own.length <= MOST_SHELVES) return [];
  let total = 0;
  let count = 0;
  while (count < own.length && (count < 2 || own[count]!.size < GROWTH * total)) {
    total += own[count++]!.size;
  }
  return own.slice(0, count);
}

/** A shelf with the entries of others, while these change. */
export interface Merged {
  readonly shelf: Shelf;
  /**
   * Makes up for what has changed in the others. It may fail.
   * @returns whether that was little enough to be done at once; if not, nothing is done
   */
  catchUp(): boolean;
}

/** How often it makes up for changes in steps. */
const ROUNDS = 8;

/** @param most entries that `catchUp` adds and removes */
export function* mergedSteps(shelves: readonly Shelf[], most: number): Generator<void, Merged> {
  const { algorithm, bits } = shelves[0]!;
  const merged = new Shelf(algorithm, bits);
  /** where each entry of the merged shelf comes from, by its id there; undefined if it is gone */
  const origins: (Shelf | undefined)[] = [];
  const ids: number[] = [];
  const seen = new Map<Shelf, { removals: number; added: number }>();
  const take = (shelf: Shelf, id: number) => {
    merged.add(shelf.numberedAt(id));
    origins.push(shelf);
    ids.push(id);
  };
  for (const shelf of shelves) {
    yield* shelf.indexSteps();
    const { removals } = shelf;
    const listed = yield* shelf.listedSteps(undefined);
    for (const [at, id] of listed.ids.entries()) {
      if (at % STEP === 0) yield;
      if (shelf.has(id)) take(shelf, id);
    }
    seen.set(shelf, { removals, added: listed.added });
  }
  yield* merged.warmSteps({});
  const changes = () => {
    const hasLost = shelves.some((shelf) => shelf.removals !== seen.get(shelf)!.removals);
    const gone: number[] = [];
    const late: [Shelf, number][] = [];
    for (let at = 0; hasLost && at < ids.length; at++) {
      if (origins[at]?.has(ids[at]!) === false) gone.push(at);
    }
    for (const shelf of shelves) {
      const { added } = seen.get(shelf)!;
      for (const id of shelf.listedSince(undefined, { ids: [], added })) late.push([shelf, id]);
      seen.set(shelf, { removals: shelf.removals, added: shelf.added });
    }
    return { gone, late };
  };
  const remove = (gone: readonly number[]) => {
    merged.prepareRemoval(gone)();
    for (const at of gone) origins[at] = undefined;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const { gone, late } = changes();
    for (let at = 0; at < gone.length; at += STEP) {
      yield;
      remove(gone.slice(at, at + STEP));
    }
    for (const [at, [shelf, id]] of late.entries()) {
      if (at % STEP === 0) yield;
      if (shelf.has(id)) take(shelf, id);
    }
    if (gone.length + late.length <= most) break;
  }
  return {
    shelf: merged,
    catchUp() {
      const { gone, late } = changes();
      if (gone.length + late.length > most) return false;
      for (const [shelf, id] of late) take(shelf, id);
      remove(gone);
      return true;
    },
  };
}
