import type { ListChange, ListRecord } from '../../src/blocklist/list-change.js';
import type { RejectionReason } from '../../src/blocklist/withdrawals.js';
import type { Withdrawn, WithdrawnKey } from '../../src/blocklist/withdrawn.js';
import type { BlocklistEntry } from '../../src/entry.js';
import { type Hash, hashToHex, isDegenerate } from '../../src/hash.js';
import type { ListSettings } from '../../src/policy.js';

/** A change whose entries are in arrays. */
export interface PlainChange extends Omit<ListChange, 'add' | 'replace' | 'remove'> {
  readonly add?: readonly BlocklistEntry[];
  readonly remove?: readonly BlocklistEntry[];
  readonly withdraw?: readonly Withdrawn[];
  readonly reinstate?: readonly WithdrawnKey[];
  readonly replace?:
    | { readonly list: string; readonly entries: readonly BlocklistEntry[] }
    | readonly ListRecord[]
    | { readonly all: readonly BlocklistEntry[] };
}

/** What a change does, and what it keeps out. */
export interface PlainDone {
  readonly added: number;
  readonly removed: number;
  readonly withdrawn: number;
  readonly reinstated: number;
  readonly rejected: Record<RejectionReason, number>;
  readonly rejections: readonly string[];
  readonly isChanged: boolean;
}

interface PlainWithdrawal {
  readonly key: string;
  readonly what: WithdrawnKey;
  reason: string | undefined;
  groups: { group: string; list: string }[];
}

/** A list as an array of entries, and an array of withdrawals; no index, no short cut. */
export class PlainList {
  entries: BlocklistEntry[] = [];
  withdrawn: PlainWithdrawal[] = [];
  settings = new Map<string, ListSettings>();
  rejected = { degenerate: 0, withdrawn: 0 };
  generation = 0;

