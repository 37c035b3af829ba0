import { checkDecision, type Decision } from './decision.js';

/**
 * Explains a decision in one line of English. It names no hash, label or file.
 * @throws {TypeError | RangeError} if `decision` is invalid
 */
export function explain(decision: Decision): string {
  checkDecision(decision);
  const { verdict, reason, matches, policy } = decision;
  // The nearest entry here is not the reason for a remote match.
  const [nearest] = reason === 'matched-remote' ? [] : matches;
  if (nearest === undefined) return `${verdict}: ${reason.replaceAll('-', ' ')}`;
  const { distance, variant, entry } = nearest;
  const of = variant.look === undefined ? '' : ` of ${variant.look}`;
  const why: Readonly<Record<string, string>> = {
    'low-query-quality': `but quality ${variant.quality} is below ${policy.minQuality}`,
    'low-entry-quality': `but the entry's quality ${entry.quality} is below ${policy.minQuality}`,
    'review-only-list': 'but its list is for review',
    'foreign-list': 'but its list is foreign',
    'unconfirmed-entry': 'but the entry is not confirmed',
    flooded: 'but the entry is flooded',
    'matched-parts': `and ${nearest.partsDistance} by parts`,
    'within-review-distance':
      nearest.partsDistance === undefined
        ? `over ${policy.matchDistance} and at most ${policy.reviewDistance}`
        : `over ${policy.matchDistance}, and ${nearest.partsDistance} by parts`,
  };
  const clause = Object.hasOwn(why, reason) ? why[reason] : `at most ${policy.matchDistance}`;
  return `${verdict}: distance ${distance}, variant ${variant.name}${of}, ${clause}`;
}
