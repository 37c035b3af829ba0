import { checkInteger, checkObject, checkOneOf, checkTypeOf, wrongKind } from '../door.js';
import { checkLabels } from '../entry.js';
import { bitsOf, type HashJSON, hashFromJSON, hashToJSON } from '../hash.js';
import { TRUSTS, type Trust } from '../policy.js';
import type { RemoteHit } from '../remote-matcher.js';

/** A remote list's hit for the main hash. */
export interface RemoteMatch extends RemoteHit {
  /** the list's name */
  readonly list: string;
  readonly trust: Trust;
  readonly tier: 'match' | 'review';
  readonly labels: readonly string[];
  /** the reason for which the allow list made this no match; absent: it did not */
  readonly allowed?: string;
}

/** A remote match as JSON. */
export interface RemoteMatchJSON extends Partial<Pick<HashJSON, 'algorithm' | 'hash'>> {
  list: string;
  trust: Trust;
  tier: RemoteMatch['tier'];
  labels: readonly string[];
  source?: string;
  id?: string;
  distance?: number;
  confirmed?: boolean;
  allowed?: string;
}

/** @throws {TypeError | RangeError} if `match` is invalid */
export function checkRemoteMatch(match: RemoteMatch): void {
  checkObject(match, 'a remote match: { list, trust, tier, labels }');
  const { list, trust, tier, labels, source, id, hash, distance, confirmed, allowed } = match;
  if (typeof list !== 'string') wrongKind('list to be a string');
  checkOneOf('trust', trust, TRUSTS);
  checkOneOf('tier', tier, ['match', 'review']);
  checkLabels(labels);
  checkTypeOf('source', source, 'string');
  checkTypeOf('id', id, 'string');
  if (hash !== undefined) bitsOf(hash);
  if (distance !== undefined) checkInteger('distance', distance, 0, 256);
  checkTypeOf('confirmed', confirmed, 'boolean');
  checkTypeOf('allowed', allowed, 'string');
}

export function remoteMatchToJSON(match: RemoteMatch): RemoteMatchJSON {
  const { list, trust, tier, labels, source, id, hash, distance, confirmed, allowed } = match;
  return {
    list,
    trust,
    tier,
    labels: [...labels],
    ...(source !== undefined && { source }),
    ...(id !== undefined && { id }),
    ...(hash !== undefined && hashToJSON(hash)),
    ...(distance !== undefined && { distance }),
    ...(confirmed !== undefined && { confirmed }),
    ...(allowed !== undefined && { allowed }),
  };
}

/** @throws {TypeError | RangeError} if a member is missing or invalid */
export function remoteMatchFromJSON(json: RemoteMatchJSON): RemoteMatch {
  checkObject(json, 'a remote match: { list, trust, tier, labels }');
  const { list, trust, tier, labels, source, id, distance, confirmed, allowed } = json;
  const hasHash = json.hash !== undefined || json.algorithm !== undefined;
  checkLabels(labels);
  return {
    list,
    trust,
    tier,
    labels: [...labels],
    ...(source !== undefined && { source }),
    ...(id !== undefined && { id }),
    ...(hasHash && { hash: hashFromJSON(json as HashJSON) }),
    ...(distance !== undefined && { distance }),
    ...(confirmed !== undefined && { confirmed }),
    ...(allowed !== undefined && { allowed }),
  };
}
