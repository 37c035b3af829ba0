import type { ListedEntries } from '../blocklist/listed-entries.js';
import type { ListSettings } from '../blocklist/lists.js';
import type { Withdrawn, WithdrawnKey } from '../blocklist/withdrawals.js';
import { checkIterable, checkObject, checkOptions } from '../door.js';
import { hexOf } from '../hash.js';
import type { Allowance } from '../matching/allow-list.js';
import { checkedAllowance, keyOfAllowance, putAllowance } from './allowances.js';
import type { Sql } from './database.js';
import { refetchLists } from './fetch.js';
import { type GatheredEntries, gatheredEntries } from './gathered-entries.js';
import { checkedSettings, checkListName, setListSettings } from './lists.js';
import { type Put, putEntries } from './put-entries.js';
import {
  checkedWithdrawal,
  keyOfWithdrawal,
  reinstateWithdrawn,
  withdrawEntries,
} from './withdrawals.js';
import type { ChangeOptions, Made } from './write.js';

/** Changes that are made together, in this order. */
export interface TogetherChanges {
  /** as `withdraw` takes them, each with its reason */
  withdraw?: Iterable<Withdrawn>;
  /**
   * as `reinstate` takes them. The lists that they are about are fetched from the start the next
   * time, so that their entries come back
   */
  reinstate?: Iterable<WithdrawnKey>;
  /** names of lists, with settings as `setList` takes them */
  setLists?: Iterable<readonly [name: string, settings: ListSettings]>;
  allow?: Iterable<Allowance>;
  /** as `add` takes them */
  add?: ListedEntries;
}

/** What came of changes that were made together. */
export interface DoneTogether extends Put {
  /** how many entries each withdrawal removed */
  readonly removed: number[];
  /** whether there was each withdrawal that was to be lifted */
  readonly reinstated: boolean[];
  /** how many allowances are new, or have another reason than before */
  readonly allowed: number;
}

/** Copies of changes. They are read and checked before they are made. */
export interface GatheredChanges {
  readonly withdraw: readonly Withdrawn[];
  readonly reinstate: readonly Withdrawn[];
  readonly setLists: readonly (readonly [string, ListSettings])[];
  readonly allow: readonly Allowance[];
  readonly add: GatheredEntries;
}

/** @throws {TypeError | RangeError} if an argument or a part of it is invalid */
export async function gatheredChanges(
  changes: TogetherChanges,
  change: ChangeOptions,
): Promise<GatheredChanges> {
  checkOptions(changes, 'changes to be an object');
  const { withdraw = [], reinstate = [], setLists = [], allow = [], add = [] } = changes;
  for (const [name, each] of Object.entries({ withdraw, reinstate, setLists, allow })) {
    checkIterable(each, `${name} to be an iterable`);
  }
  return {
    withdraw: [...withdraw].map((each) => checkedWithdrawal(each)),
    reinstate: [...reinstate].map((each) => checkedWithdrawal(each)),
    setLists: [...setLists].map((pair) => {
      checkIterable(pair, 'the name of a list and its settings');
      const [name, settings] = pair;
      checkListName(name);
      return [name, checkedSettings(settings)] as const;
    }),
    allow: [...allow].map((each) => {
      checkObject(each, 'an allowance: { hash, reason }');
      return checkedAllowance(each);
    }),
    add: await gatheredEntries(add, change),
  };
}

/** Equal ones are the same changes. */
export function digestOfChanges(changes: GatheredChanges): unknown[] {
  const { withdraw, reinstate, setLists, allow, add } = changes;
  return [
    withdraw.map((each) => [hexOf(keyOfWithdrawal(each)), each.reason]),
    reinstate.map((each) => hexOf(keyOfWithdrawal(each))),
    setLists,
    allow.map(({ hash, entry, reason }) => [hexOf(keyOfAllowance(hash, entry)), reason]),
    add.digest(),
  ];
}

/** Makes changes of several kinds within a change. */
export async function changeTogether(
  sql: Sql,
  revision: number,
  { withdraw, reinstate, setLists, allow, add }: GatheredChanges,
): Promise<DoneTogether & Made> {
  const removed: number[] = [];
  const reinstated: boolean[] = [];
  let changes = 0;
  let allowed = 0;
  for (const withdrawal of withdraw) {
    const done = await withdrawEntries(sql, revision, withdrawal);
    removed.push(done.removed);
    if (done.isChanged) changes++;
  }
  for (const withdrawal of reinstate) {
    const isLifted = await reinstateWithdrawn(sql, revision, withdrawal);
    reinstated.push(isLifted);
    if (!isLifted) continue;
    changes++;
    await refetchLists(sql, withdrawal.list);
  }
  for (const [name, settings] of setLists) {
    if (await setListSettings(sql, revision, name, settings)) changes++;
  }
  for (const allowance of allow) if (await putAllowance(sql, revision, allowance)) allowed++;
  const { isChanged, ...put } = await putEntries(sql, revision, add);
  return { ...put, removed, reinstated, allowed, isChanged: isChanged || changes + allowed > 0 };
}
