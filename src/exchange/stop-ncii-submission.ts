import { checkIterable, checkObject } from '../door.js';

/*
 * What a company tells StopNCII: its feedback on listed hashes, and hashes of its own.
 */

/** What a company says of a hash that StopNCII lists. */
export interface StopNciiFeedback {
  /** as it is listed */
  readonly hashValue: string;
  /** `Blocked`, `NotBlocked`, `PendingReview`, `QualityUnknown`, `Withdrawn`, `Deleted` … */
  readonly feedbackValue: string;
  readonly tags: readonly string[];
}

/** A hash that a company gives to StopNCII. */
export interface StopNciiSubmission {
  readonly signalType: string;
  readonly hashValue: string;
  /** in seconds since 1970 */
  readonly lastModtimestamp: number;
  readonly feedbacks: readonly Omit<StopNciiFeedback, 'hashValue'>[];
}

/**
 * The body of `SubmitFeedback`.
 * @throws {TypeError} if `feedbacks` is invalid
 */
export function writeStopNciiFeedback(feedbacks: Iterable<StopNciiFeedback>): string {
  checkIterable(feedbacks, 'an iterable of feedback');
  const hashFeedbacks = [...feedbacks].map((each) => {
    checkObject(each, 'feedback: { hashValue, feedbackValue, tags }');
    const { hashValue } = each;
    checkWord(hashValue);
    return { hashValue, ...opinion(each) };
  });
  return JSON.stringify({ count: hashFeedbacks.length, hashFeedbacks });
}

/**
 * The body of `SubmitHashes`.
 * @throws {TypeError} if `submissions` is invalid
 */
export function writeStopNciiSubmission(submissions: Iterable<StopNciiSubmission>): string {
  checkIterable(submissions, 'an iterable of hashes');
  const hashRecords = [...submissions].map((each) => {
    checkObject(each, 'a hash: { signalType, hashValue, lastModtimestamp, feedbacks }');
    const { signalType, hashValue, lastModtimestamp, feedbacks } = each;
    checkWord(signalType);
    checkWord(hashValue);
    if (!Number.isSafeInteger(lastModtimestamp) || lastModtimestamp < 0) {
      throw new TypeError('expected lastModtimestamp to be an integer >= 0');
    }
    checkIterable(feedbacks, 'feedbacks to be a list');
    return { lastModtimestamp, signalType, hashValue, CSPFeedbacks: [...feedbacks].map(opinion) };
  });
  return JSON.stringify({ count: hashRecords.length, hashRecords });
}

function opinion(each: Omit<StopNciiFeedback, 'hashValue'>) {
  checkObject(each, 'feedback: { feedbackValue, tags }');
  const { feedbackValue, tags } = each;
  checkWord(feedbackValue);
  if (!(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))) {
    throw new TypeError('expected tags to be a list of strings');
  }
  return { feedbackValue, tags };
}

function checkWord(word: unknown): void {
  if (typeof word !== 'string' || word === '') {
    throw new TypeError('expected signalType, hashValue and feedbackValue to be text');
  }
}
