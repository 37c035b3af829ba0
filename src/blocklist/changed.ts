import type { NumberedEntry } from '../entry.js';
import { kindOf, typeOf } from '../packed-words.js';
import { settled } from './compaction.js';
import { Kind, type Part } from './kind.js';
import {
  ListState,
  numbersTaken,
  type Rejections,
  rejectionReason,
  widenedBy,
} from './list-state.js';
import type { Lists } from './lists.js';
import type { Columns } from './segments/columns.js';
import type { EntryMarks } from './segments/delta.js';
import type { RejectionReason } from './withdrawals.js';
import type { Withdrawn, WithdrawnKey } from './withdrawn.js';

/** Entries of a delta, which a search compares one by one, before they become a segment. */
const DELTA = 512;

/** A change to one state of a list. */
export interface Step {
  readonly withdraw?: readonly Withdrawn[];
  /**
   * true if `withdraw` names every picture to remove; otherwise, entries of the list with these
   * hashes name further ones. A follower sets it: the store has found the pictures, and an entry
   * removed in the same step may name one that stays
   */
  readonly isWhole?: boolean;
  readonly reinstate?: readonly WithdrawnKey[];
  /** true if nothing else reads the list's withdrawals, so they may be changed in place */
  readonly ownsWithdrawn?: boolean;
  /** the numbers of removed entries, by the current kinds of the list */
  readonly remove?: ReadonlyMap<Kind, readonly number[]>;
  /** added entries, few */
  readonly add?: readonly NumberedEntry[];
  /** the settings of all lists */
  readonly lists?: Lists;
  /** the slow part of a large change */
  readonly prepared?: Prepared;
}

/** The slow part of a large change. It is done ahead, so that the change itself takes a moment. */
export interface Prepared {
  /** removed entries, by the table that they are in */
  readonly leaving: ReadonlyMap<Columns, EntryMarks>;
  /** added parts */
  readonly newParts: readonly Part<Columns>[];
  /** withdrawals that were made while the parts were built */
  readonly withdrawn: readonly Withdrawn[];
  readonly rejections: Rejections;
  /** degenerate entries that were rejected before */
  readonly degenerate?: number;
}

/** The effect of a change, in numbers. */
export interface Done {
  readonly added: number;
  readonly removed: number;
  /** new withdrawals, and those that now cover more */
  readonly withdrawn: number;
  readonly reinstated: number;
  /** rejected entries, by reason */
  readonly rejected: Readonly<Record<RejectionReason, number>>;
}

/** The effect of a change, and the generation of the list after it. */
export interface Applied extends Done {
  readonly generation: number;
}

/** A list after a change. */
export interface Changed {
  readonly state: ListState;
  readonly done: Done;
  readonly rejections: Rejections;
  /** the requested withdrawals */
  readonly asked: readonly Withdrawn[];
  /** the withdrawals made, also of the pictures that entries are parts of */
  readonly made: readonly Withdrawn[];
  /** the added entries: few, and those of parts */
  readonly addedEntries: readonly NumberedEntry[];
  readonly addedParts: readonly Part<Columns>[];
}

/**
 * The list after a change, and the effect. Reinstating comes first, then withdrawing, removing and
 * adding. Added entries are checked against the withdrawals in force by then. `state` stays
 * unchanged, also on failure.
 */
