import type { BlocklistEntry, NumberedEntry } from '../entry.js';
import type { Hash } from '../hash.js';
import { inSteps } from '../in-turns.js';
import type { PackedEntries } from '../packed-entries.js';
import { kindOf } from '../packed-words.js';
import type { Prepared, Step } from './changed.js';
import { builtSteps } from './compaction.js';
import type { Kind, Part } from './kind.js';
import { type ListState, type Rejections, rejectionReason } from './list-state.js';
import type { Columns } from './segments/columns.js';
import { EntryMarks, type Living } from './segments/delta.js';
import type { RejectionReason, Withdrawals } from './withdrawals.js';
import type { Withdrawn } from './withdrawn.js';

/** Entries that a step checks: about 0.2 ms. */
const STEP = 64;
/** Notes whose hashes are kept. */
const MAX_NOTES = 1 << 16;
/** Marks the end of a chain. */
const END = -1;

/** The entries that a change replaces. */
export interface Replaced {
  /** True if entries of the list of this name may be removed. */
  isOf(list: string): boolean;
  /** the entries of a part that may be removed, if they are few; absent: all of such lists */
  readonly among?: ((kind: Kind) => Generator<void, readonly number[]>) | undefined;
  /** True if an entry equal to this one is to be removed; absent: none is. */
  readonly names?: ((entry: BlocklistEntry) => boolean) | undefined;
  /**
   * Returns a test for entries to remove that were not found when the change was prepared: true
   * once each.
   * @param lost named entries that were to be removed, but are gone; others are removed instead
   */
  late(lost: readonly BlocklistEntry[]): (entry: BlocklistEntry) => boolean;
}

/** A change of many entries. */
export interface LargeChange {
  /** added entries, a table per kind */
  readonly tables: readonly PackedEntries[];
  /** entries to remove unless they are added again; absent: none */
  readonly replaced?: Replaced | undefined;
}

/** The small changes made while a large one was prepared. */
export interface Meanwhile {
  /** the requested withdrawals */
  readonly asked: Withdrawn[];
  /** the withdrawals made, also of the pictures that entries are parts of */
  readonly withdrawals: Withdrawn[];
  /** whether any was lifted */
  isReinstated: boolean;
}

/** A prepared change, except for what happened meanwhile. */
export interface Ready {
  /** the list at the start, with all deltas as segments */
  readonly base: ListState;
  readonly leaving: ReadonlyMap<Columns, EntryMarks>;
  /** the entries that stay because they are added again */
  readonly kept: ReadonlyMap<Columns, EntryMarks>;
  readonly newParts: readonly Part<Columns>[];
  readonly rejections: Rejections;
}

/**
 * Prepares a change step by step.
 * @param base the list when this begins, without a delta
 * @param withdrawn rejects entries
 */
