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

/** How a picture is decided about. */
export interface Rules {
  /** changes to the default policy */
  readonly policy: PolicyOptions;
  /** search every variant, even after a match */
  readonly all?: boolean;
}

/**
 * Decides about the variants of one picture, main hash first. Each is searched once.
 * @param variants pulled one by one, until one matches unless `all` is set
 * @throws {TypeError | RangeError} if a variant is invalid
 */
export function decide(variants: Iterable<HashedVariant>, search: Search, rules: Rules): Decision {
  const picture = new Deciding(search, rules);
  let told: Near | undefined;
  for (const variant of tellingOf(variants, () => told)) {
    told = picture.take(variant);
    if (picture.isDecided) break;
  }
  return picture.decision();
}

/**
 * A picture whose variants come one by one, main hash first. What lies beyond its match distance
 * counts only if nothing matched.
 */
export class Deciding {
  readonly #search: Search;
  readonly #rules: Rules;
  readonly #policies = new Map<string, Policy>();
  readonly #matches: Match[] = [];
  #reviews: Match[] = [];
  #main: HashedVariant | undefined;
  #comparable = false;

  constructor(search: Search, rules: Rules) {
    this.#search = search;
    this.#rules = rules;
  }

  /** Whether no other variant can change the verdict, and not all matches are wanted. */
  get isDecided(): boolean {
    return this.#matches.length > 0 && !this.#rules.all;
  }

  /**
   * Searches the next variant.
   * @returns what its generator is to be told, if it came near to something
   * @throws {TypeError | RangeError} if it is invalid
   */
  take(variant: HashedVariant): Near | undefined {
    checkVariant(variant);
    this.#main ??= variant;
    const policy = this.#policyOf(variant);
    const near = this.#search(variant, policy);
    if (near !== undefined) this.#comparable = true;
    // Ranks have served: nobody else shall keep them.
    const { ranks: _, ...shown } = variant;
    for (const { entry, distance } of near ?? []) {
      const isMatch = doubt(variant, entry, distance, policy) === undefined;
      const tier = isMatch ? 'match' : 'review';
      (isMatch ? this.#matches : this.#reviews).push({ entry, distance, tier, variant: shown });
    }
    if (this.#reviews.length > 2 * MOST_REVIEWS) this.#reviews = nearestOf(this.#reviews);
    return nearOf(variant, near ?? [], policy);
  }

  /** The decision by the variants taken so far. */
  decision(): Decision {
    const main = this.#main;
    if (main === undefined) {
      return nothingHashed('no-hash', policyUnder(this.#rules.policy, 'pdq', 256));
    }
    const policy = this.#policyOf(main);
    const matches = [...this.#matches];
    const isMatched = matches.length > 0;
    for (const review of nearestOf(this.#reviews)) {
      if (!isMatched || review.distance <= this.#policyOf(review.variant).matchDistance) {
        matches.push(review);
      }
    }
    // Sorting is stable: at equal tier and distance, variants and entries keep their order.
    const order = { match: 0, review: 1 };
    matches.sort((a, b) => order[a.tier] - order[b.tier] || a.distance - b.distance);
    const first = matches[0];
    if (first === undefined) {
      const reason = this.#comparable ? 'nothing-near' : 'nothing-comparable';
      return decisionOf({ verdict: 'none', reason, matches, policy });
    }
    const { variant, entry, distance } = first;
    const doubted = doubt(variant, entry, distance, this.#policyOf(variant));
    const reason = doubted ?? 'within-match-distance';
    return decisionOf({ verdict: first.tier, reason, matches, policy });
  }

  #policyOf({ hash }: HashedVariant): Policy {
    const kind = `${hash.algorithm} ${bitsOf(hash)}`;
    const known = this.#policies.get(kind);
    if (known !== undefined) return known;
    const policy = policyUnder(this.#rules.policy, hash.algorithm, bitsOf(hash));
    this.#policies.set(kind, policy);
    return policy;
  }
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
