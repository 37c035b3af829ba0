import { checkInteger, checkOptions } from '../door.js';
import { checkNcmecList, NCMEC_LISTS, type NcmecList } from '../services/ncmec/format.js';
import type { NewFeedback } from './feedback-item.js';
import { checkedRecord, type NewReviewRecord, type ReviewedEntry } from './review-record.js';

/*
 * What a service is told after a review. A service hears of its own entries alone, and only what a
 * person decided.
 *
 * A confirmed match says that the entry is rightly listed. A rejected one seldom says anything of
 * the entry: the upload was only near it, and nobody saw the entry's picture. If it counted against
 * the entry, anybody who makes harmless pictures near to entries could talk them out of the list.
 * So it counts only where the upload has the entry's very hash, or is as near as the caller allows.
 */

/** How a review becomes feedback. */
export interface ReviewedFeedbackOptions {
  /** the name of the sender; by default that of the source: `StopNCII`, `ncmec/npo` … */
  to?: string;
  /**
   * how near to the entry an upload must be for its rejection to speak against the entry, in bits
   * @defaultValue 0
   */
  maxRejectedDistance?: number;
}

/** How a review becomes feedback to StopNCII. */
export interface StopNciiFeedbackOptions extends ReviewedFeedbackOptions {
  /** sent along, in StopNCII's words */
  tags?: readonly string[];
}

/** How a review becomes feedback to NCMEC. */
export interface NcmecFeedbackOptions extends ReviewedFeedbackOptions {
  /**
   * the list whose entries it is about, as the client has it
   * @defaultValue NCMEC_LISTS.industry
   */
  list?: NcmecList;
  /**
   * the reasons of a negative vote, from `NcmecClient.feedbackReasons`. NCMEC takes none without a
   * reason: unless they are given, nothing follows from a rejection
   */
  reasonIds?: readonly string[];
}

/** The `source` of StopNCII's entries. */
const STOP_NCII = 'StopNCII';

/**
 * The feedback on an entry of StopNCII that follows from a review, for `feedbackOf` of
 * `webhook` of `createService` and the sender `stopNciiSender`: `Blocked` if the match is
 * confirmed, `NotBlocked` if it is rejected and near enough.
 * @returns none if the entry is of another source, or no person decided
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function stopNciiFeedbackOf(
  record: NewReviewRecord,
  options: StopNciiFeedbackOptions = {},
): Omit<NewFeedback, 'id'>[] {
  const reviewed = reviewOf(record, options, STOP_NCII);
  const { to = STOP_NCII, tags = [] } = options;
  checkWords('tags', tags);
  if (!reviewed) return [];
  const { entry, isRight } = reviewed;
  const feedbackValue = isRight ? 'Blocked' : 'NotBlocked';
  return [{ to, entry: entry.hash, body: { hashValue: entry.hash, feedbackValue, tags } }];
}

/**
 * The vote on an entry of NCMEC that follows from a review, for `feedbackOf` of
 * `webhook` of `createService` and the sender `ncmecSender`: affirmative if the match is confirmed,
 * negative if it is rejected, near enough, and there are `reasonIds`.
 * @returns none if the entry is not on this list, or no person decided
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function ncmecFeedbackOf(
  record: NewReviewRecord,
  options: NcmecFeedbackOptions = {},
): Omit<NewFeedback, 'id'>[] {
  checkOptions(options);
  const { list = NCMEC_LISTS.industry, reasonIds = [] } = options;
  checkNcmecList(list);
  checkWords('reasonIds', reasonIds);
  const reviewed = reviewOf(record, options, list.source);
  const { to = list.source } = options;
  // The id of such an entry is that of its member, a slash, and its own.
  const [, memberId, id] = /^([^/]+)\/(.+)$/s.exec(reviewed?.entry.id ?? '') ?? [];
  if (!reviewed || memberId === undefined || id === undefined) return [];
  const { isRight } = reviewed;
  if (!isRight && reasonIds.length === 0) return [];
  const says = isRight ? 'affirmative' : 'negative';
  const body = { memberId, id, type: 'PDQ', says, ...(!isRight && { reasonIds }) };
  return [{ to, entry: `${memberId}/${id}`, body }];
}

/** The PDQ entry of this source that a person decided on, and whether it is rightly listed. */
function reviewOf(
  record: NewReviewRecord,
  options: ReviewedFeedbackOptions,
  ofSource: string,
): { entry: ReviewedEntry; isRight: boolean } | undefined {
  const { entry, distance, outcome, role } = checkedRecord(record);
  checkOptions(options);
  const { to = ofSource, maxRejectedDistance = 0 } = options;
  if (typeof to !== 'string' || to === '') throw new TypeError('expected to to name a sender');
  checkInteger('maxRejectedDistance', maxRejectedDistance, 0, 256);
  if (entry?.source !== ofSource || entry.algorithm !== 'pdq') return undefined;
  if (role === 'automation') return undefined;
  if (outcome === 'confirmed') return { entry, isRight: true };
  const speaks = outcome === 'rejected' && distance! <= maxRejectedDistance;
  return speaks ? { entry, isRight: false } : undefined;
}

function checkWords(name: string, words: readonly string[]): void {
  if (!(Array.isArray(words) && words.every((word) => typeof word === 'string'))) {
    throw new TypeError(`expected ${name} to be a list of strings`);
  }
}
