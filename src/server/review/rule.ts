import { isDigest } from '../../hash.js';
import type { Decision, DecisionReason } from '../../matching/decision.js';

const PICTURE = 'Is this the listed picture?';
const VIDEO = 'Does it show the listed video?';
/** Of uploads that nothing came near, but that were not checked whole. */
const UNSEEN = 'Does it show what the lists are meant to find?';

/** Each reason of a decision as a rule for people: its name, and the question to a moderator. */
const RULES: Partial<Record<DecisionReason, readonly [name: string, question: string]>> = {
  'within-match-distance': ['Near a listed picture', PICTURE],
  'matched-parts': ['Near a listed picture, part by part', PICTURE],
  'matched-digest': ['The same file as a listed one', 'Is this the listed file?'],
  'matched-video': ['It shows moments of a listed video', VIDEO],
  'matched-remote': ['On the list of another service', PICTURE],
  'within-review-distance': ['Not quite near a listed picture', PICTURE],
  'low-query-quality': ['Near a listed picture, but the upload has little detail', PICTURE],
  'low-entry-quality': ['Near a listed picture that has little detail', PICTURE],
  'review-only-list': ['Near a picture of a list that is for review only', PICTURE],
  'foreign-list': ['Near a picture of a foreign list', PICTURE],
  'unconfirmed-entry': ['Near a listed picture that its list has not confirmed', PICTURE],
  'video-frame': ['Near one frame of a listed video, and no other', VIDEO],
  flooded: ['Near a listed picture that lately matched too many uploads', PICTURE],
  'odd-profile': ['Its odd colours may hide another picture', UNSEEN],
  'unseen-picture': ['A picture in it could not be checked', UNSEEN],
  'unseen-frames': ['Not all of its frames were checked', UNSEEN],
  unanswered: ['A list of another service did not answer', UNSEEN],
};

/** The rule of a decision: its name in plain words, and the question that it leaves to a person. */
export function ruleOf({ reason }: Pick<Decision, 'reason'>): { name: string; question: string } {
  // A later version may have written it.
  const unknown = [`By the rule ${reason.replaceAll('-', ' ')}`, PICTURE] as const;
  const [name, question] = (Object.hasOwn(RULES, reason) ? RULES[reason] : undefined) ?? unknown;
  return { name, question };
}

/** How near the nearest hit is, beside the limits of the rule; undefined if that says nothing. */
export function nearness({ reason, matches, policy }: Decision): string | undefined {
  // The nearest entry here is not the reason for a remote match.
  const [nearest] = reason === 'matched-remote' ? [] : matches;
  if (!nearest || isDigest(nearest.entry.hash.algorithm)) return undefined;
  const { distance, partsDistance, entry } = nearest;
  const parts = partsDistance === undefined ? '' : `, and its parts in ${partsDistance} of 256`;
  const limits = [
    ...(policy.matchDistance < 0 ? [] : [`up to ${policy.matchDistance} is a match`]),
    `up to ${policy.reviewDistance} is for review`,
  ].join(', ');
  return `The nearest differs in ${distance} of ${8 * entry.hash.bytes.length} bits${parts}: ${limits}. The fewer, the more alike.`;
}
