import type { Withdrawn, WithdrawnKey } from '../../blocklist/withdrawn.js';
import { checkInteger, checkIterable, checkKnown, checkObject, checkOptions } from '../../door.js';
import { hexOf } from '../../hash.js';
import type { ListException } from '../../matching/allow-list.js';
import type { ListedEntries } from '../../packed-entries.js';
import type { ListSettings } from '../../policy.js';
import type { Sql } from '../sql/database.js';
import type { ChangeOptions, Made } from '../write.js';
import { removeEntry } from './entries.js';
import { checkedException, keyOfException, putException, removeException } from './exceptions.js';
import { refetchLists } from './fetch.js';
import { type GatheredEntries, gatheredEntries } from './gathered-entries.js';
import { checkedSettings, checkListName, setListSettings } from './lists.js';
import { type Put, putEntries, replaceEntries } from './put-entries.js';
import {
  checkedWithdrawal,
  keyOfWithdrawal,
  reinstateWithdrawn,
  withdrawEntries,
} from './withdrawals.js';

/** A change of a store. All parts are made, in this order, or none. */
export interface StoreChange {
  /**
   * Entries to remove and to reject from now on, as `Blocklist.apply` does. Their rows stay in the
   * table, not listed, until `purge`.
   */
  readonly withdraw?: Iterable<Withdrawn> | undefined;
  /**
   * withdrawals to lift, as they were made, with everything that they covered; the removed entries
   * do not come back by it. The next fetch of the lists that they are about begins from the start
   */
  readonly reinstate?: Iterable<WithdrawnKey> | undefined;
  /**
   * Numbers of the entries to remove. A picture's own entry takes its parts along: those that name
   * it as their group, on its list, of its source and id. A part goes alone. Removed entries can be
   * added again: withdraw them to reject them for good.
   */
  readonly remove?: Iterable<number> | undefined;
  /**
   * The complete entries of a list from now on, whatever list they name. Entries that are there
   * with the same content stay unchanged.
   */
  readonly replace?: { readonly list: string; readonly entries: ListedEntries } | undefined;
  /**
   * Settings of lists, by name, as `Blocklist.apply` takes them; `null` removes all settings and
   * the fetch state. A list with neither settings nor entries is gone.
   */
  readonly settings?: Readonly<Record<string, ListSettings | null>> | undefined;
  /** hashes that matched wrongly, in the form that `AllowList.allow` takes */
  readonly allow?: Iterable<ListException> | undefined;
  /** exceptions to take back, as they were made */
  readonly disallow?: Iterable<Pick<ListException, 'hash' | 'entry'>> | undefined;
  /**
   * Entries to add, each to the list that it names, which is created if it is missing. An entry
   * with the list, hash, source, id and variant of an earlier one, and of a frame the video and
   * time, replaces it and takes its number; if the earlier one is paused, so is the new one.
   * Degenerate and withdrawn entries are rejected.
   */
  readonly add?: ListedEntries | undefined;
}

const CHANGES: readonly (keyof StoreChange)[] = [
  'withdraw',
  'reinstate',
  'remove',
  'replace',
  'settings',
  'allow',
  'disallow',
  'add',
];

/** Result of a change of a store. */
export interface StoreApplied extends Put {
  /** number of entries removed, by any part of the change */
  readonly removed: number;
  /** number of entries that each withdrawal removed */
  readonly withdrawn: readonly number[];
  /** for each withdrawal to be lifted, whether there was one */
  readonly reinstated: readonly boolean[];
  /** number of exceptions that are new, or have a new reason */
  readonly allowed: number;
  /** number of exceptions taken back */
  readonly disallowed: number;
}

/** A copy of a change, read and checked before it is made. */
export interface GatheredChange {
  readonly withdraw: Withdrawn[];
  readonly reinstate: Withdrawn[];
  readonly remove: number[];
  readonly settings: (readonly [string, ListSettings | null])[];
  readonly allow: ListException[];
  readonly disallow: Uint8Array[];
  readonly replace: { readonly list: string; readonly entries: GatheredEntries } | undefined;
  readonly add: GatheredEntries;
}

