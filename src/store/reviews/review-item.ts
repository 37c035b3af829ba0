import type { Decision, DecisionJSON } from '../../matching/decision.js';
import type { ReviewFacts, ReviewOutcome } from '../../review/review-record.js';
import { checkStorable } from '../stored-entry.js';

/** An upload to put before a moderator: without the picture or anything about its uploader. */
export interface NewReviewItem {
  /** the platform's own name of the upload, 1 to 200 characters: never a user's or a file's name */
  readonly id: string;
  readonly decision: Decision | DecisionJSON;
  /** link to the upload on the platform's page for moderators: http or https, without a password */
  readonly link?: string;
  /** default: `reviewFactsOf(decision)` */
  readonly facts?: readonly ReviewFacts[];
}

/** An upload that waits for a moderator, or was decided. */
export interface ReviewItem {
  /** in order of arrival */
  readonly number: number;
  readonly id: string;
  /** time of arrival, in ISO 8601 */
  readonly time: string;
  readonly link?: string;
  /** without file name, timings, and allowed matches */
  readonly decision: DecisionJSON;
  readonly facts: readonly ReviewFacts[];
  /** absent while it waits */
  readonly decided?: {
    readonly outcome: ReviewOutcome;
    readonly role: string;
    readonly time: string;
    /** number of decisions so far */
    readonly times: number;
    /** the reason, if the hashes that matched were allowed */
    readonly allowed?: string;
  };
}

/** A row of `ITEM`. */
export interface ItemRow extends Pick<ReviewItem, 'number' | 'id' | 'decision' | 'facts'> {
  readonly at: Date;
  readonly link: string | null;
  readonly outcome: ReviewOutcome | null;
  readonly role: string | null;
  readonly decided_at: Date | null;
  readonly times: number;
  readonly allowed: string | null;
}

/** Columns of an item, for `itemOf`. */
export const ITEM =
  'number, id, at, link, decision, facts, outcome, role, decided_at, times, allowed';
const MAX_ID = 200;
const MAX_LINK = 2000;

/** The item of a row. */
export function itemOf(row: ItemRow): ReviewItem {
  const { at, link, outcome, role, decided_at: decidedAt, times, allowed, ...others } = row;
  return {
    ...others,
    time: at.toISOString(),
    ...(link !== null && { link }),
    ...(outcome !== null && {
      decided: {
        outcome,
        role: role!,
        time: decidedAt!.toISOString(),
        times,
        ...(allowed !== null && { allowed }),
      },
    }),
  };
}

/** @throws {TypeError | RangeError} if it is not the id of an item */
export function checkId(id: string): void {
  if (typeof id !== 'string' || id.length === 0 || id.length > MAX_ID) {
    throw new TypeError(`expected id to have 1 to ${MAX_ID} characters`);
  }
  checkStorable(id);
}

/**
 * A page that shows it must be able to trust that it is no script.
 * @throws {TypeError | RangeError} if it is not the link of an item
 */
export function checkLink(link: string): void {
  const isText = typeof link === 'string' && link.length <= MAX_LINK;
  const url = isText && URL.canParse(link) ? new URL(link) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new TypeError('expected link to be an http or https URL without a password');
  }
  checkStorable(link);
}
