import type { BlocklistEntry } from '../entry.js';
import { bitsOf } from '../hash.js';
import type { HashedVariant, Near } from '../variant.js';
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
 * Finds entries near a variant: every one within `matchDistance`, and those of a near search
 * within `reviewDistance`. `undefined` if no entry has its algorithm and width.
 */
export type Search = (variant: HashedVariant, policy: Policy) => Found[] | undefined;

/**
 * Decides about the variants of one picture, main hash first. Each is searched once. What lies
 * beyond its match distance counts only if nothing matched.
 * @param variants pulled one by one, until one matches unless `all` is set
 * @throws {TypeError | RangeError} if a variant is invalid
 */
export function decide(
  variants: Iterable<HashedVariant>,
  search: Search,
  { policy: changes, all = false }: { policy: PolicyOptions; all?: boolean },
): Decision {
  const found: Match[] = [];
  let main: HashedVariant | undefined;
  let comparable = false;
  let matched = false;
  const policies = new Map<string, Policy>();
  const policyOf = ({ hash }: HashedVariant) => {
    const kind = `${hash.algorithm} ${bitsOf(hash)}`;
    const policy = policies.get(kind) ?? policyUnder(changes, hash.algorithm, bitsOf(hash));
    policies.set(kind, policy);
    return policy;
  };
  // Not `for`: a generator of variants is told what came near, and may then look closer.
  const iterator = (variants as Iterable<HashedVariant, unknown, Near | undefined>)[
    Symbol.iterator
  ]();
  let step = iterator.next();
  try {
    while (!step.done) {
      const variant = step.value;
      checkVariant(variant);
      main ??= variant;
      const policy = policyOf(variant);
      const near = search(variant, policy);
      if (near !== undefined) comparable = true;
      for (const { entry, distance } of near ?? []) {
        const tier = doubt(variant, entry, distance, policy) ? 'review' : 'match';
        if (tier === 'match') matched = true;
        found.push({ entry, distance, tier, variant });
      }
      if (matched && !all) break;
      step = iterator.next(nearOf(variant, near ?? [], policy));
    }
  } finally {
    if (!step.done) iterator.return?.(undefined);
  }
  if (main === undefined) return nothingHashed('no-hash', policyUnder(changes, 'pdq', 256));
  const policy = policyOf(main);
  const matches = matched
    ? found.filter(({ variant, distance }) => distance <= policyOf(variant).matchDistance)
    : found;
  // Sorting is stable: at equal tier and distance, variants and entries keep their order.
  const order = { match: 0, review: 1 };
  matches.sort((a, b) => order[a.tier] - order[b.tier] || a.distance - b.distance);
  const first = matches[0];
  if (first === undefined) {
    const reason = comparable ? 'nothing-near' : 'nothing-comparable';
    return { verdict: 'none', reason, matches, policy };
  }
  const { variant, entry, distance } = first;
  const reason = doubt(variant, entry, distance, policyOf(variant));
  return { verdict: first.tier, reason: reason ?? 'within-match-distance', matches, policy };
}

/** The entries that a variant came near to, but not near enough to match. */
function nearOf(
  { quality = 100 }: HashedVariant,
  found: readonly Found[],
  { matchDistance, minQuality }: Policy,
): Near | undefined {
  if (quality < minQuality) return undefined;
  const near = found.filter(
    ({ distance, entry }) => distance > matchDistance && (entry.quality ?? 100) >= minQuality,
  );
  if (near.length === 0) return undefined;
  return {
    hashes: near.map(({ entry }) => entry.hash),
    distance: Math.min(...near.map(({ distance }) => distance)),
    enough: matchDistance,
  };
}

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
