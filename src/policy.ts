import {
  boolean,
  checkedOptions,
  checkOptions,
  choice,
  integer,
  number,
  type OptionCheck,
  type OptionTable,
  tableOf,
  wrongKind,
} from './door.js';
import { type Algorithm, type Bits, checkKind, isAlgorithm } from './hash.js';

/** Thresholds of a match. Distances are in bits and inclusive: 31 means at most 31. */
export interface Policy {
  /** up to this distance any variant is a match; -1: nothing is a match, at best a review */
  readonly matchDistance: number;
  /** up to this distance any variant is for review, if nothing matched */
  readonly reviewDistance: number;
  /** if the query's quality, or the entry's where known, is below this, a match becomes a review */
  readonly minQuality: number;
}

/**
 * Changes to the default policy: those for PDQ at the top level, those for other algorithms by name
 * (for both widths).
 */
export interface PolicyOptions extends Partial<Policy> {
  readonly algorithms?: Readonly<Partial<Record<Exclude<Algorithm, 'pdq'>, Partial<Policy>>>>;
}

/**
 * PDQ: the threshold and quality in general use (python-threatexchange, HMA). With all variants of
 * `thorough`, the review distance gave 34 false pairs in 8.0e8 of unrelated photographs, and 122 in
 * 2.7e7 of one kind; the match distance gave none (bench/record/precision.json).
 *
 * The others have no agreed threshold. False pairs per million at the match and the review
 * distance, measured on 146,276 pairs of unrelated photographs: phash 0 and 21 at 64 bits, 0 and 0
 * at 256; dhash 0 and 34, 0 and 7; ahash 0 and 89, 0 and 27; blockhash 0 and 62 at 256 (its authors
 * use single-digit distances for the same picture). Blockhash at 64 bits gave 178 at distance 0, so
 * it never matches by itself. A count of zero is compatible with up to 20 per million (95 %).
 */
const DISTANCES: Readonly<Record<Algorithm, Readonly<Partial<Record<Bits, [number, number]>>>>> = {
  pdq: { 256: [31, 60] },
  phash: { 64: [6, 10], 256: [31, 60] },
  dhash: { 64: [6, 10], 256: [24, 40] },
  ahash: { 64: [0, 2], 256: [8, 12] },
  blockhash: { 64: [-1, 0], 256: [10, 16] },
};

/**
 * The policy for hashes of one algorithm and width: the defaults with the caller's changes.
 * @throws {TypeError | RangeError} if there are no such hashes, or a change is invalid
 */
export function policyFor(algorithm: Algorithm, bits: Bits, changes: PolicyOptions = {}): Policy {
  checkKind(algorithm, bits);
  checkPolicy(changes);
  return policyUnder(changes, algorithm, bits);
}

/** Like `policyFor`, for changes that have been checked. */
export function policyUnder(changes: PolicyOptions, algorithm: Algorithm, bits: Bits): Policy {
  const [matchDistance, reviewDistance] = DISTANCES[algorithm][bits]!;
  const minQuality = algorithm === 'pdq' ? 50 : 0;
  return changedBy(changes, algorithm, { matchDistance, reviewDistance, minQuality });
}

/** `policy`, which is for hashes of `algorithm`, with the changes for these. */
export function changedBy(changes: PolicyOptions, algorithm: Algorithm, policy: Policy): Policy {
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
 * @param settings of the lists that have any, by name
 * @param changes to the default policy, which the other lists have
 */
export function widestOf(
  settings: Iterable<readonly [string, { enabled?: boolean; policy?: PolicyOptions }]>,
  changes: PolicyOptions,
  { algorithm, bits }: { readonly algorithm: Algorithm; readonly bits: Bits },
): Policy {
  const general = policyUnder(changes, algorithm, bits);
  let { matchDistance, reviewDistance } = general;
  for (const [, { enabled = true, policy }] of settings) {
    if (!enabled || !policy) continue;
    const own = changedBy(policy, algorithm, general);
    matchDistance = Math.max(matchDistance, own.matchDistance);
    reviewDistance = Math.max(reviewDistance, own.reviewDistance);
  }
  return { matchDistance, reviewDistance, minQuality: general.minQuality };
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
    if (!isAlgorithm(algorithm) || algorithm === 'pdq') {
      wrongKind(`policy.${name} to name known algorithms other than pdq`);
    }
    checkedOptions(changed, THRESHOLDS);
  }
};

export const POLICY_OPTIONS = /* @__PURE__ */ tableOf(THRESHOLDS, {
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
} as const satisfies OptionTable<ListSettings>;

/** @throws {TypeError | RangeError} if a setting is unknown or invalid */
export function checkListSettings(settings: ListSettings): void {
  checkedOptions(settings, LIST_SETTINGS);
}

/** A copy of the settings that are present, without the fetch state. */
export function copyOfSettings({ policy, tier, enabled, trust }: ListSettings): ListSettings {
  return {
    ...(policy !== undefined && { policy: copyOfPolicy(policy) }),
    ...(tier !== undefined && { tier }),
    ...(enabled !== undefined && { enabled }),
    ...(trust !== undefined && { trust }),
  };
}
