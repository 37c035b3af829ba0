import { checkNumber, checkObject, checkTypeOf } from '../door.js';
import { type BlocklistEntry, checkEntry } from '../entry.js';
import { DecodeError, type DecodeErrorCode } from '../errors.js';
import { bitsOf, hashToHex } from '../hash.js';
import { checkRanks } from '../indexing/near.js';
import type { HashedVariant, VariantGeometry } from '../variant.js';
import { checkPolicy, type Policy, type PolicyOptions, policyFor } from './policy.js';

/**
 * An entry near a variant: a `match`, or for `review` by a person. It is for the platform: an
 * uploader who learns its distance can change a picture step by step until it is no longer found.
 */
export interface Match {
  readonly entry: BlocklistEntry;
  /** in bits */
  readonly distance: number;
  readonly tier: 'match' | 'review';
  /** without its `ranks` */
  readonly variant: HashedVariant;
}

/** The reason for a decision. The words are API. */
export type DecisionReason =
  /** match: an entry within `matchDistance`, with no quality known to be low */
  | 'within-match-distance'
  /** review: an entry within `matchDistance` of a variant whose quality is below `minQuality` */
  | 'low-query-quality'
  /** review: an entry within `matchDistance` whose own quality is below `minQuality` */
  | 'low-entry-quality'
  /** review: a variant is within `reviewDistance` of an entry, and none within `matchDistance` */
  | 'within-review-distance'
  /** none: no entry is near enough */
  | 'nothing-near'
  /** none: the blocklist has no entry of the variants' algorithms and widths */
  | 'nothing-comparable'
  /** unhashable: no hash was given */
  | 'no-hash'
  /** unhashable: why the bytes could not be decoded */
  | DecodeErrorCode;

/** What to do about a picture, and why. `unhashable` is not `none`: the picture was not checked. */
export interface Decision {
  readonly verdict: 'match' | 'review' | 'none' | 'unhashable';
  readonly reason: DecisionReason;
  /** nearest first; tier `match` before `review`, of which the nearest 1,000 are given */
  readonly matches: readonly Match[];
  /** the policy applied to the main hash */
  readonly policy: Policy;
}

/** A decision as a plain object for JSON. Its hashes and labels are those of the entries. */
export interface DecisionJSON {
  file?: string;
  verdict: Decision['verdict'];
  reason: DecisionReason;
  matches: {
    distance: number;
    tier: Match['tier'];
    variant: string;
    hash: string;
    labels: readonly string[];
    geometry?: VariantGeometry;
  }[];
  policy: Policy;
}

/** @throws {TypeError | RangeError} if `variant` is invalid */
export function checkVariant(variant: HashedVariant): void {
  checkObject(variant, 'a hashed variant: { name, hash }');
  const { name, hash, quality, ranks } = variant;
  const bits = bitsOf(hash);
  if (ranks !== undefined) checkRanks(ranks, bits);
  if (typeof name !== 'string') throw new TypeError('expected name to be a string');
  if (quality !== undefined) checkNumber('quality', quality, 0, 100);
}

/** @throws {TypeError | RangeError} if `decision` is invalid */
export function checkDecision(decision: Decision): void {
  checkObject(decision, 'a decision');
  const { verdict, reason, matches, policy } = decision;
  checkPolicy(policy);
  if (typeof verdict !== 'string' || typeof reason !== 'string' || !Array.isArray(matches)) {
    throw new TypeError('expected a decision: { verdict, reason, matches, policy }');
  }
  for (const match of matches as readonly Match[]) {
    checkObject(match, 'a match: { entry, distance, tier, variant }');
    checkEntry(match.entry);
    checkVariant(match.variant);
  }
}

/**
 * Converts a decision to a plain object for JSON, with the name of its file if given. It holds
 * hashes, labels and perhaps a file name: keep it out of logs.
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function decisionToJSON(decision: Decision, file?: string): DecisionJSON {
  checkDecision(decision);
  checkTypeOf('file', file, 'string');
  const { verdict, reason, matches, policy } = decision;
  return {
    ...(file !== undefined && { file }),
    verdict,
    reason,
    matches: matches.map(({ distance, tier, variant, entry }) => ({
      distance,
      tier,
      variant: variant.name,
      hash: hashToHex(entry.hash),
      labels: entry.labels,
      ...(variant.geometry !== undefined && { geometry: variant.geometry }),
    })),
    policy: { ...policy },
  };
}

/**
 * The decision about a picture that could not be decoded: `unhashable`, with the error's code as
 * its reason.
 * @throws {TypeError} if `error` is not a DecodeError
 * @throws {TypeError | RangeError} if `policy` is invalid
 */
export function unhashable(error: DecodeError, policy?: PolicyOptions): Decision {
  if (!(error instanceof DecodeError)) throw new TypeError('expected a DecodeError');
  return nothingHashed(error.code, policyFor('pdq', 256, policy));
}

/** The decision if there is no hash. */
export function nothingHashed(reason: DecodeErrorCode | 'no-hash', policy: Policy): Decision {
  return { verdict: 'unhashable', reason, matches: [], policy };
}
