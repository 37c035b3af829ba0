import type { BlocklistEntry } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { inSteps } from '../../in-turns.js';
import { EntryTables } from '../../packed-entries.js';
import { typeOf } from '../../packed-words.js';
import { type Changed, changed, type Prepared, type Step } from '../changed.js';
import { builtSteps, dueOf, mergedSteps } from '../compaction.js';
import { EntriesByHash, equalSteps } from '../equal-entries.js';
import type { Kind, Part } from '../kind.js';
import { ListState } from '../list-state.js';
import { type KeptSettings, Lists } from '../lists.js';
import type { Columns } from '../segments/columns.js';
import type { Living } from '../segments/delta.js';
import type { RejectionReason } from '../withdrawals.js';
import type { Withdrawn, WithdrawnKey } from '../withdrawn.js';
import type { Body } from './record-lines.js';

/** Items of an effect that are made at once; more entries become a segment. */
const MOST_AT_ONCE = 512;
/** Items that a step looks at: about 0.3 ms. */
const STEP = 64;

/**
 * The whole effect of a change, to be repeated on the same earlier list. Reinstating comes first,
 * then withdrawing, removing and adding.
 */
export interface Effect {
  readonly reinstate: readonly WithdrawnKey[];
  /** also of the pictures that entries were parts of */
  readonly withdraw: readonly Withdrawn[];
  /** each removes one equal entry; entries removed by the withdrawals are not among them */
  readonly remove: readonly BlocklistEntry[];
  readonly add: readonly BlocklistEntry[];
  /** more of both, in bytes, and the numbers of those that are excluded; only for writing */
  readonly body?: Body | undefined;
  readonly without?: readonly number[];
  /** the settings of all lists, if any changed */
  readonly lists?: readonly (readonly [string, KeptSettings])[];
  /** number of entries rejected until then */
  readonly rejected: Readonly<Record<RejectionReason, number>>;
  /** generation of the list then */
  readonly generation: number;
}

/** True if a change did anything that a list keeps. */
export const isEffective = (before: ListState, { state }: Changed): boolean =>
  state.generation !== before.generation ||
  state.rejected.degenerate !== before.rejected.degenerate ||
  state.rejected.withdrawn !== before.rejected.withdrawn;

/**
 * The effect of a step on a list, computed step by step.
 * @param body the entries of a large one
 */
export function* effectSteps(
  before: ListState,
  step: Step,
  { state, made, addedEntries, addedParts }: Changed,
  body?: Body,
): Generator<void, Effect> {
  const remove: BlocklistEntry[] = [];
  for (const [kind, numbers] of step.remove ?? []) {
    yield* inSteps(numbers.length, (at) => remove.push(kind.entryAt(numbers[at]!)), STEP);
  }
  const { prepared } = step;
  const without = prepared && body && (yield* lateSteps(before, prepared, addedParts));
  const { rejected, generation } = state;
  const lists = state.lists === before.lists ? undefined : state.lists.entries();
  return {
    reinstate: step.reinstate ?? [],
    withdraw: made,
    remove,
    add: addedEntries,
    body,
    ...(without && { without }),
    ...(lists && { lists }),
    rejected,
    generation,
  };
}

/** The lines of a body that were dropped by changes made while it was written. */
function* lateSteps(
  before: ListState,
  { leaving, newParts }: Prepared,
  addedParts: readonly Part<Columns>[],
): Generator<void, number[]> {
  const without: number[] = [];
  const there = new Map<Columns, Living>();
  for (const { parts } of before.kinds.values()) {
    for (const { table, living } of parts) there.set(table, living);
  }
  for (const { table, living } of addedParts) there.set(table, living);
  let line = 0;
  for (const [table, entries] of leaving) {
    const living = there.get(table);
    for (const entry of entries.besides()) {
      if (line % STEP === 0) yield;
      if (!living?.has(entry)) without.push(line);
      line++;
    }
  }
  for (const { table } of newParts) {
    const living = there.get(table);
    const look = (entry: number) => {
      if (!living?.has(entry)) without.push(line + entry);
    };
    if (living?.lost !== 0) yield* inSteps(table.size, look, STEP);
    line += table.size;
  }
  return without;
}

/**
 * The list after effects, computed step by step. Only what they touch changes.
 * @param options `isAlone`: the list is not used yet, so segments may be merged
 * @throws {FormatError} `bad-line` if an effect is not one of this list
 */
export function* replaySteps(
  state: ListState,
  effects: readonly Effect[],
  { isAlone = false } = {},
): Generator<void, ListState> {
  // The states in between are not visible, so they need no copies.
  let next = new ListState({ ...state, withdrawn: state.withdrawn.fork() });
  for (const effect of effects) {
    next = yield* replayedSteps(next, effect);
    for (let due = isAlone && dueOf(next); due; due = dueOf(next)) {
      next = (yield* mergedSteps(due))(next);
    }
    yield;
  }
  return next;
}

