import { checkDecision, type Decision } from './decision.js';

/**
 * Explains a decision in one line of English. It names no hash, label or file.
 * @throws {TypeError | RangeError} if `decision` is invalid
 */
export function explain(decision: Decision): string {
  checkDecision(decision);
  const { verdict, reason, matches, policy } = decision;
  // What was near here is not why it matched elsewhere.
  const [nearest] = reason === 'matched-elsewhere' ? [] : matches;
  if (nearest === undefined) return `${verdict}: ${reason.replaceAll('-', ' ')}`;
  const { distance, variant, entry } = nearest;
  const of = variant.look === undefined ? '' : ` of ${variant.look}`;
  const at = `distance ${distance}, variant ${variant.name}${of}`;
  switch (reason) {
    case 'low-query-quality':
      return `${verdict}: ${at}, but quality ${variant.quality} is below ${policy.minQuality}`;
    case 'low-entry-quality':
      return `${verdict}: ${at}, but the entry's quality ${entry.quality} is below ${policy.minQuality}`;
    case 'review-only-list':
      return `${verdict}: ${at}, but its list is for review`;
    case 'foreign-list':
      return `${verdict}: ${at}, but its list is foreign`;
    case 'unconfirmed-entry':
      return `${verdict}: ${at}, but the entry is not confirmed`;
    case 'flooded':
      return `${verdict}: ${at}, but the entry is flooded`;
    case 'within-review-distance':
      return `${verdict}: ${at}, over ${policy.matchDistance} and at most ${policy.reviewDistance}`;
    default:
      return `${verdict}: ${at}, at most ${policy.matchDistance}`;
  }
}
