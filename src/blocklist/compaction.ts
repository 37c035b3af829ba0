import { firstDue } from '../indexing/mutable-index.js';
import { inSteps } from '../indexing/segment.js';
import { builtSteps } from './built-part.js';
import { settled } from './changed.js';
import type { Columns } from './columns.js';
import { Kind, kindOf, type ListedPart } from './kind.js';
import { ListState } from './list-state.js';

/** Segments that are to become one. */
export interface Due {
  readonly kind: Kind;
  /** the number of the first of them; the others follow it to the end */
  readonly from: number;
}

/** The segments of a list that are to become one; undefined if none are. */
export function dueOf(state: ListState): Due | undefined {
  for (const kind of state.kinds.values()) {
    const { parts } = kind;
    if (parts.length === 0) continue;
    const first = firstDue(parts.map(({ table }) => ({ entries: table.size })));
    if (first < parts.length - 1) return { kind, from: first };
    const wasting = parts.findIndex(({ table, living }) => 3 * living.lost > table.size);
    if (wasting >= 0) return { kind, from: wasting };
  }
  return undefined;
}

/**
 * Merges segments step by step. It changes no answer.
 * @returns what puts the merged one in their place, in a list that has changed meanwhile
 */
export function* mergedSteps({ kind, from }: Due): Generator<void, (now: ListState) => ListState> {
  const { algorithm, bits } = kind;
  const merging = kind.parts.slice(from);
  const sources = yield* livingSteps(merging);
  const { part, order } = yield* builtSteps(kind, sources);
  const places = order && new Uint32Array(order.length);
  yield* inSteps(order?.length ?? 0, (entry) => {
    places![order![entry]!] = entry;
  });
  return (now) => {
    const name = kindOf(algorithm, bits);
    const changed = now.kinds.get(name);
    const tables = changed?.parts.map(({ table }) => table) ?? [];
    // Another list may have taken the place of this one.
    if (!changed || sources.some(({ table }, at) => tables[from + at] !== table)) return now;
    const gone: number[] = [];
    let row = 0;
    for (const [at, { entries }] of sources.entries()) {
      for (const entry of changed.parts[from + at]!.living.since(merging[at]!.living)) {
        const taken = row + rankOf(entries, entry);
        gone.push(places ? places[taken]! : taken);
      }
      row += entries.length;
    }
    const { table, living } = part;
    const left = living.without(gone, (entry) => table.listAt(entry));
    const merged: ListedPart[] = table.size > left.lost ? [{ table, living: left }] : [];
    const later = changed.parts.slice(from + merging.length);
    const parts = [...changed.parts.slice(0, from), ...merged, ...later];
    const kinds = new Map(now.kinds).set(name, new Kind(algorithm, bits, parts, changed.delta));
    return new ListState({ ...now, kinds });
  };
}

/** The entries of parts that are there. */
function* livingSteps(
  parts: readonly ListedPart[],
): Generator<void, { readonly table: Columns; readonly entries: Uint32Array }[]> {
  const sources: { table: Columns; entries: Uint32Array }[] = [];
  for (const { table, living } of parts) {
    const entries = new Uint32Array(table.size - living.lost);
    let count = 0;
    yield* inSteps(table.size, (entry) => {
      if (living.has(entry)) entries[count++] = entry;
    });
    sources.push({ table, entries });
  }
  return sources;
}

/** All that a kind has in one segment, made step by step; itself, if it is that already. */
export function* wholeSteps(kind: Kind): Generator<void, ListedPart> {
  const { algorithm, bits, parts } = settled(kind);
  const [first] = parts;
  if (first && parts.length === 1 && first.living.lost === 0) return first;
  const sources = yield* livingSteps(parts);
  return (yield* builtSteps({ algorithm, bits }, sources)).part;
}

/** The place of a number in an ascending list that has it. */
function rankOf(numbers: Uint32Array, number: number): number {
  let [from, to] = [0, numbers.length];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (numbers[middle]! <= number) from = middle;
    else to = middle;
  }
  return from;
}