export function changed(state: ListState, step: Step): Changed {
  const { withdraw = [], isWhole, reinstate = [], ownsWithdrawn = false, remove, prepared } = step;
  const { add = [], lists = state.lists } = step;
  // Few changes withdraw anything.
  let withdrawn = state.withdrawn;
  const own = () => {
    if (!ownsWithdrawn && withdrawn === state.withdrawn) withdrawn = withdrawn.fork();
    return withdrawn;
  };
  const reinstated = reinstate.filter((key) => withdrawn.has(key) && own().delete(key)).length;
  const kinds = [...state.kinds.values()];
  // In force from here on, and searched for among the entries.
  const made = [...withdraw, ...(isWhole ? [] : widenedBy(kinds, withdraw))];
  let isWithdrawn = 0;
  for (const each of withdraw) if (own().set(each)) isWithdrawn++;
  let isWider = made.slice(withdraw.length).filter((each) => own().set(each)).length > 0;
  const rejections = [...(prepared?.rejections ?? [])];
  const widen = (entry: NumberedEntry): boolean => {
    const wider = withdrawn.widened(entry);
    for (const each of wider) own().set(each);
    made.push(...wider);
    isWider ||= wider.length > 0;
    return wider.length > 0;
  };
  for (const [entry, reason] of rejections) if (reason === 'withdrawn') widen(entry);
  let additions = add;
  for (let again = true; again; ) {
    again = false;
    additions = additions.filter((entry) => {
      const reason = rejectionReason(entry, withdrawn);
      if (reason === undefined) return true;
      rejections.push([entry, reason]);
      if (reason === 'withdrawn' && widen(entry)) again = true;
      return false;
    });
  }
  const newKinds = (prepared?.newParts ?? []).map((part) => {
    const { algorithm, bits } = part.table.searched.shape;
    return new Kind(algorithm, bits, [part]);
  });
  // Withdrawals made while the parts were built, if still in force: each once.
  const late = [...new Set((prepared?.withdrawn ?? []).flatMap((one) => withdrawn.get(one) ?? []))];
  // Such entries may be parts of other pictures.
  for (const each of widenedBy(newKinds, [...late, ...made])) {
    if (own().set(each)) isWider = true;
    made.push(each);
  }
  const next = new Map(state.kinds);
  let removed = 0;
  for (const kind of kinds) {
    const removals = new Set([
      ...(remove?.get(kind) ?? []),
      ...made.flatMap((each) => numbersTaken(kind, each)),
    ]);
    const left = without(kind, prepared).without(removals);
    removed += kind.size - left.size;
    next.set(kindOf(kind.algorithm, kind.bits), left);
  }
  let added = additions.length;
  const addedParts: Part<Columns>[] = [];
  for (const alone of newKinds) {
    const name = kindOf(alone.algorithm, alone.bits);
    const taken = new Set([...late, ...made].flatMap((each) => numbersTaken(alone, each)));
    for (const number of taken) rejections.push([alone.numberedAt(number), 'withdrawn']);
    const fits = alone.without(taken);
    added += fits.size;
    if (fits.size === 0) continue;
    const kind = next.get(name) ?? new Kind(alone.algorithm, alone.bits);
    next.set(name, withPart(kind, fits.parts[0]!));
    addedParts.push(fits.parts[0]!);
  }
  const rejected = { degenerate: prepared?.degenerate ?? 0, withdrawn: 0 };
  for (const [, reason] of rejections) rejected[reason]++;
  for (const [name, entries] of byKind(additions)) {
    const { algorithm, bits } = typeOf(entries[0]!.hash);
    next.set(name, extended(next.get(name) ?? new Kind(algorithm, bits), entries));
  }
  const isChanged =
    added + removed + isWithdrawn + reinstated > 0 || isWider || lists !== state.lists;
  const counts = {
    degenerate: state.rejected.degenerate + rejected.degenerate,
    withdrawn: state.rejected.withdrawn + rejected.withdrawn,
  };
  const generation = state.generation + (isChanged ? 1 : 0);
  return {
    state: new ListState({ kinds: next, withdrawn, lists, rejected: counts, generation }),
    done: { added, removed, withdrawn: isWithdrawn, reinstated, rejected },
    rejections,
    asked: withdraw,
    made,
    addedEntries: additions,
    addedParts,
  };
}

/** Entries by the names of their kinds. */
function byKind(entries: readonly NumberedEntry[]): Map<string, NumberedEntry[]> {
  const kinds = new Map<string, NumberedEntry[]>();
  for (const entry of entries) {
    const { algorithm, bits } = typeOf(entry.hash);
    const name = kindOf(algorithm, bits);
    const known = kinds.get(name);
    if (known) known.push(entry);
    else kinds.set(name, [entry]);
  }
  return kinds;
}

/** A kind with a few more entries. */
function extended(kind: Kind, entries: readonly NumberedEntry[]): Kind {
  const { algorithm, bits, parts, delta } = kind;
  const table = delta.table.extended(entries);
  const longer = new Kind(algorithm, bits, parts, { table, living: delta.living });
  return table.size < DELTA ? longer : settled(longer);
}

/** The same with one more segment, after the existing ones. */
function withPart(kind: Kind, part: Part<Columns>): Kind {
  const { algorithm, bits, parts } = settled(kind);
  return new Kind(algorithm, bits, [...parts, part]);
}

/** The same without the entries that were prepared to leave. */
function without(kind: Kind, prepared: Prepared | undefined): Kind {
  if (!prepared || prepared.leaving.size === 0) return kind;
  const parts = kind.parts.map((part): Part<Columns> => {
    const leaving = prepared.leaving.get(part.table);
    if (!leaving) return part;
    const { table, living } = part;
    return { table, living: living.withoutAll(leaving, (entry) => table.listAt(entry)) };
  });
  return new Kind(kind.algorithm, kind.bits, parts, kind.delta);
}
