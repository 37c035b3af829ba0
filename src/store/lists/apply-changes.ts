import type { Blocklist } from '../../blocklist/blocklist.js';
import type { Kind, ListState, Lists, Withdrawals } from '../../blocklist/list-state.js';
import type { Withdrawn } from '../../blocklist/withdrawn.js';
import { isSameEntry, type NumberedEntry } from '../../entry.js';
import { hexOf } from '../../hash.js';
import type { AllowList } from '../../matching/allow-list.js';
import { typeOf } from '../../packed-words.js';
import type { ChangePage } from '../changes.js';
import { haveSameKey, numbered } from '../stored-entry.js';
import { keyOfException } from './exceptions.js';
import { keyOfWithdrawal } from './withdrawals.js';

/** Entries that change together, in one turn of the event loop: about 30 µs each. */
const TOGETHER = 256;

/** A blocklist that follows a store, and its allow list. */
export interface Following {
  readonly blocklist: Blocklist;
  readonly allowList: AllowList;
}

type Change<Kind extends keyof ChangePage> =
  NonNullable<ChangePage[Kind]> extends readonly (infer Each)[] ? Each : never;

/** Pages of changes, merged: the last report of each row counts. */
export class PendingChanges {
  readonly withdrawals = new Map<string, Change<'withdrawals'>>();
  readonly lists = new Map<string, Change<'lists'>>();
  readonly exceptions = new Map<string, Change<'exceptions'>>();
  readonly entries = new Map<number, Change<'entries'>>();

  get size(): number {
    const { withdrawals, lists, exceptions, entries } = this;
    return withdrawals.size + lists.size + exceptions.size + entries.size;
  }

  add({ withdrawals, lists, exceptions, entries }: ChangePage): void {
    for (const each of withdrawals)
      this.withdrawals.set(hexOf(keyOfWithdrawal(each.withdrawal)), each);
    for (const each of lists) this.lists.set(each.name, each);
    for (const each of exceptions) {
      const { hash, entry } = each.exception;
      this.exceptions.set(hexOf(keyOfException(hash, entry)), each);
    }
    for (const each of entries) this.entries.set(each.entry.number, each);
  }
}

/**
 * Brings a blocklist to the store's state. Up to 256 changed entries, and as many withdrawals, are
 * one step with everything that belongs to them: a decision sees the state before or after it.
 * Larger changes take several steps. Withdrawals go with the first of them, then entries are added
 * or changed, and the others are removed last, so an entry that only moves is found at all times.
 * Anything already in its final state stays, so failed steps can be repeated.
 */
export function* applySteps(
  { blocklist, allowList }: Following,
  changes: PendingChanges,
): Generator<void, void> {
  const withdrawals = [...changes.withdrawals.values()];
  const all = [...changes.entries.values()];
  const entries = [...all.filter(isIn), ...all.filter((each) => !isIn(each))];
  // Steps of withdrawals alone; the last withdrawals go with the first entries.
  const before = Math.max(1, Math.ceil(withdrawals.length / TOGETHER)) - 1;
  const steps = before + Math.max(1, Math.ceil(entries.length / TOGETHER));
  for (let at = 0; at < steps; at++) {
    if (at > 0) yield;
    const changed = at < before ? [] : partOf(entries, at - before);
    blocklist.commit((state) => ({
      ...withdrawing(state.withdrawn, partOf(withdrawals, at)),
      ...moving(state, changed),
      ...(at === 0 && { lists: listsAfter(state.lists, changes) }),
    }));
    for (const { exception, listed } of at === 0 ? changes.exceptions.values() : []) {
      const { hash, reason, entry } = exception;
      const named = entry && { entry };
      if (listed) allowList.allow(hash, { reason, ...named });
      else allowList.disallow(hash, named);
    }
  }
}

const partOf = <T>(all: readonly T[], at: number): readonly T[] =>
  all.slice(TOGETHER * at, TOGETHER * (at + 1));

const isIn = ({ entry, listed }: Change<'entries'>) => listed && entry.pausedUntil === undefined;

/** Changes that bring these withdrawals to the store's, which knows everything that they remove. */
function withdrawing(withdrawn: Withdrawals, changed: readonly Change<'withdrawals'>[]) {
  const lifted = changed.filter(({ listed }) => !listed);
  const made = changed.filter((each) => each.listed && !isSame(withdrawn, each.withdrawal));
  return {
    // One may have been lifted and made again: the groups that it removed then are not removed now.
    reinstate: [...lifted, ...made].map(({ withdrawal }) => withdrawal),
    withdraw: made.map(({ withdrawal }) => withdrawal),
    isWhole: true,
  };
}

/** True if a withdrawal is in force with the same reason and groups, and need not be made again. */
function isSame(withdrawn: Withdrawals, withdrawal: Withdrawn): boolean {
  const { reason, groups = [] } = withdrawn.get(withdrawal) ?? {};
  return (
    reason === withdrawal.reason &&
    withdrawn.holds(withdrawal) &&
    groups.length === (withdrawal.groups?.length ?? 0)
  );
}

function listsAfter(lists: Lists, { lists: changed }: PendingChanges): Lists {
  let after = lists;
  for (const { name, settings, listed } of changed.values()) {
    after = after.with(name, null);
    // Matches do not name the unnamed list when it has no settings.
    if (listed && Object.keys(settings).length > 0) after = after.with(name, settings);
  }
  return after;
}

/** Removals and additions that bring each of these entries to the store's state. */
function moving(state: ListState, changed: readonly Change<'entries'>[]) {
  const remove = new Map<Kind, number[]>();
  const add: NumberedEntry[] = [];
  for (const change of changed) {
    const { entry } = change;
    const kind = state.of(typeOf(entry.hash));
    let isThere = false;
    for (const at of kind.ofHash(entry.hash)) {
      const old = kind.entryAt(at);
      if (!haveSameKey(old, entry)) continue;
      // An entry that was purged and listed again has another number.
      const isSame = kind.numberAt(at) === entry.number && isSameEntry(old, entry);
      if (isIn(change) && !isThere && isSame) isThere = true;
      else remove.set(kind, [...(remove.get(kind) ?? []), at]);
    }
    if (isIn(change) && !isThere) add.push(numbered(entry));
  }
  return { remove, add };
}
