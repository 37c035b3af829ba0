import {
  boolean,
  checkedOptions,
  checkInteger,
  checkOptions,
  choice,
  integer,
  number,
  type OptionCheck,
  type OptionTable,
  tableOf,
  wrongKind,
} from './door.js';
import {
  type Algorithm,
  type Bits,
  checkKind,
  isDigest,
  PERCEPTUAL,
  type Perceptual,
} from './hash.js';

/** Thresholds of a match. Distances are in bits and inclusive: 31 means at most 31. */
export interface Policy {
  /** up to this distance any variant is a match; -1: nothing is a match, at best a review */
  readonly matchDistance: number;
  /** up to this distance any variant is for review, if nothing matched */
  readonly reviewDistance: number;
  /**
   * if the query's quality, or the entry's where known, is below this, a match becomes a review.
   * Beyond the match distance, or the default one if that is larger, nothing counts
   */
  readonly minQuality: number;
}

/**
 * Changes to the default policy: those for PDQ at the top level, those for other algorithms by name
 * (for both widths).
 */
export interface PolicyOptions extends Partial<Policy> {
  /**
   * up to this distance by their parts, a variant near an entry is for review, if both have parts
   * and they do not match; default 50. 60 bits find a few more copies, and cause 2.5 times as many
   * wrong reviews
   */
  readonly partsDistance?: number;
  readonly algorithms?: Readonly<Partial<Record<Exclude<Perceptual, 'pdq'>, Partial<Policy>>>>;
}

/**
 * PDQ: the threshold and quality in general use (python-threatexchange, HMA). With all variants of
 * `thorough`, 60 bits gave 34 false pairs in 8.0e8 of unrelated photographs, of which 21 had a hash
 * of low quality, and 122 in 2.7e7 of one kind. The match distance gave none
 * (bench/record/precision.json).
 *
 * The others have no agreed threshold. False pairs per million at the match and the review
 * distance, measured on 146,276 pairs of unrelated photographs: phash 0 and 21 at 64 bits, 0 and 0
 * at 256; dhash 0 and 34, 0 and 7; ahash 0 and 89, 0 and 27; blockhash 0 and 62 at 256 (its authors
 * use single-digit distances for the same picture). Blockhash at 64 bits gave 178 at distance 0, so
 * it never matches by itself. A count of zero is compatible with up to 20 per million (95 %).
 */
const DISTANCES: Readonly<Record<Perceptual, Readonly<Partial<Record<Bits, [number, number]>>>>> = {
  pdq: { 256: [31, 60] },
  phash: { 64: [6, 10], 256: [31, 60] },
  dhash: { 64: [6, 10], 256: [24, 40] },
  ahash: { 64: [0, 2], 256: [8, 12] },
  blockhash: { 64: [-1, 0], 256: [10, 16] },
};

/** Sizes of lists, and the review distance of PDQ at each; in between, it follows the logarithm. */
const REVIEW_DISTANCES = [
  [100_000, 60],
  [1_000_000, 54],
  [10_000_000, 46],
] as const;

/**
 * The default review distance of PDQ for a list. A list ten times as long causes ten times as many
 * wrong reviews, and 7.6 bits less prevent nine in ten. So the distance falls as a list grows.
 * @param entries number of PDQ entries on the list
 */
function reviewDistanceFor(entries: number): number {
  let [size, distance]: readonly [number, number] = REVIEW_DISTANCES[0];
  for (const [nextSize, nextDistance] of REVIEW_DISTANCES.slice(1)) {
    if (entries >= nextSize) [size, distance] = [nextSize, nextDistance];
    else {
      const decades = Math.log10(Math.max(entries, size) / size);
      return Math.floor(distance - (distance - nextDistance) * decades);
    }
  }
  return distance;
}

/** Wrong reviews that a list is expected to cause in 1,000 uploads, to two digits. */
export interface ExpectedReviews {
  /** on a list of photographs of all kinds */
  readonly mixed: number;
  /** on a list of photographs of one kind, of uploads of that kind */
  readonly oneKind: number;
}