/** @throws {TypeError | RangeError} if an argument or a part of it is invalid */
export async function gatheredChange(
  change: StoreChange,
  options: ChangeOptions,
): Promise<GatheredChange> {
  checkOptions(change, 'a change to be an object');
  checkKnown(change, CHANGES);
  const { replace, settings = {}, add = [] } = change;
  checkOptions(settings, 'settings to be an object: settings by list');
  if (replace !== undefined) {
    checkOptions(replace, 'replace: { list, entries }');
    checkListName(replace.list);
  }
  return {
    withdraw: each('withdraw', change.withdraw, (one) => checkedWithdrawal(one)),
    reinstate: each('reinstate', change.reinstate, (one) => checkedWithdrawal(one)),
    remove: each('remove', change.remove, (number) => {
      checkInteger('number', number, 1);
      return number;
    }),
    settings: Object.entries(settings).map(([name, one]) => {
      checkListName(name);
      return [name, one === null ? null : checkedSettings(one)] as const;
    }),
    allow: each('allow', change.allow, (one) => {
      checkObject(one, 'an exception: { hash, reason }');
      return checkedException(one);
    }),
    disallow: each('disallow', change.disallow, (one) => {
      checkObject(one, 'an exception: { hash }');
      return keyOfException(one.hash, one.entry);
    }),
    replace: replace && {
      list: replace.list,
      entries: await gatheredEntries(replace.entries, options, replace.list),
    },
    add: await gatheredEntries(add, options),
  };
}

function each<T, U>(name: string, values: Iterable<T> = [], copy: (value: T) => U): U[] {
  checkIterable(values, `${name} to be an iterable`);
  return Array.from(values, copy);
}

/** Equal digests mean the same change. */
export function digestOfChange(change: GatheredChange): unknown[] {
  const { withdraw, reinstate, remove, replace, settings, allow, disallow, add } = change;
  return [
    withdraw.map((one) => [hexOf(keyOfWithdrawal(one)), one.reason]),
    reinstate.map((one) => hexOf(keyOfWithdrawal(one))),
    remove,
    replace && [replace.list, replace.entries.digest()],
    settings,
    allow.map(({ hash, entry, reason }) => [hexOf(keyOfException(hash, entry)), reason]),
    disallow.map(hexOf),
    add.digest(),
  ];
}

/** Makes a change within a transaction. */
export async function makeChange(
  sql: Sql,
  revision: number,
  change: GatheredChange,
): Promise<StoreApplied & Made> {
  const withdrawn: number[] = [];
  const reinstated: boolean[] = [];
  let [removed, allowed, disallowed] = [0, 0, 0];
  let isChanged = false;
  const note = <T extends Made>(made: T): T => {
    isChanged ||= made.isChanged;
    return made;
  };
  for (const one of change.withdraw) {
    withdrawn.push(note(await withdrawEntries(sql, revision, one)).removed);
  }
  for (const one of change.reinstate) {
    const isLifted = await reinstateWithdrawn(sql, revision, one);
    reinstated.push(isLifted);
    if (isLifted) await refetchLists(sql, one.list);
  }
  for (const number of change.remove) removed += await removeEntry(sql, revision, number);
  const put = change.replace && note(await replaceEntries(sql, revision, change.replace));
  for (const [name, settings] of change.settings) {
    note({ isChanged: await setListSettings(sql, revision, name, settings) });
  }
  for (const one of change.allow) if (await putException(sql, revision, one)) allowed++;
  for (const key of change.disallow) if (await removeException(sql, revision, key)) disallowed++;
  const added = note(await putEntries(sql, revision, change.add));
  for (const count of [...withdrawn, put?.removed ?? 0]) removed += count;
  return {
    added: added.added + (put?.added ?? 0),
    rejected: {
      degenerate: added.rejected.degenerate + (put?.rejected.degenerate ?? 0),
      withdrawn: added.rejected.withdrawn + (put?.rejected.withdrawn ?? 0),
    },
    numbers: [...(put?.numbers ?? []), ...added.numbers],
    ...{ removed, withdrawn, reinstated, allowed, disallowed },
    isChanged: isChanged || removed + allowed + disallowed > 0 || reinstated.includes(true),
  };
}
