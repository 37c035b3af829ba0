import type { BlocklistEntry } from '../entry.js';
import { bitsOf, type Hash } from '../hash.js';
import type { HashedVariant, Near } from '../variant.js';
import { type AllowList, PictureAllowances } from './allow-list.js';
import {
  checkVariant,
  type Decision,
  type DecisionReason,
  decisionOf,
  type Match,
  nothingHashed,
} from './decision.js';
import { isOwnConfirmed, type ListRules, Lists, limitOf, listOf, TRUSTS } from './lists.js';
import { type Policy, type PolicyOptions, policyUnder, upTo } from './policy.js';

/** An entry near a hash. */
export interface Found {
  readonly entry: BlocklistEntry;
  readonly distance: number;
}

/**
 * Finds entries near a variant, of lists that are enabled: every one within `matchDistance`, and
 * those of a near search within `reviewDistance`. `undefined` if no entry has its algorithm and
 * width.
 */
export type Search = (variant: HashedVariant, policy: Policy) => Found[] | undefined;

/**
 * As `Search`, elsewhere: resolves to what gives the entries, which holds as long as nothing has
 * changed. `undefined` if it is not for there.
 */
export type SearchElsewhere = (
  variant: HashedVariant,
  policy: Policy,
) => Promise<() => Found[] | undefined> | undefined;

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
  /** nothing farther counts, whatever the policies allow */
  readonly distance?: number | undefined;
  /** the settings of the lists that the entries are on */
  readonly lists?: Lists;
  /** what matched wrongly */
  readonly allowList?: AllowList | undefined;
  /** counts this upload; tells whether the entry is flooded */
  readonly isFlooded?: ((entry: Hash, upload: Hash) => boolean) | undefined;
}

const NO_LISTS = /* @__PURE__ */ new Lists();

/** A found entry, and what it says by the rules of its list. */
interface Judged extends Match {
  readonly rules: ListRules;
  /** why it is for review; absent if it is a match */
  readonly doubt?: DecisionReason | undefined;
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
  readonly #kinds = new Map<string, KindRules>();
  readonly #matches: Judged[] = [];
  #reviews: Judged[] = [];
  #allowed: Judged[] = [];
  readonly #allowances: PictureAllowances | undefined;
  #main: HashedVariant | undefined;
  #comparable = false;

  constructor(search: Search, rules: Rules) {
    this.#search = search;
    this.#rules = rules;
    this.#allowances = rules.allowList && new PictureAllowances(rules.allowList);
  }

  /** Whether no other variant can change the verdict, and not all matches are wanted. */
  get isDecided(): boolean {
    return this.#matches.length > 0 && !this.#rules.all;
  }

  /**
   * As far as the next variant is searched.
   * @throws {TypeError | RangeError} if it is invalid
   */
  widestFor(variant: HashedVariant): Policy {
    checkVariant(variant);
    return this.#kindOf(variant.hash).widest;
  }

