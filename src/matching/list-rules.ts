import type { Lists, Trust } from '../blocklist/lists.js';
import type { EntryFacts } from '../entry.js';
import type { HashType } from '../packed-words.js';
import { changedBy, type Policy, type PolicyOptions, policyUnder } from '../policy.js';

/** What holds for the entries of one list and one kind of hash. */
export interface ListRules extends Policy {
  readonly tier: 'match' | 'review';
  readonly trust: Trust;
  /** whether the entries' matches tell the trust */
  readonly isTold: boolean;
}

/**
 * The rules of a list.
 * @param changes to the default policy
 */
export function rulesOf(
  lists: Lists,
  name: string,
  changes: PolicyOptions,
  { algorithm, bits }: HashType,
): ListRules {
  const { fetched, ...own } = lists.of(name);
  const { policy = {}, tier = 'match', trust = name === '' ? 'own' : 'shared' } = own;
  const isTold = name !== '' || Object.keys(own).length > 0 || (lists.has(name) && !fetched);
  const general = policyUnder(changes, algorithm, bits);
  const { matchDistance, reviewDistance, minQuality } = changedBy(policy, algorithm, general);
  return { matchDistance, reviewDistance, minQuality, tier, trust, isTold };
}

/**
 * A policy that finds what any list finds: the largest distances of those that are enabled.
 * @param changes to the default policy, which lists without settings have
 */
export function widestOf(
  lists: Lists,
  changes: PolicyOptions,
  { algorithm, bits }: HashType,
): Policy {
  const general = policyUnder(changes, algorithm, bits);
  let { matchDistance, reviewDistance } = general;
  for (const [, { enabled = true, policy }] of lists.entries()) {
    if (!enabled || !policy) continue;
    const own = changedBy(policy, algorithm, general);
    matchDistance = Math.max(matchDistance, own.matchDistance);
    reviewDistance = Math.max(reviewDistance, own.reviewDistance);
  }
  return { matchDistance, reviewDistance, minQuality: general.minQuality };
}

/** Whether the platform itself has confirmed an entry. */
export const isOwnConfirmed = (
  { confirmed }: Pick<EntryFacts, 'confirmed'>,
  trust: Trust = 'own',
): boolean => confirmed === true && trust === 'own';

/** Why an entry within the match distance is for review all the same; undefined if it matches. */
export function limitOf(
  { confirmed }: Pick<EntryFacts, 'confirmed'>,
  { tier, trust }: Pick<ListRules, 'tier' | 'trust'>,
): 'review-only-list' | 'foreign-list' | 'unconfirmed-entry' | undefined {
  if (tier === 'review') return 'review-only-list';
  if (trust === 'foreign') return 'foreign-list';
  return confirmed === false ? 'unconfirmed-entry' : undefined;
}