/** Reviews that the PDQ entries of a list cause. */
export interface ListReviews {
  /** in bits, unless the caller's policy changes it */
  readonly reviewDistance: number;
  readonly expectedReviews: ExpectedReviews;
}

/**
 * The reviews that a list causes. At 60 bits, the variants of `thorough` were near 13 of 8.02e8
 * unrelated photographs, and near 119 of 2.7e7 of one kind; 4 bits divide that by 3.4
 * (bench/record/precision.json). List crops count as others, but cause nine times as many. Entries
 * that have parts cause fewer.
 * @param entries number of PDQ entries on it
 */
function reviewsOf(entries: number, { policy = {} }: ListSettings): ListReviews {
  const { reviewDistance } = policyUnder(policy, 'pdq', 256, entries);
  const pairs = 1000 * entries * 3.4 ** ((reviewDistance - 60) / 4);
  const rounded = (count: number) => Number(Math.min(1000, count).toPrecision(2));
  const mixed = rounded((pairs * 13) / 8.02e8);
  return { reviewDistance, expectedReviews: { mixed, oneKind: rounded((pairs * 119) / 2.7e7) } };
}

/**
 * The policy for hashes of one algorithm and width: the defaults with the caller's changes.
 * @param entries number of such entries on the list: the review distance of PDQ falls from 60 bits
 *   for 100,000 to 54 for a million and 46 for ten million, unless it is changed
 * @throws {TypeError | RangeError} if there are no such hashes, or an argument is invalid
 */
export function policyFor(
  algorithm: Algorithm,
  bits: Bits,
  changes: PolicyOptions = {},
  entries = 0,
): Policy {
  checkKind(algorithm, bits);
  checkPolicy(changes);
  checkInteger('entries', entries, 0);
  return policyUnder(changes, algorithm, bits, entries);
}

/** Like `policyFor`, for arguments that have been checked. */
export function policyUnder(
  changes: PolicyOptions,
  algorithm: Algorithm,
  bits: Bits,
  entries = 0,
): Policy {
  if (isDigest(algorithm)) return EQUAL;
  const [matchDistance, farthest] = DISTANCES[algorithm][bits]!;
  const isPdq = algorithm === 'pdq';
  const reviewDistance = isPdq ? reviewDistanceFor(entries) : farthest;
  const minQuality = isPdq ? 50 : 0;
  return changedBy(changes, algorithm, { matchDistance, reviewDistance, minQuality });
}

/** Digests match if they are equal; no option changes that. */
const EQUAL: Policy = { matchDistance: 0, reviewDistance: 0, minQuality: 0 };

/** `policy`, which is for hashes of `algorithm`, with the changes for these. */
export function changedBy(changes: PolicyOptions, algorithm: Algorithm, policy: Policy): Policy {
  if (isDigest(algorithm)) return EQUAL;
  const changed = algorithm === 'pdq' ? changes : changes.algorithms?.[algorithm];
  return {
    matchDistance: changed?.matchDistance ?? policy.matchDistance,
    reviewDistance: changed?.reviewDistance ?? policy.reviewDistance,
    minQuality: changed?.minQuality ?? policy.minQuality,
  };
}

/** The same with no distance above `distance`, if given. */
export const upTo = <P extends Policy>(policy: P, distance: number | undefined): P =>
  distance === undefined
    ? policy
    : {
        ...policy,
        matchDistance: Math.min(policy.matchDistance, distance),
        reviewDistance: Math.min(policy.reviewDistance, distance),
      };

/**
 * A policy with the largest distances of the enabled lists, so that it finds the hits of any list.
 * @param settingsOf the settings of a list
 * @param changes to the default policy, which the other lists have
 * @param counts number of entries of this kind on each list
 */
