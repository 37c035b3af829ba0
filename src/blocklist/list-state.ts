import type { NumberedEntry } from '../entry.js';
import { hashFromHex, hashToHex, isDegenerate } from '../hash.js';
import { type HashType, kindOf } from '../packed-words.js';
import { Kind } from './kind.js';
import { Lists } from './lists.js';
import { type Covered, type RejectionReason, Withdrawals } from './withdrawals.js';
import { copyOfWithdrawn, type Withdrawn, type WithdrawnKey } from './withdrawn.js';

export type { ListedPart, SearchingThreads, SearchThreadsStats } from './kind.js';
export type { Fetched, KeptSettings } from './lists.js';
export type { Kind, Lists, RejectionReason, Withdrawals };

/** Kinds without entries, by name; they do not change. */
const empties = /* @__PURE__ */ new Map<string, Kind>();

/** The state of a list at one moment. It does not change: a change makes another. */
export class ListState {
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly withdrawn: Withdrawals;
  readonly lists: Lists;
  /** number of entries rejected so far */
  readonly rejected: Readonly<Record<RejectionReason, number>>;
  readonly generation: number;

  constructor(state: Partial<Omit<ListState, 'of' | 'size'>> = {}) {
    this.kinds = state.kinds ?? new Map<string, Kind>();
    this.withdrawn = state.withdrawn ?? new Withdrawals();
    this.lists = state.lists ?? new Lists();
    this.rejected = state.rejected ?? { degenerate: 0, withdrawn: 0 };
    this.generation = state.generation ?? 0;
  }

  /** The entries of a hash's kind; an empty kind if there are none. */
  of({ algorithm, bits }: HashType): Kind {
    const name = kindOf(algorithm, bits);
    const known = this.kinds.get(name) ?? empties.get(name);
    if (known) return known;
    const empty = new Kind(algorithm, bits);
    empties.set(name, empty);
    return empty;
  }

  get size(): number {
    let size = 0;
    for (const kind of this.kinds.values()) size += kind.size;
    return size;
  }
}

/** True if a hash of this kind is compared with an entry: its list may be disabled. */
export function isCompared({ size, counts }: Kind, lists: Lists): boolean {
  if (size === 0 || lists.areAllEnabled) return size > 0;
  return [...counts].some(([list, count]) => count > 0 && lists.isEnabled(list));
}

/** The reason for which an entry cannot be on a list; undefined if it can. */
export function rejectionReason(
  entry: Covered,
  withdrawn: Withdrawals,
): RejectionReason | undefined {
  if (isDegenerate(entry.hash)) return 'degenerate';
  return withdrawn.cover(entry) ? 'withdrawn' : undefined;
}

/** The entries with exactly this hash, or with this id. */
export function numbersOf(kind: Kind, key: WithdrawnKey): number[] {
  const numbers = 'id' in key ? kind.ofId(key.id, key.source) : kind.ofHash(key);
  return onList(kind, numbers, key.list);
}

const onList = (kind: Kind, numbers: number[], list: string | undefined) =>
  list === undefined ? numbers : numbers.filter((number) => kind.listAt(number) === list);

/** The entries that a withdrawal removes. */
export function numbersTaken(kind: Kind, withdrawal: Withdrawn): number[] {
  const numbers = numbersOf(kind, withdrawal);
  if ('id' in withdrawal) return numbers;
  const { algorithm, list, groups = [] } = withdrawal;
  const others = groups.map(({ group, list }) => ({ ...hashFromHex(algorithm, group), list }));
  const pictures = [{ ...withdrawal, list }, ...others];
  // Not `push` of all: a picture's parts may exceed the arguments of a call.
  return [
    numbers,
    ...others.map((other) => numbersOf(kind, other)),
    ...pictures.map((picture) => onList(kind, kind.ofGroup(picture), picture.list)),
  ].flat();
}

/**
 * Withdrawals by a hash, each with the pictures that entries of this hash are parts of. Withdrawals
 * without such entries are omitted.
 */
export function widenedBy(kinds: Iterable<Kind>, withdrawals: readonly Withdrawn[]): Withdrawn[] {
  const all = [...kinds];
  return withdrawals.flatMap((withdrawal) => {
    if ('id' in withdrawal) return [];
    const groups = all.flatMap((kind) =>
      numbersOf(kind, withdrawal).flatMap((number) => {
        const { hash, group, list = '' } = kind.entryAt(number);
        return group === undefined || group === hashToHex(hash) ? [] : [{ group, list }];
      }),
    );
    return groups.length > 0 ? [copyOfWithdrawn({ ...withdrawal, groups })] : [];
  });
}

/** Rejected entries, and the reasons. */
export type Rejections = readonly (readonly [NumberedEntry, RejectionReason])[];
