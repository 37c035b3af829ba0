/*
 * Feedback that services get after a review. A service gets feedback on its own entries alone, and
 * only if a person decided.
 *
 * A confirmed match means that the entry is rightly listed. A rejected one seldom means anything
 * for the entry: the upload was only near it, and no one saw the entry's picture. If it counted
 * against the entry, anyone could get entries off the list by making harmless pictures near them.
 * So it counts only if the upload has exactly the entry's hash, or is as near as the caller allows.
 */

import {
  type Checked,
  checkedOptions,
  integer,
  type OptionCheck,
  type OptionTable,
  tableOf,
  texts,
  wrongKind,
} from '../door.js';
import { type NcmecEnvironment, ncmecListNamed } from '../services/ncmec/format.js';
import type { NewFeedback } from './feedback-item.js';
import { checkedRecord, type NewReviewRecord, type ReviewedEntry } from './review-record.js';

/**
 * Makes feedback from a record: none if its entry is of another source, or no person decided.
 * Throws a TypeError or a RangeError if the record is invalid.
 */
export type FeedbackOf = (record: NewReviewRecord) => Omit<NewFeedback, 'id'>[];

/** Options for making feedback from a review. */
export interface ReviewedFeedbackOptions {
  /** the name of the sender; default that of the source: `StopNCII`, `ncmec/npo` … */
  to?: string | undefined;
  /**
   * largest distance from the entry at which a rejected upload counts against the entry, in bits
   * @defaultValue 0
   */
  maxRejectedDistance?: number;
}

/** Options for making feedback to StopNCII from a review. */
export interface StopNciiFeedbackOptions extends ReviewedFeedbackOptions {
  /** tags of the feedback, in StopNCII's words */
  tags?: readonly string[];
}

/** Options for making feedback to NCMEC from a review. */
export interface NcmecFeedbackOptions extends ReviewedFeedbackOptions {
  /**
   * the environment of the entries, as the client has it
   * @defaultValue 'industry'
   */
  environment?: NcmecEnvironment;
  /**
   * the reasons of a negative vote, from `NcmecClient.feedbackReasons`. NCMEC accepts none without
   * a reason: without them, a rejection makes no feedback
   */
  reasonIds?: readonly string[];
}

const senderName: OptionCheck = (name, value) => {
  if (typeof value !== 'string' || value === '') wrongKind(`${name} to name a sender`);
};

const REVIEWED_FEEDBACK_OPTIONS = {
  to: { is: senderName },
  maxRejectedDistance: { is: integer, most: 256, default: 0 },
} as const satisfies OptionTable<ReviewedFeedbackOptions>;

export const STOP_NCII_FEEDBACK_OPTIONS = /* @__PURE__ */ tableOf(REVIEWED_FEEDBACK_OPTIONS, {
  tags: { is: texts, default: [] },
}) satisfies OptionTable<StopNciiFeedbackOptions>;

const ncmecEnvironment: OptionCheck = (_, value) => void ncmecListNamed(value as NcmecEnvironment);

export const NCMEC_FEEDBACK_OPTIONS = /* @__PURE__ */ tableOf(REVIEWED_FEEDBACK_OPTIONS, {
  environment: { is: ncmecEnvironment, default: 'industry' },
  reasonIds: { is: texts, default: [] },
}) satisfies OptionTable<NcmecFeedbackOptions>;

/** NCMEC's names of the hashes that may get feedback. */
const TYPES: Readonly<Record<string, string>> = { pdq: 'PDQ', md5: 'MD5', sha1: 'SHA1' };

/** The `source` of StopNCII's entries. */
const STOP_NCII = 'StopNCII';

/**
 * Makes feedback on an entry of StopNCII from a review: `Blocked` if the match is confirmed,
 * `NotBlocked` if it is rejected and near enough.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export function stopNciiFeedbackOf(options: StopNciiFeedbackOptions): FeedbackOf {
  const { tags, ...reviewed } = checkedOptions(options, STOP_NCII_FEEDBACK_OPTIONS);
  const { to, reviewOf } = reviewsOf(reviewed, STOP_NCII);
  return (record) => {
    const reviewed = reviewOf(record);
    if (!reviewed) return [];
    const { entry, isRight } = reviewed;
    const feedbackValue = isRight ? 'Blocked' : 'NotBlocked';
    return [{ to, entry: entry.hash, body: { hashValue: entry.hash, feedbackValue, tags } }];
  };
}

/**
 * Makes a vote on an entry of NCMEC from a review: affirmative if the match is confirmed, negative
 * if it is rejected, near enough, and there are `reasonIds`.
 * @throws {TypeError | RangeError} if an option is invalid
 */
export function ncmecFeedbackOf(options: NcmecFeedbackOptions): FeedbackOf {
  const checked = checkedOptions(options, NCMEC_FEEDBACK_OPTIONS);
  const { environment, reasonIds } = checked;
  const { to, reviewOf } = reviewsOf(checked, ncmecListNamed(environment).source);
  return (record) => {
    const reviewed = reviewOf(record);
    // The id of such an entry is its member's id, a slash, and its own id.
    const [, memberId, id] = /^([^/]+)\/(.+)$/s.exec(reviewed?.entry.id ?? '') ?? [];
    if (!reviewed || memberId === undefined || id === undefined) return [];
    const { isRight } = reviewed;
    if (!isRight && reasonIds.length === 0) return [];
    const says = isRight ? 'affirmative' : 'negative';
    const type = TYPES[reviewed.entry.algorithm]!;
    const body = { memberId, id, type, says, ...(!isRight && { reasonIds }) };
    return [{ to, entry: `${memberId}/${id}`, body }];
  };
}

type ReviewedOptions = Checked<ReviewedFeedbackOptions, typeof REVIEWED_FEEDBACK_OPTIONS>;

/**
 * `reviewOf` returns the entry of this source that a person decided on, and whether it is
 * rightly listed.
 */
function reviewsOf(options: ReviewedOptions, ofSource: string) {
  const { to = ofSource, maxRejectedDistance } = options;
  const reviewOf = (
    record: NewReviewRecord,
  ): { entry: ReviewedEntry; isRight: boolean } | undefined => {
    const { entry, distance, outcome, role } = checkedRecord(record);
    if (entry?.source !== ofSource || !TYPES[entry.algorithm]) return undefined;
    if (role === 'automation') return undefined;
    if (outcome === 'confirmed') return { entry, isRight: true };
    const speaks = outcome === 'rejected' && distance! <= maxRejectedDistance;
    return speaks ? { entry, isRight: false } : undefined;
  };
  return { to, reviewOf };
}
