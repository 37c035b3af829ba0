import { checkObject } from '../../door.js';
import { type HashJSON, hashFromJSON, hashToJSON } from '../../hash.js';
import { copyOf, type Withdrawn, type WithdrawnGroup } from '../withdrawals.js';

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
 * Reads what `JSON.stringify` wrote of a withdrawal: one of `Blocklist.withdrawals`, by hash or by
 * id.
 * @throws {TypeError | RangeError} if a member is missing or invalid
 * @example
 * const withdrawn = JSON.parse(text).map(withdrawnKeyFromJSON);
 * const blocklist = createBlocklist(entries, { withdrawn });
 */
export function withdrawnFromJSON(json: WithdrawnJSON): Withdrawn {
  checkObject(json, 'a withdrawal by hash or by id');
  if ('id' in json) return copyOf(json);
  const { list, reason, groups } = json;
  const told = { ...(list !== undefined && { list }), ...(groups !== undefined && { groups }) };
  return copyOf({ ...hashFromJSON(json), ...told }, reason);
}