  apply(change: PlainChange): PlainDone {
    const { withdraw = [], reinstate = [], remove = [], replace, settings = {} } = change;
    const before = [...this.entries];
    let isChanged = false;
    let coming = comingOf(change);
    // Equal ones stay in place.
    const stays: BlocklistEntry[] = [];
    const removed = remove.map(fullText);
    let left = before.filter((entry) => {
      if (!isReplaced(entry, replace)) {
        const named = removed.indexOf(fullText(entry));
        if (named < 0) return true;
        removed.splice(named, 1);
      }
      const at = coming.findIndex((one) => fullText(one) === fullText(entry));
      if (at < 0) return false;
      coming = coming.filter((_, i) => i !== at);
      stays.push(entry);
      return true;
    });
    let reinstated = 0;
    for (const key of reinstate) if (this.#reinstate(key)) reinstated++;
    let withdrawn = 0;
    for (const each of withdraw) if (this.#withdraw(each)) withdrawn++;
    for (const each of withdraw) {
      for (const entry of before) {
        if ('id' in each || !isOf(each, entry)) continue;
        if (this.#widen(nameOf(each), entry)) isChanged = true;
      }
    }
    const rejections: string[] = [];
    const rejected = { degenerate: 0, withdrawn: 0 };
    for (let again = true; again; ) {
      again = false;
      coming = coming.filter((entry) => {
        const reason = this.reasonFor(entry);
        if (!reason) return true;
        rejected[reason]++;
        rejections.push(`${reason} ${fullText(entry)}`);
        if (reason === 'degenerate') return false;
        for (const list of [undefined, entry.list ?? '']) {
          const { algorithm, bytes } = entry.hash;
          const key = { algorithm, bytes, ...(list !== undefined && { list }) };
          if (this.#widen(nameOf(key), entry)) again = true;
        }
        isChanged ||= again;
        return false;
      });
    }
    left = left.filter((entry) => !this.covers(entry));
    this.entries = [...left, ...coming];
    for (const [list, changes] of Object.entries(settings)) {
      const known = this.settings.get(list);
      const next = { ...known, ...changes };
      if (changes === null) isChanged = this.settings.delete(list) || isChanged;
      else if (JSON.stringify(next) !== JSON.stringify(known ?? {})) {
        this.settings.set(list, next);
        isChanged = true;
      }
    }
    this.rejected.degenerate += rejected.degenerate;
    this.rejected.withdrawn += rejected.withdrawn;
    const [added, gone] = [coming.length, before.length - left.length];
    isChanged ||= added + gone + withdrawn + reinstated > 0;
    if (isChanged) this.generation++;
    return { added, removed: gone, withdrawn, reinstated, rejected, rejections, isChanged };
  }

  reasonFor(entry: BlocklistEntry): RejectionReason | undefined {
    if (isDegenerate(entry.hash)) return 'degenerate';
    return this.covers(entry) ? 'withdrawn' : undefined;
  }

  covers(entry: BlocklistEntry): boolean {
    const { hash, id, source, list = '', group } = entry;
    return this.withdrawn.some(({ what, groups }) => {
      if ('id' in what) {
        if (what.list !== undefined && what.list !== list) return false;
        return what.id === id && (what.source === undefined || what.source === source);
      }
      if (what.algorithm !== hash.algorithm) return false;
      const hexes = [hashToHex(hash), group];
      if ((what.list ?? list) === list && hexes.includes(hashToHex(what))) return true;
      return groups.some((each) => each.list === list && hexes.includes(each.group));
    });
  }

  #withdraw({ reason, ...what }: Withdrawn): boolean {
    const { groups = [], ...key } = what as Hash & { groups?: PlainWithdrawal['groups'] };
    const name = nameOf(what);
    let known = this.withdrawn.find((one) => one.key === name);
    let isChanged = false;
    if (!known) {
      known = { key: name, what: key, reason, groups: [] };
      this.withdrawn.push(known);
      isChanged = true;
    } else if (reason !== undefined && known.reason !== reason) {
      known.reason = reason;
      isChanged = true;
    }
    for (const each of groups) if (join(known, each)) isChanged = true;
    return isChanged;
  }

  #reinstate(key: WithdrawnKey): boolean {
    const before = this.withdrawn.length;
    this.withdrawn = this.withdrawn.filter((one) => one.key !== nameOf(key));
    return this.withdrawn.length < before;
  }

  #widen(key: string, { hash, group, list = '' }: BlocklistEntry): boolean {
    const known = this.withdrawn.find((one) => one.key === key);
    if (!known || group === undefined || group === hashToHex(hash)) return false;
    return join(known, { group, list });
  }
}

/** A withdrawal knows a picture once. */
function join({ groups }: PlainWithdrawal, each: { group: string; list: string }): boolean {
  if (groups.some(({ group, list }) => group === each.group && list === each.list)) return false;
  groups.push({ ...each });
  return true;
}

const same = (a: Hash, b: Hash) => a.algorithm === b.algorithm && hashToHex(a) === hashToHex(b);

const isOf = (key: Withdrawn, { hash, list = '' }: BlocklistEntry): boolean =>
  !('id' in key) && (key.list ?? list) === list && same(key, hash);

/** A withdrawal's key in a text. */
export const nameOf = (key: WithdrawnKey): string =>
  JSON.stringify(
    'id' in key
      ? ['id', key.id, key.source ?? 0, key.list ?? 0]
      : [key.algorithm, hashToHex(key), key.list ?? 0],
  );

/** The entries of a change, each on its list. */
function comingOf({ add = [], replace }: PlainChange): BlocklistEntry[] {
  let first: BlocklistEntry[] = [];
  if (replace && 'all' in replace) first = [...replace.all];
  else if (replace && 'list' in replace) first = replace.entries.map(put(replace.list));
  else for (const { list, entries } of replace ?? []) first.push(...entries.map(put(list)));
  return [...first, ...add].map((entry) => put(entry.list ?? '')(entry));
}

const put =
  (list: string) =>
  ({ list: _, ...entry }: BlocklistEntry): BlocklistEntry =>
    list === '' ? entry : { ...entry, list };

function isReplaced(entry: BlocklistEntry, replace: PlainChange['replace']): boolean {
  const { id, source, list = '' } = entry;
  if (!replace) return false;
  if ('all' in replace) return true;
  if ('list' in replace) return list === replace.list;
  return replace.some(
    (record) =>
      record.list === list &&
      record.id === id &&
      (record.source === undefined || record.source === source),
  );
}

/** All that an entry says, in an order that does not depend on how it was made. */
export function fullText({ hash, list = '', ...said }: BlocklistEntry): string {
  const rest = Object.entries(said)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `${hash.algorithm} ${hashToHex(hash)} ${JSON.stringify([list, rest])}`;
}