  /**
   * Searches the next variant.
   * @param found gives what a search elsewhere has found; absent: it is searched here
   * @returns what its generator is to be told, if it came near to something
   * @throws {TypeError | RangeError} if it is invalid
   */
  take(variant: HashedVariant, found?: () => Found[] | undefined): Near | undefined {
    checkVariant(variant);
    this.#main ??= variant;
    const kind = this.#kindOf(variant.hash);
    const near = found ? found() : this.#search(variant, kind.widest);
    if (near !== undefined) this.#comparable = true;
    // Ranks have served: nobody else shall keep them.
    const { ranks: _, ...shown } = variant;
    const judged: Judged[] = [];
    const { isFlooded } = this.#rules;
    this.#allowances?.turnTo(variant.hash);
    for (const each of near ?? []) {
      const rules = kind.rulesOf(listOf(each.entry));
      // Another list may look farther.
      if (each.distance > Math.max(rules.matchDistance, rules.reviewDistance)) continue;
      const { hash } = each.entry;
      const isOwn = isOwnConfirmed(each.entry, rules.trust);
      const isWithin = each.distance <= rules.matchDistance;
      const allowed = isOwn ? undefined : this.#allowances?.reasonFor(hash, isWithin);
      let doubt = doubtOf(variant, each, rules);
      if (!doubt && !isOwn && allowed === undefined && isFlooded?.(hash, variant.hash))
        doubt = 'flooded';
      const tier = doubt === undefined ? 'match' : 'review';
      const { entry, distance } = each;
      const one = { entry, distance, tier, variant: shown, rules, doubt } as const;
      if (allowed !== undefined) this.#allowed.push({ ...one, allowed });
      else judged.push(one);
    }
    if (this.#allowed.length > 2 * MOST_REVIEWS) this.#allowed = nearestOf(this.#allowed);
    for (const one of judged) (one.tier === 'match' ? this.#matches : this.#reviews).push(one);
    if (this.#reviews.length > 2 * MOST_REVIEWS) this.#reviews = nearestOf(this.#reviews);
    return nearOf(variant, judged);
  }

  /** The decision by the variants taken so far. */
  decision(): Decision {
    const main = this.#main;
    if (main === undefined) {
      const { policy, distance } = this.#rules;
      return nothingHashed('no-hash', upTo(policyUnder(policy, 'pdq', 256), distance));
    }
    const isMatched = this.#matches.length > 0;
    const reviews = nearestOf(this.#reviews).filter(
      ({ distance, rules }) => !isMatched || distance <= rules.matchDistance,
    );
    // Sorting is stable: at equal tier, distance and trust, variants and entries keep their order.
    const judged = [...this.#matches.sort(byDistance), ...reviews.sort(byDistance)];
    const matches = judged.map(shownOf);
    const [first] = judged;
    const { matchDistance, reviewDistance, minQuality } = this.#kindOf(main.hash).rulesOf(
      first === undefined ? '' : listOf(first.entry),
    );
    const policy = { matchDistance, reviewDistance, minQuality };
    const told = nearestOf(this.#allowed).map(shownOf);
    const allowed = told.length > 0 && { allowed: told };
    if (first === undefined) {
      const empty = this.#comparable ? 'nothing-near' : 'nothing-comparable';
      const reason = allowed ? 'allowed' : empty;
      return decisionOf({ verdict: 'none', reason, matches, policy, ...allowed });
    }
    const reason = first.doubt ?? 'within-match-distance';
    return decisionOf({ verdict: first.tier, reason, matches, policy, ...allowed });
  }

  #kindOf(hash: Hash): KindRules {
    const kind = `${hash.algorithm} ${bitsOf(hash)}`;
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    const rules = kindRules(this.#rules, hash);
    this.#kinds.set(kind, rules);
    return rules;
  }
}

/** The rules for hashes of one algorithm and width. */
interface KindRules {
  /** what is searched: as far as any list looks */
  readonly widest: Policy;
  /** by the name of a list */
  rulesOf(name: string): ListRules;
}

function kindRules({ policy, lists = NO_LISTS, distance }: Rules, hash: Hash): KindRules {
  const { algorithm } = hash;
  const bits = bitsOf(hash);
  const known = new Map<string, ListRules>();
  return {
    widest: upTo(lists.widest(policy, algorithm, bits), distance),
    rulesOf(name) {
      let rules = known.get(name);
      if (rules === undefined) {
        rules = upTo(lists.rulesOf(name, policy, algorithm, bits), distance);
        known.set(name, rules);
      }
      return rules;
    },
  };
}

const byDistance = (a: Judged, b: Judged) =>
  a.distance - b.distance || TRUSTS.indexOf(a.rules.trust) - TRUSTS.indexOf(b.rules.trust);

function shownOf({ entry, distance, tier, variant, rules, allowed }: Judged): Match {
  const match: { -readonly [K in keyof Match]: Match[K] } = { entry, distance, tier, variant };
  // Spreading took longer than the rest of a decision about a short list.
  if (rules.isTold) match.trust = rules.trust;
  if (allowed !== undefined) match.allowed = allowed;
  return match;
}

const nearestOf = (reviews: Judged[]): Judged[] =>
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

/** The nearest entries that a variant came near to, not near enough to match, and that might. */
function nearOf({ quality = 100 }: HashedVariant, found: readonly Judged[]): Near | undefined {
  const all = found.filter(
    ({ distance, entry, rules }) =>
      distance > rules.matchDistance &&
      rules.matchDistance >= 0 &&
      Math.min(quality, entry.quality ?? 100) >= rules.minQuality &&
      limitOf(entry, rules) === undefined,
  );
  const near = all.sort((a, b) => a.distance - b.distance).slice(0, MOST_TOLD);
  const [nearest] = near;
  if (nearest === undefined) return undefined;
  // Of several lists', the distance and the quality that suffice for any of these entries.
  return {
    hashes: near.map(({ entry }) => entry.hash),
    distance: nearest.distance,
    enough: Math.min(...near.map(({ rules }) => rules.matchDistance)),
    leastQuality: Math.min(...near.map(({ rules }) => rules.minQuality)),
  };
}

/** Why a found entry is for review; `undefined` if it is a match. */
function doubtOf(
  variant: HashedVariant,
  { entry, distance }: Found,
  rules: ListRules,
): DecisionReason | undefined {
  const { matchDistance, minQuality } = rules;
  if (distance > matchDistance) return 'within-review-distance';
  if ((variant.quality ?? 100) < minQuality) return 'low-query-quality';
  if ((entry.quality ?? 100) < minQuality) return 'low-entry-quality';
  return limitOf(entry, rules);
}