/** @param state its withdrawals are changed */
function* replayedSteps(state: ListState, effect: Effect): Generator<void, ListState> {
  const { reinstate, withdraw, add, rejected, generation } = effect;
  const remove = yield* removedSteps(state, effect.remove);
  let next = state;
  // A small effect should take only one step.
  const isSmall = reinstate.length + withdraw.length <= MOST_AT_ONCE;
  for (let at = 0; !isSmall && at < reinstate.length; at += STEP) {
    next = replaced(next, { reinstate: reinstate.slice(at, at + STEP) });
    yield;
  }
  for (let at = 0; !isSmall && at < withdraw.length; at += STEP) {
    next = replaced(next, { withdraw: withdraw.slice(at, at + STEP) });
    yield;
  }
  const parts = add.length > MOST_AT_ONCE ? yield* partsSteps(add) : undefined;
  const lists = effect.lists && new Lists(effect.lists);
  // By the current kinds, whose numbers are the same.
  const removals = [...remove].map(([kind, numbers]) => [next.of(kind), numbers] as const);
  const last = replaced(next, {
    ...(isSmall && { reinstate, withdraw }),
    remove: new Map(removals),
    ...(parts ? { prepared: prepared(parts) } : { add }),
    ...(lists && { lists }),
  });
  return new ListState({ ...last, rejected, generation });
}

const replaced = (state: ListState, step: Step) =>
  changed(state, { ...step, ownsWithdrawn: true }).state;

const prepared = (newParts: readonly Part<Columns>[]) => ({
  leaving: new Map(),
  newParts,
  withdrawn: [],
  rejections: [],
});

function* partsSteps(entries: readonly BlocklistEntry[]): Generator<void, Part<Columns>[]> {
  const additions = new EntryTables();
  yield* inSteps(entries.length, (at) => additions.push(entries[at]!), STEP);
  const parts: Part<Columns>[] = [];
  for (const table of additions.tables) parts.push((yield* builtSteps(table, [{ table }])).part);
  return parts;
}

/** The numbers of removed entries, by their kinds. */
function* removedSteps(
  state: ListState,
  entries: readonly BlocklistEntry[],
): Generator<void, Map<Kind, readonly number[]>> {
  const byHash = new EntriesByHash();
  const kinds = new Set<Kind>();
  const look = (at: number) => {
    const entry = entries[at]!;
    byHash.push(entry);
    kinds.add(state.of(typeOf(entry.hash)));
  };
  yield* inSteps(entries.length, look, STEP);
  const numbers = new Map<Kind, readonly number[]>();
  for (const kind of kinds) {
    const { found, missing } = yield* equalSteps(kind, byHash);
    if (missing.size > 0) throw new FormatError('bad-line', 'the change belongs to another list');
    numbers.set(kind, found);
  }
  return numbers;
}

/** Joins consecutive effects where that changes nothing. */
export class JoinedEffects {
  readonly #done: Effect[] = [];
  #last: Joined | undefined;

  push(effect: Effect): void {
    const last = this.#last;
    const first = PHASES.findIndex((phase) => effect[phase].length > 0);
    const end = PHASES.findLastIndex((phase) => effect[phase].length > 0);
    if (!last || (first >= 0 && first < last.end)) {
      this.#flush();
      const { reinstate, withdraw, remove, add } = effect;
      this.#last = {
        ...effect,
        reinstate: [...reinstate],
        withdraw: [...withdraw],
        remove: [...remove],
        add: [...add],
        end,
      };
      return;
    }
    for (const each of effect.reinstate) last.reinstate.push(each);
    for (const each of effect.withdraw) last.withdraw.push(each);
    for (const each of effect.remove) last.remove.push(each);
    for (const each of effect.add) last.add.push(each);
    if (effect.lists) last.lists = effect.lists;
    last.rejected = effect.rejected;
    last.generation = effect.generation;
    last.end = Math.max(last.end, end);
  }

  made(): Effect[] {
    this.#flush();
    return this.#done;
  }

  #flush(): void {
    if (this.#last) this.#done.push(this.#last);
    this.#last = undefined;
  }
}

/** In the order of execution. */
const PHASES = ['reinstate', 'withdraw', 'remove', 'add'] as const;

interface Joined {
  reinstate: WithdrawnKey[];
  withdraw: Withdrawn[];
  remove: BlocklistEntry[];
  add: BlocklistEntry[];
  lists?: NonNullable<Effect['lists']>;
  rejected: Effect['rejected'];
  generation: number;
  /** the last phase that it has; -1: none */
  end: number;
}