export function* readySteps(
  base: ListState,
  { tables, replaced }: LargeChange,
  withdrawn: Withdrawals,
): Generator<void, Ready> {
  const leaving = new Map<Columns, EntryMarks>();
  const kept = new Map<Columns, EntryMarks>();
  const newParts: Part<Columns>[] = [];
  const rejections: (readonly [NumberedEntry, RejectionReason])[] = [];
  const byKind = new Map(tables.map((rows) => [kindOf(rows.algorithm, rows.bits), rows]));
  const taken = new Map<PackedEntries, Uint8Array>();
  for (const [name, kind] of replaced ? base.kinds : []) {
    const rows = byKind.get(name);
    const chains = rows && (yield* chainSteps(rows));
    const isTaken = rows && new Uint8Array(rows.size);
    if (rows && isTaken) taken.set(rows, isTaken);
    const among = replaced!.among && (yield* replaced!.among(kind));
    for (const part of kind.all) {
      // The delta is empty.
      if (part.table.size === 0) continue;
      const table = part.table as Columns;
      const notes = chains?.notesOf((number) => table.data.dictionary.at(number)!);
      const { notes: noteOf, lists, listOf } = table.data;
      const isMeant = lists.map((list) => replaced!.isOf(list));
      if (!isMeant.includes(true)) continue;
      const [goes, stays] = [new EntryMarks(), new EntryMarks()];
      const look = (entry: number) => {
        if (!part.living.has(entry) || !isMeant[listOf[noteOf[entry]!]!]) return;
        const row = chains?.take(table, entry, notes!);
        if (row !== undefined) {
          isTaken![row] = 1;
          stays.mark(entry, table.listAt(entry));
        } else goes.mark(entry, table.listAt(entry));
      };
      if (among) {
        const here = among.filter((at) => at >= part.base && at < part.base + table.size);
        yield* inSteps(here.length, (at) => look(here[at]! - part.base), STEP);
      } else yield* inSteps(table.size, look, STEP);
      if (goes.count > 0) leaving.set(table, goes);
      kept.set(table, stays);
    }
  }
  for (const rows of tables) {
    const isTaken = taken.get(rows) ?? new Uint8Array(rows.size);
    let count = 0;
    yield* inSteps(
      rows.size,
      (row) => {
        if (isTaken[row]) return;
        const entry = withdrawn.size > 0 ? rows.entryAt(row) : { hash: rows.hashAt(row) };
        const reason = rejectionReason(entry, withdrawn);
        if (reason === undefined) count++;
        else {
          isTaken[row] = 1;
          rejections.push([rows.numberedAt(row), reason]);
        }
      },
      STEP,
    );
    if (count === 0) continue;
    const addition = { table: rows, count, has: (row: number) => isTaken[row] === 0 };
    newParts.push((yield* builtSteps(rows, [addition])).part);
  }
  return { base, leaving, kept, newParts, rejections };
}

/**
 * The rest of a prepared change, now that its turn has come. Its cost grows with what has changed
 * since the change was begun.
 * @param inForce the withdrawals after it, if one that rejected an entry may be gone
 */
export function lateStep(
  now: ListState,
  { base, leaving, kept, newParts, rejections }: Ready,
  { replaced }: LargeChange,
  withdrawals: readonly Withdrawn[],
  inForce: Withdrawals | undefined,
): Step & { readonly prepared: Prepared } {
  const add: NumberedEntry[] = [];
  const lost: BlocklistEntry[] = [];
  const before = new Map<Columns, Living>();
  for (const { parts } of base.kinds.values()) {
    for (const { table, living } of parts) before.set(table, living);
  }
  for (const { table, living } of [...now.kinds.values()].flatMap(({ parts }) => parts)) {
    const [goes, stays] = [leaving.get(table), kept.get(table)];
    for (const entry of goes || stays ? living.since(before.get(table)!) : []) {
      if (stays?.has(entry)) add.push(table.numberedAt(entry));
      else if (goes?.has(entry) && replaced?.names?.(table.entryAt(entry))) {
        lost.push(table.entryAt(entry));
      }
    }
  }
  const remove = new Map<Kind, number[]>();
  const isLate = replaced?.late(lost);
  for (const kind of isLate ? now.kinds.values() : []) {
    const late: number[] = [];
    const look = (number: number) => {
      if (isLate!(kind.entryAt(number))) late.push(number);
    };
    for (const { table, living, base: first } of kind.all) {
      // Added since, so it was on the list before this change, which has the last word.
      const isNew = !before.has(table as Columns);
      for (let entry = 0; isNew && entry < table.size; entry++) {
        if (living.has(entry)) look(first + entry);
      }
    }
    for (const number of new Set(lost.flatMap(({ hash }) => kind.ofHash(hash)))) {
      const { part, entry } = kind.placeOf(number);
      const table = part.table as Columns;
      const isMeant = leaving.get(table)?.has(entry) || kept.get(table)?.has(entry);
      if (before.has(table) && !isMeant) look(number);
    }
    if (late.length > 0) remove.set(kind, late);
  }
  const isBack = ([entry, reason]: Rejections[number]) =>
    inForce !== undefined && reason === 'withdrawn' && !inForce.cover(entry);
  for (const each of inForce ? rejections : []) if (isBack(each)) add.push(each[0]);
  const stillOut = inForce ? rejections.filter((each) => !isBack(each)) : rejections;
  return {
    add,
    remove,
    prepared: { leaving, newParts, withdrawn: withdrawals, rejections: stillOut },
  };
}

