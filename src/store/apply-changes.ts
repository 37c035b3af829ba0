import { listOf } from '../blocklist/lists.js';
import { Withdrawals, type Withdrawn } from '../blocklist/withdrawals.js';
import { type BlocklistEntry, NUMBER, type NumberedEntry } from '../entry.js';
import { hexOf } from '../hash.js';
import type { AllowList } from '../matching/allow-list.js';
import { Blocklist } from '../matching/blocklist.js';
import type { Holdings } from '../matching/holdings.js';
import { comingOf } from '../matching/large-change.js';
import type { Shelf } from '../matching/shelf.js';
import { keyOfAllowance } from './allowances.js';
import type { StoreChanges } from './changes.js';
import { type StoredEntry, saidOf } from './stored-entry.js';
import { keyOfWithdrawal } from './withdrawals.js';

/** Entries that are changed together, in one turn of the event loop: about 30 µs each. */
const TOGETHER = 256;

/** A blocklist that follows a store, and its allow list. */
export interface Following {
  readonly blocklist: Blocklist;
  readonly allowList: AllowList;
}

type Change<Kind extends keyof StoreChanges> =
  NonNullable<StoreChanges[Kind]> extends readonly (infer Each)[] ? Each : never;

/** Pages of changes, put together: of each thing what was told last. */
export class PendingChanges {
  readonly withdrawals = new Map<string, Change<'withdrawals'>>();
  readonly lists = new Map<string, Change<'lists'>>();
  readonly allowances = new Map<string, Change<'allowances'>>();
  readonly entries = new Map<number, Change<'entries'>>();

  get size(): number {
    const { withdrawals, lists, allowances, entries } = this;
    return withdrawals.size + lists.size + allowances.size + entries.size;
  }

  add({ withdrawals, lists, allowances, entries }: StoreChanges): void {
    for (const each of withdrawals)
      this.withdrawals.set(hexOf(keyOfWithdrawal(each.withdrawal)), each);
    for (const each of lists) this.lists.set(each.name, each);
    for (const each of allowances) {
      const { hash, entry } = each.allowance;
      this.allowances.set(hexOf(keyOfAllowance(hash, entry)), each);
    }
    for (const each of entries) this.entries.set(each.entry.number, each);
  }
}

/**
 * Makes a blocklist what the store says. Up to 256 changed entries are one step, with all that
 * belongs to them: a decision is about the state before or after. More of them take several steps.
 * What is withdrawn goes with the first ones, then entries come or change, and then the others go,
 * so that what only moves is found all the time. What is as it is to be stays: steps that failed
 * can be taken again.
 */
export function* applySteps(
  { blocklist, allowList }: Following,
  changes: PendingChanges,
): Generator<void, void> {
  const held = Blocklist.held(blocklist);
  const withdraw = [];
  const reinstate = [];
  const anew = new Withdrawals();
  for (const { withdrawal, listed } of changes.withdrawals.values()) {
    if (!listed) reinstate.push(withdrawal);
    else if (!isSame(held, withdrawal)) {
      // It may have been lifted and made again: what it took then is not taken now.
      if (held.withdrawn.has(withdrawal)) reinstate.push(withdrawal);
      withdraw.push(withdrawal);
    }
    if (listed) anew.set(withdrawal);
  }
  const [withdrawn, coming, others]: Change<'entries'>[][] = [[], [], []];
  for (const each of changes.entries.values()) {
    if (isIn(each)) coming!.push(each);
    else if (anew.cover(each.entry)) withdrawn!.push(each);
    else others!.push(each);
  }
  const entries = [...withdrawn!, ...coming!, ...others!];
  for (let from = 0; from === 0 || from < entries.length; from += TOGETHER) {
    const isFirst = from === 0;
    if (!isFirst) yield;
    held.exchange({
      withdraw: isFirst ? withdraw : [],
      reinstate: isFirst ? reinstate : [],
      ...moves(held, entries.slice(from, from + TOGETHER)),
    });
    if (!isFirst) continue;
    setLists(held, changes);
    for (const { allowance, listed } of changes.allowances.values()) {
      if (listed) allowList.allow(allowance.hash, allowance);
      else allowList.disallow(allowance.hash, allowance);
    }
  }
}

const isIn = ({ entry, listed }: Change<'entries'>) => listed && entry.pausedUntil === undefined;

/** Whether a withdrawal is in force with the same reason and groups, and need not be made again. */
export function isSame(held: Holdings, withdrawal: Withdrawn): boolean {
  const before = held.withdrawn.get(withdrawal);
  const [had, has] = [before?.groups ?? [], withdrawal.groups ?? []];
  return (
    before?.reason === withdrawal.reason &&
    held.withdrawn.holds(withdrawal) &&
    had.length === has.length
  );
}

function setLists(held: Holdings, { lists: changed }: PendingChanges): void {
  let lists = held.lists;
  for (const { name, settings, listed } of changed.values()) {
    lists = lists.without(name);
    // The unnamed list without settings is not told in matches.
    if (listed && Object.keys(settings).length > 0) lists = lists.with(name, settings);
  }
  if (changed.size > 0) held.setLists(lists);
}

/** What goes and what comes, so that each of these entries is as the store says. */
function moves(held: Holdings, changed: readonly Change<'entries'>[]) {
  const going = new Map<Shelf, number[]>();
  const coming: BlocklistEntry[] = [];
  for (const change of changed) {
    const { entry } = change;
    let isThere = false;
    for (const shelf of held.shelves.all()) {
      for (const id of shelf.idsOfHash(entry.hash)) {
        const old = shelf.entryAt(id);
        if (!haveSameKey(old, entry)) continue;
        // An entry that was purged and listed again has another number.
        const isSame = shelf.numberAt(id) === entry.number && saidOf(old) === saidOf(entry);
        if (isIn(change) && !isThere && isSame) isThere = true;
        else going.set(shelf, [...(going.get(shelf) ?? []), id]);
      }
    }
    if (isIn(change) && !isThere) coming.push(numbered(entry));
  }
  return { going, coming: comingOf(coming) };
}

/** An entry as a list takes it, with its number: lookups tell it while the store is away. */
export const numbered = (entry: StoredEntry): NumberedEntry => ({
  ...entry,
  [NUMBER]: entry.number,
});

/** Whether one entry takes the other's place, if both have the same hash. */
const haveSameKey = (a: BlocklistEntry, b: BlocklistEntry) =>
  listOf(a) === listOf(b) && a.source === b.source && a.id === b.id && a.variant === b.variant;
