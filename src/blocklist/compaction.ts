import { finish, inSteps } from '../in-turns.js';
import {
  firstDue,
  isWasteful,
  mergedSteps as merge,
  newTarget,
  replacedIn,
  type Segment,
} from '../indexing/compaction.js';
import { PackedEntries } from '../packed-entries.js';
import { type HashType, kindOf } from '../packed-words.js';
import { policyUnder } from '../policy.js';
import { Kind, type ListedPart } from './kind.js';
import { ListState } from './list-state.js';
import { Columns, ColumnsBuilder } from './segments/columns.js';
import { Living } from './segments/delta.js';

/** Entries of a table; by default all. */
export interface Source {
  readonly table: PackedEntries | Columns;
  /** the number in use */
  readonly count?: number;
  has?(entry: number): boolean;
}

/**
 * Builds a part of entries step by step. The tables must not lose rows meanwhile.
 * @returns `numbers`: the number of each of its entries among all sources; undefined if unchanged
 */
export function* builtSteps(
  { algorithm, bits }: HashType,
  sources: readonly Source[],
): Generator<void, { readonly part: ListedPart; readonly numbers: Uint32Array | undefined }> {
  const { reviewDistance: maxDistance } = policyUnder({}, algorithm, bits);
  const purpose = { kind: undefined, maxDistance, sketchBits: 32 } as const;
  const { segment, ids: numbers } = yield* merge(
    sources.map(({ table, has = () => true }) => {
      const part = table instanceof PackedEntries ? partOf(table) : table.searched;
      return { part, entries: table.size, has };
    }),
    {
      most: sources.reduce((sum, { table, count = table.size }) => sum + count, 0),
      target: (count) => newTarget({ algorithm, bits }, purpose, count, 'auto'),
      isNumbered: true,
    },
  );
  const columns = new ColumnsBuilder(bits, segment.entries);
  const takers = sources.map(({ table }) => ({ take: columns.from(table), size: table.size }));
  yield* inSteps(segment.entries, (entry) => {
    let number = numbers ? numbers[entry]! : entry;
    let at = 0;
    while (number >= takers[at]!.size) number -= takers[at++]!.size;
    takers[at]!.take(number);
  });
  return { part: { table: yield* columns.steps(segment), living: new Living() }, numbers };
}

function partOf({ hashes, size, bits }: PackedEntries) {
  const { buffer, byteOffset } = hashes.bytes;
  const same = (row: number) => row;
  const words = new Int32Array(buffer, byteOffset, (size * bits) / 32);
  return { words, count: size, startOf: same, idAt: same };
}

const livingOf = ({ table, living }: ListedPart): Source => ({
  table,
  count: table.size - living.lost,
  has: (entry) => living.has(entry),
});

/** The same with the delta as a segment. */
export function settled(kind: Kind): Kind {
  const { algorithm, bits, parts, delta } = kind;
  const { table, living } = delta;
  if (table.size === 0) return kind;
  const count = table.size - living.lost;
  if (count === 0) return new Kind(algorithm, bits, parts);
  const has = (row: number) => row < table.size && living.has(row);
  const { part } = finish(builtSteps(kind, [{ table: table.rows, count, has }]));
  return new Kind(algorithm, bits, [...parts, part]);
}

/** An equal list, without a delta. */
export function settledState(state: ListState): ListState {
  const kinds = new Map<string, Kind>();
  for (const [name, kind] of state.kinds) kinds.set(name, settled(kind));
  return new ListState({ ...state, kinds });
}

/** Segments to merge into one. */
export interface Due {
  readonly kind: Kind;
  /** the number of the first of them; the others follow it to the end */
  readonly from: number;
}

/** The segments of a list to merge into one; undefined if none are due. */
export function dueOf(state: ListState): Due | undefined {
  for (const kind of state.kinds.values()) {
    const { parts } = kind;
    if (parts.length === 0) continue;
    const first = firstDue(parts.map(({ table }) => ({ entries: table.size })));
    if (first < parts.length - 1) return { kind, from: first };
    const wasting = parts.findIndex(({ table, living }) => isWasteful(living.lost, table.size));
    if (wasting >= 0) return { kind, from: wasting };
  }
  return undefined;
}

/**
 * Merges segments step by step. It changes no answer.
 * @returns a function that puts the merged one in their place, in a list that may have changed
 */
export function* mergedSteps({ kind, from }: Due): Generator<void, (now: ListState) => ListState> {
  const { algorithm, bits } = kind;
  const merging = kind.parts.slice(from);
  const { part, numbers } = yield* builtSteps(kind, merging.map(livingOf));
  const { table } = part;
  const moved = new Uint32Array(merging.reduce((sum, { table }) => sum + table.size, 0));
  yield* inSteps(table.size, (entry) => {
    moved[numbers ? numbers[entry]! : entry] = entry;
  });
  return (now) => {
    const { parts, delta } = now.of(kind);
    const changed = merging.map(({ table }) => parts.find((each) => each.table === table));
    const gone: number[] = [];
    let base = 0;
    for (const [at, { table, living }] of merging.entries()) {
      for (const entry of changed[at]?.living.since(living) ?? []) gone.push(moved[base + entry]!);
      base += table.size;
    }
    const living = part.living.without(gone, (entry) => table.listAt(entry));
    const next = replacedIn(parts, changed, table.size > living.lost ? [{ table, living }] : []);
    // Another list may have taken the place of this one.
    if (!next) return now;
    const merged = new Kind(algorithm, bits, next, delta);
    return new ListState({
      ...now,
      kinds: new Map(now.kinds).set(kindOf(algorithm, bits), merged),
    });
  };
}

/** All of a kind in one segment, built step by step; itself, if it is that already. */
export function* wholeSteps(kind: Kind): Generator<void, ListedPart> {
  const { algorithm, bits, parts } = settled(kind);
  const [first] = parts;
  if (first && parts.length === 1 && first.living.lost === 0) return first;
  return (yield* builtSteps({ algorithm, bits }, parts.map(livingOf))).part;
}

/** An equal list, with a segment moved to other memory. */
export function movedTo(state: ListState, segment: Segment, moved: Segment): ListState {
  const kinds = new Map<string, Kind>();
  for (const [name, { algorithm, bits, parts, delta }] of state.kinds) {
    const there = parts.map((part) =>
      part.table.searched === segment
        ? { ...part, table: new Columns(moved, part.table.data) }
        : part,
    );
    kinds.set(name, new Kind(algorithm, bits, there, delta));
  }
  return new ListState({ ...state, kinds });
}
