import { checkIterable, checkObject, checkTypeOf, wrongKind } from '../door.js';
import { checkGroup, checkListName } from '../entry.js';
import { bitsOf, type Hash, type HashJSON, hashFromJSON, hashToJSON, newHash } from '../hash.js';

/**
 * The key of a withdrawal: every entry with this hash or of its group, or every entry with this id
 * (of this source, if given). With `list`, only entries of the list of that name, so that no list
 * withdraws another's.
 */
export type WithdrawnKey = (Hash | { readonly id: string; readonly source?: string }) & {
  readonly list?: string;
};

/** A picture of which a withdrawn hash is a part or form, on the list that states so. */
export interface WithdrawnGroup {
  /** in the form of an entry's `group` */
  readonly group: string;
  /** the name of the list, `''` for the unnamed one */
  readonly list: string;
}

/** A withdrawal in force, and its reason, if given. */
export type Withdrawn = WithdrawnKey & {
  readonly reason?: string;
  /**
   * of a hash: the pictures that are withdrawn with it, as they became known from entries of this
   * hash, the first 1,000 of each list. A list states this of its own entries only, and withdraws
   * no other's
   */
  readonly groups?: readonly WithdrawnGroup[];
};

/** Groups of a withdrawal on one list: one that calls a hash a part of more is wrong or hostile. */
export const MOST_GROUPS = 1000;

/**
 * A copy of a withdrawal that a caller gave.
 * @throws {TypeError | RangeError} if it is invalid
 */
export function copyOfWithdrawn(withdrawal: Withdrawn, reason = withdrawal?.reason): Withdrawn {
  checkObject(withdrawal, 'a hash or { id, source }');
  checkTypeOf('reason', reason, 'string');
  const { list } = withdrawal;
  checkTypeOf('list', list, 'string');
  const details = { ...(list !== undefined && { list }), ...(reason !== undefined && { reason }) };
  if ('id' in withdrawal) {
    const { id, source } = withdrawal;
    if (typeof id !== 'string') wrongKind('id to be a string');
    checkTypeOf('source', source, 'string');
    return { id, ...(source !== undefined && { source }), ...details };
  }
  if ('hash' in withdrawal) {
    wrongKind('the hash itself, such as match.entry.hash, or { id, source }, not { hash }');
  }
  bitsOf(withdrawal);
  const { algorithm, bytes, groups = [] } = withdrawal;
  checkIterable(groups, 'groups of a withdrawal: { group, list }');
  const copied = fewOf(
    [...groups].map((each) => {
      checkObject(each, 'a group of a withdrawal: { group, list }');
      checkGroup(each.group, withdrawal);
      checkListName(each.list);
      return { group: each.group, list: each.list };
    }),
  );
  // Without the mark of a draft: a withdrawal covers these bits, whatever their origin.
  return Object.assign(newHash(algorithm, new Uint8Array(bytes)), {
    ...details,
    ...(copied.length > 0 && { groups: copied }),
  });
}

/** Each group once, up to the most of a list. */
function fewOf(groups: readonly WithdrawnGroup[]): WithdrawnGroup[] {
  const byList = new Map<string, Set<string>>();
  return groups.filter(({ group, list }) => {
    const known = byList.get(list) ?? new Set();
    if (known.has(group) || known.size >= MOST_GROUPS) return false;
    byList.set(list, known.add(group));
    return true;
  });
}

/** A withdrawal as JSON. */
export type WithdrawnJSON = (HashJSON | { id: string; source?: string }) & {
  list?: string;
  reason?: string;
  groups?: readonly WithdrawnGroup[];
};

export function withdrawnToJSON(withdrawal: Withdrawn): WithdrawnJSON {
  const { reason, list, groups, ...key } = withdrawal;
  return {
    ...('id' in key ? key : hashToJSON(key)),
    ...(list !== undefined && { list }),
    ...(reason !== undefined && { reason }),
    ...(groups !== undefined && { groups }),
  };
}

/**
 * Reads a withdrawal that `JSON.stringify` wrote: one of `Blocklist.withdrawals`, by hash or by id.
 * @throws {TypeError | RangeError} if a member is missing or invalid
 */
export function withdrawnFromJSON(json: WithdrawnJSON): Withdrawn {
  checkObject(json, 'a withdrawal by hash or by id');
  if ('id' in json) return copyOfWithdrawn(json);
  const { list, reason, groups } = json;
  const details = { ...(list !== undefined && { list }), ...(groups !== undefined && { groups }) };
  return copyOfWithdrawn({ ...hashFromJSON(json), ...details }, reason);
}

/** A withdrawal that may have come from JSON. */
export const withdrawnOf = (given: Withdrawn | WithdrawnJSON): Withdrawn =>
  typeof (given as HashJSON | undefined)?.hash === 'string'
    ? withdrawnFromJSON(given as WithdrawnJSON)
    : (given as Withdrawn);