export function widestOf(
  settingsOf: (list: string) => { enabled?: boolean; policy?: PolicyOptions },
  changes: PolicyOptions,
  { algorithm, bits }: { readonly algorithm: Algorithm; readonly bits: Bits },
  counts: ReadonlyMap<string, number>,
): Policy {
  let widest: Policy | undefined;
  for (const [list, count] of counts) {
    const { enabled = true, policy } = settingsOf(list);
    if (!enabled || count === 0) continue;
    const general = policyUnder(changes, algorithm, bits, count);
    const own = policy ? changedBy(policy, algorithm, general) : general;
    widest = {
      matchDistance: Math.max(widest?.matchDistance ?? -1, own.matchDistance),
      reviewDistance: Math.max(widest?.reviewDistance ?? -1, own.reviewDistance),
      minQuality: general.minQuality,
    };
  }
  return widest ?? policyUnder(changes, algorithm, bits);
}

/** The most hits of one kind in a decision, the nearest: a list may hold any number of them. */
export const MOST_GIVEN = 1000;

/** A hit, by its list and its distance in bits. */
export interface Distant {
  readonly list: string;
  readonly distance: number;
}

export type Order<T> = (a: T, b: T) => number;

/**
 * Those that come first in an order by distance, and the first of each list.
 * @returns a new list in that order; the sort is stable
 */
export function nearestOf<T extends Distant>(all: readonly T[], order: Order<T>): T[] {
  const sorted = [...all].sort(order);
  if (sorted.length <= MOST_GIVEN) return sorted;
  const lists = new Set<string>();
  return sorted.filter(({ list }, at) => {
    const isFirst = !lists.has(list);
    lists.add(list);
    return isFirst || at < MOST_GIVEN;
  });
}

/** A copy of changes that have been checked. */
export function copyOfPolicy(changes: PolicyOptions): PolicyOptions {
  const algorithms = Object.entries(changes.algorithms ?? {});
  return {
    ...changes,
    algorithms: Object.fromEntries(algorithms.map(([name, each]) => [name, { ...each }])),
  };
}

/**
 * @throws {TypeError} if `changes` has an unknown member, or one of the wrong type
 * @throws {RangeError} if a distance is not an integer from -1 to 256, or a quality not a number
 *   from 0 to 100
 */
export function checkPolicy(changes: PolicyOptions): void {
  checkedOptions(changes, POLICY_OPTIONS);
}

const bound = { is: integer, least: -1, most: 256 } as const;
export const THRESHOLDS = {
  matchDistance: bound,
  reviewDistance: bound,
  minQuality: { is: number, most: 100 },
} as const satisfies OptionTable<Partial<Policy>>;

/** Thresholds by algorithm. */
const byAlgorithm: OptionCheck = (name, value) => {
  checkOptions(value as object, `policy.${name} to be an object`);
  for (const [algorithm, changed = {}] of Object.entries(value as object)) {
    if (algorithm === 'pdq' || !PERCEPTUAL.includes(algorithm as Perceptual)) {
      wrongKind(`policy.${name} to name algorithms of pictures other than pdq`);
    }
    checkedOptions(changed, THRESHOLDS);
  }
};

export const POLICY_OPTIONS = /* @__PURE__ */ tableOf(THRESHOLDS, {
  partsDistance: { is: integer, least: -1, most: 256 },
  algorithms: { is: byAlgorithm },
}) satisfies OptionTable<PolicyOptions>;

const policy: OptionCheck = (_, value) => checkPolicy(value as PolicyOptions);
export const POLICY = { is: policy } as const;

/** Levels of trust in a list, the highest first. */
export const TRUSTS = ['own', 'shared', 'foreign'] as const;

/**
 * Trust in a list: `own`, the platform's; `shared`, one that it has chosen to act on; or `foreign`,
 * which alone only flags. The table has the highest tier of an entry within the match distance,
 * with sufficient qualities:
 *
 * | trust     | `confirmed: true` | unknown  | `confirmed: false` |
 * | --------- | ----------------- | -------- | ------------------ |
 * | `own`     | match             | match    | review             |
 * | `shared`  | match             | match    | review             |
 * | `foreign` | review            | review   | review             |
 *
 * A list of tier `review` gives review, whatever its trust. Each entry is judged by itself, and the
 * highest tier counts: to act on an entry that a foreign list flagged, add its hash to the own
 * list, confirmed. So a foreign list cannot confirm its own entries, and an entry that the platform
 * confirmed outlives the list that first had it.
 */
