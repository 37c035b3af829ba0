import type { BlocklistEntry } from '../entry.js';
import { bitsOf, type Hash } from '../hash.js';
import type { HashedVariant } from '../variant.js';
import {
  checkVariant,
  type Decision,
  type DecisionReason,
  type Match,
  nothingHashed,
} from './decision.js';
import { type Policy, type PolicyOptions, policyUnder } from './policy.js';

/** An entry near a hash. */
export interface Found {
  readonly entry: BlocklistEntry;
  readonly distance: number;
}

/**
 * Finds every entry within `maxDistance` bits of `hash`; `undefined` if no entry has its algorithm
 * and width.
 */
export type Search = (hash: Hash, maxDistance: number) => Found[] | undefined;

/**
 * Decides about the variants of one picture, main hash first. Every variant is searched at the
 * match distance. If nothing matched, the main hash alone is searched at the review distance.
 * @param variants pulled one by one, until one matches unless `all` is set
 * @throws {TypeError | RangeError} if a variant is invalid
 */
export function decide(
  variants: Iterable<HashedVariant>,
  search: Search,
  { policy: changes, all = false }: { policy: PolicyOptions; all?: boolean },
): Decision {
  const matches: Match[] = [];
  let main: HashedVariant | undefined;
  let comparable = false;
  let matched = false;
  const add = (variant: HashedVariant, found: readonly Found[], policy: Policy) => {
    for (const { entry, distance } of found) {
      const tier = doubt(variant, entry, distance, policy) ? 'review' : 'match';
      if (tier === 'match') matched = true;
      matches.push({ entry, distance, tier, variant });
    }
  };
  for (const variant of variants) {
    checkVariant(variant);
    main ??= variant;
    const policy = policyOf(variant.hash, changes);
    const found = search(variant.hash, policy.matchDistance);
    if (found === undefined) continue;
    comparable = true;
    add(variant, found, policy);
    if (matched && !all) break;
  }
  if (main === undefined) return nothingHashed('no-hash', policyUnder(changes, 'pdq', 256));
  const policy = policyOf(main.hash, changes);
  if (!matched && policy.reviewDistance > policy.matchDistance) {
    const near = search(main.hash, policy.reviewDistance) ?? [];
    add(
      main,
      near.filter(({ distance }) => distance > policy.matchDistance),
      policy,
    );
  }
  // Sorting is stable: at equal tier and distance, variants and entries keep their order.
  const order = { match: 0, review: 1 };
  matches.sort((a, b) => order[a.tier] - order[b.tier] || a.distance - b.distance);
  const first = matches[0];
  if (first === undefined) {
    const reason = comparable ? 'nothing-near' : 'nothing-comparable';
    return { verdict: 'none', reason, matches, policy };
  }
  const { variant, entry, distance } = first;
  const reason = doubt(variant, entry, distance, policyOf(variant.hash, changes));
  return { verdict: first.tier, reason: reason ?? 'within-match-distance', matches, policy };
}

const policyOf = (hash: Hash, changes: PolicyOptions) =>
  policyUnder(changes, hash.algorithm, bitsOf(hash));

/** Why a found entry is for review; `undefined` if it is a match. */
function doubt(
  variant: HashedVariant,
  entry: BlocklistEntry,
  distance: number,
  { matchDistance, minQuality }: Policy,
): DecisionReason | undefined {
  if (distance > matchDistance) return 'within-review-distance';
  if ((variant.quality ?? 100) < minQuality) return 'low-query-quality';
  if ((entry.quality ?? 100) < minQuality) return 'low-entry-quality';
  return undefined;
}