/** Gives the hash of a note by its number. */
type NoteHashes = (number: number) => number;

/**
 * The rows of a table in chains, by content. The hash is keyed at random: otherwise, a list made to
 * collide would cost quadratic time.
 */
class Chains {
  readonly #rows: PackedEntries;
  readonly #heads: Int32Array;
  readonly #next: Int32Array;
  readonly #key = Math.floor(Math.random() * 2 ** 32);
  readonly #notes: NoteHashes;

  constructor(rows: PackedEntries) {
    this.#rows = rows;
    let length = 1;
    while (length < rows.size) length *= 2;
    this.#heads = new Int32Array(length).fill(END);
    this.#next = new Int32Array(rows.size).fill(END);
    this.#notes = this.notesOf((number) => JSON.stringify(rows.noteAt(number)));
  }

  /** @param textOf gives a note in JSON */
  notesOf(textOf: (number: number) => string): NoteHashes {
    const known = new Map<number, number>();
    return (number) => {
      const hash = known.get(number) ?? mixedText(this.#key, textOf(number));
      if (known.size < MAX_NOTES) known.set(number, hash);
      return hash;
    };
  }

  add(row: number): void {
    const rows = this.#rows;
    const note = this.#notes(rows.noteNumberAt(row));
    const at = this.#chainOf(rows.hashAt(row), rows.idAt(row), rows.groupAt(row), note);
    this.#next[row] = this.#heads[at]!;
    this.#heads[at] = row;
  }

  /** Takes a row equal to an entry out of its chain. */
  take(table: Columns, entry: number, notes: NoteHashes): number | undefined {
    const rows = this.#rows;
    const hash = table.hashAt(entry);
    const id = table.data.ids?.at(entry);
    const note = table.data.notes[entry]!;
    const at = this.#chainOf(hash, id, table.groupAt(entry), notes(note));
    let before = END;
    for (let row = this.#heads[at]!; row !== END; row = this.#next[row]!) {
      const isSame =
        rows.idAt(row) === id &&
        rows.qualityAt(row) === table.qualityAt(entry) &&
        rows.groupAt(row) === table.groupAt(entry) &&
        rows.partsAt(row) === table.partsAt(entry) &&
        rows.hashAt(row).bytes.every((byte, i) => byte === hash.bytes[i]) &&
        JSON.stringify(rows.noteAt(rows.noteNumberAt(row))) === table.data.dictionary.at(note);
      if (isSame) {
        if (before === END) this.#heads[at] = this.#next[row]!;
        else this.#next[before] = this.#next[row]!;
        return row;
      }
      before = row;
    }
    return undefined;
  }

  #chainOf({ bytes }: Hash, id = '', group = '', note: number): number {
    let mix = this.#key ^ note;
    for (let i = 0; i < bytes.length; i++) mix = mixed(mix, bytes[i]!);
    return (mixedText(mixedText(mix, id), group) >>> 0) % this.#heads.length;
  }
}

const mixed = (mix: number, value: number) => Math.imul(mix ^ value, 0x9e3779b1) ^ (mix >>> 15);

function mixedText(start: number, text: string): number {
  let mix = start;
  for (let i = 0; i < text.length; i++) mix = mixed(mix, text.charCodeAt(i));
  return mix;
}

function* chainSteps(rows: PackedEntries): Generator<void, Chains> {
  const chains = new Chains(rows);
  // From the last one back, so that the first of equal rows is taken first.
  yield* inSteps(rows.size, (at) => chains.add(rows.size - 1 - at), STEP);
  return chains;
}