export type Trust = (typeof TRUSTS)[number];

/** Settings of a list. Absent ones have their defaults. */
export interface ListSettings {
  /** changes to the policy of `match`, for this list's entries */
  readonly policy?: PolicyOptions;
  /** the highest tier of its entries; default `match` */
  readonly tier?: 'match' | 'review';
  /** whether a query can match its entries; default true */
  readonly enabled?: boolean;
  /** default `own` for the unnamed list, `shared` for others */
  readonly trust?: Trust;
  /**
   * the share of matches that an HMA would report of this list, above 0 and up to 1. It is kept for
   * HMA's clients and changes nothing: each dropped match would be a missed copy
   */
  readonly enabledRatio?: number;
}

/** Fetch state of a list. */
export interface FetchState {
  /** the provenance of the list, as stated by the fetcher */
  readonly provenance: string;
  /** the checkpoint at which the next fetch resumes, in the service's own form */
  readonly checkpoint?: unknown;
  /** whether the list was empty when its first fetch began, which has not completed yet */
  readonly isPartial?: boolean;
  /** whether the next fetch must begin from the start, even with a checkpoint */
  readonly mustRefetch?: boolean;
  /** start of the last completed fetch, in seconds since 1970 */
  readonly fetchedSeconds?: number;
  /** removals that the last fetch from the start held back; with it, the next is from the start */
  readonly pendingRemovals?: PendingRemovals;
  /** words unknown to this version, the first 200 */
  readonly unknown: readonly UnknownWord[];
}

/** Removals that a fetch held back: the service no longer sent these entries. */
export interface PendingRemovals {
  /** number of entries to remove */
  readonly removals: number;
  /** number of entries on the list */
  readonly of: number;
  /** start of the hold, in seconds since 1970 */
  readonly sinceSeconds: number;
  /** whether a person has confirmed it: a fetch begun later that finds no more removes them */
  readonly isConfirmed: boolean;
  /** the entries, in a form that cannot be read back */
  readonly keys: string;
}

/**
 * A word of a service that this version does not know: a member of a record, or the value of one
 * that has a fixed set. The record is kept. Text from outside: escape it before printing.
 */
export interface UnknownWord {
  /** the member, with those above it: `hashStatus`, `CSPFeedbacks.feedbackValue` */
  readonly field: string;
  /** its value; absent if the member itself is unknown */
  readonly word?: string;
  /** number of occurrences */
  readonly count: number;
}

export const LIST_SETTINGS = {
  policy: POLICY,
  tier: { is: choice, of: ['match', 'review'] },
  enabled: { is: boolean },
  trust: { is: choice, of: TRUSTS },
  enabledRatio: { is: number, most: 1 },
} as const satisfies OptionTable<ListSettings>;

/** @throws {TypeError | RangeError} if a setting is unknown or invalid */
export function checkListSettings(settings: ListSettings): void {
  checkedOptions(settings, LIST_SETTINGS);
}

/** Settings of a list with the defaults, and the reviews that its PDQ entries cause. */
export const describedList = (list: string, settings: ListSettings, entries: number) => ({
  tier: 'match' as const,
  enabled: true,
  trust: list === '' ? ('own' as const) : ('shared' as const),
  ...reviewsOf(entries, settings),
  ...settings,
});

/** A copy of the settings that are present, without the fetch state. */
export function copyOfSettings(settings: ListSettings): ListSettings {
  const { policy, tier, enabled, trust, enabledRatio } = settings;
  return {
    ...(policy !== undefined && { policy: copyOfPolicy(policy) }),
    ...(tier !== undefined && { tier }),
    ...(enabled !== undefined && { enabled }),
    ...(trust !== undefined && { trust }),
    ...(enabledRatio !== undefined && { enabledRatio }),
  };
}
