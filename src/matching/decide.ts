import type { BlocklistEntry } from '../entry.js';
import { bitsOf } from '../hash.js';
import type { HashedVariant, Near } from '../variant.js';
import {
  checkVariant,
  type Decision,
  type DecisionReason,
  decisionOf,
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

/** The most reviews of one decision, the nearest: a list may hold any number of entries alike. */
const MOST_REVIEWS = 1000;
/** The most entries that a generator of variants is told of, the nearest. */
const MOST_TOLD = 16;

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
  const matches: Match[] = [];
  let reviews: Match[] = [];
  let main: HashedVariant | undefined;
  let comparable = false;
  const policies = new Map<string, Policy>();
  const policyOf = ({ hash }: HashedVariant) => {
    const kind = `${hash.algorithm} ${bitsOf(hash)}`;
    const policy = policies.get(kind) ?? policyUnder(changes, hash.algorithm, bitsOf(hash));
    policies.set(kind, policy);
    return policy;
  };
  let told: Near | undefined;
  for (const variant of tellingOf(variants, () => told)) {
    checkVariant(variant);
    main ??= variant;
    const policy = policyOf(variant);
    const near = search(variant, policy);
    if (near !== undefined) comparable = true;
    // Ranks have served: nobody else shall keep them.
    const { ranks: _, ...shown } = variant;
    for (const { entry, distance } of near ?? []) {
      const isMatch = doubt(variant, entry, distance, policy) === undefined;
      const tier = isMatch ? 'match' : 'review';
      (isMatch ? matches : reviews).push({ entry, distance, tier, variant: shown });
    }
    if (matches.length > 0 && !all) break;
    if (reviews.length > 2 * MOST_REVIEWS) reviews = nearestOf(reviews);
    told = nearOf(variant, near ?? [], policy);
  }
  if (main === undefined) return nothingHashed('no-hash', policyUnder(changes, 'pdq', 256));
  const policy = policyOf(main);
  const isMatched = matches.length > 0;
  for (const review of nearestOf(reviews)) {
    if (!isMatched || review.distance <= policyOf(review.variant).matchDistance) {
      matches.push(review);
    }
  }
  // Sorting is stable: at equal tier and distance, variants and entries keep their order.
  const order = { match: 0, review: 1 };
  matches.sort((a, b) => order[a.tier] - order[b.tier] || a.distance - b.distance);
  const first = matches[0];
  if (first === undefined) {
    const reason = comparable ? 'nothing-near' : 'nothing-comparable';
    return decisionOf({ verdict: 'none', reason, matches, policy });
  }
  const { variant, entry, distance } = first;
  const reason = doubt(variant, entry, distance, policyOf(variant)) ?? 'within-match-distance';
  return decisionOf({ verdict: first.tier, reason, matches, policy });
}

const nearestOf = (reviews: Match[]): Match[] =>
  reviews.sort((a, b) => a.distance - b.distance).slice(0, MOST_REVIEWS);

/** The variants, whose generator is told of the last one each time that the next is asked for. */
const tellingOf = (
  variants: Iterable<HashedVariant>,
  told: () => Near | undefined,
): Iterable<HashedVariant> => ({
  [Symbol.iterator]() {
    const iterator = (variants as Iterable<HashedVariant, unknown, Near | undefined>)[
      Symbol.iterator
    ]();
    return {
      next: () => iterator.next(told()) as IteratorResult<HashedVariant>,
      return(value?: unknown) {
        iterator.return?.(value);
        return { done: true, value };
      },
    };
  },
});

/** The nearest entries that a variant came near to, but not near enough to match. */
function nearOf(
  { quality = 100 }: HashedVariant,
  found: readonly Found[],
  { matchDistance, minQuality }: Policy,
): Near | undefined {
  if (quality < minQuality || matchDistance < 0) return undefined;
  const all = found.filter(
    ({ distance, entry }) => distance > matchDistance && (entry.quality ?? 100) >= minQuality,
  );
  const near = all.sort((a, b) => a.distance - b.distance).slice(0, MOST_TOLD);
  const [nearest] = near;
  if (nearest === undefined) return undefined;
  return {
    hashes: near.map(({ entry }) => entry.hash),
    distance: nearest.distance,
    enough: matchDistance,
    leastQuality: minQuality,
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
