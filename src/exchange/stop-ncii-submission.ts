import { checkIterable, checkObject } from '../door.js';
import { FormatError } from '../errors.js';
import { isObject, type JsonObject, jsonObject, own, textOf } from './service-json.js';

/*
 * What a company tells StopNCII: its feedback on listed hashes, and hashes of its own.
 */

/** What a company says of a hash that StopNCII lists. */
export interface StopNciiFeedback {
  /** as it is listed */
  readonly hashValue: string;
  /** `Blocked`, `NotBlocked`, `PendingReview` … : one of `STOP_NCII_FEEDBACK_VALUES` */
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

/**
 * Reads a body of `SubmitFeedback`, as a service does.
 * @throws {TypeError} if `text` is not text
 * @throws {FormatError} `bad-reply` if it is anything else
 */
export function readStopNciiFeedback(text: string): StopNciiFeedback[] {
  return listOf(text, 'hashFeedbacks').map((each) => ({
    hashValue: wordOf(each, 'hashValue'),
    ...opinionFrom(each),
  }));
}

/**
 * Reads a body of `SubmitHashes`, as a service does.
 * @throws {TypeError} if `text` is not text
 * @throws {FormatError} `bad-reply` if it is anything else
 */
export function readStopNciiSubmission(text: string): StopNciiSubmission[] {
  return listOf(text, 'hashRecords').map((each) => {
    const lastModtimestamp = own(each, 'lastModtimestamp');
    const feedbacks = own(each, 'CSPFeedbacks');
    const isTime = Number.isSafeInteger(lastModtimestamp) && (lastModtimestamp as number) >= 0;
    if (!isTime || !Array.isArray(feedbacks) || !feedbacks.every(isObject)) malformed();
    return {
      signalType: wordOf(each, 'signalType'),
      hashValue: wordOf(each, 'hashValue'),
      lastModtimestamp: lastModtimestamp as number,
      feedbacks: feedbacks.map(opinionFrom),
    };
  });
}

function listOf(text: string, name: string): JsonObject[] {
  if (typeof text !== 'string') throw new TypeError('expected a text');
  const body = jsonObject(text);
  const list = own(body, name);
  if (!Array.isArray(list) || own(body, 'count') !== list.length || !list.every(isObject)) {
    malformed();
  }
  return list;
}

function opinionFrom(each: JsonObject) {
  const tags = own(each, 'tags');
  if (!Array.isArray(tags) || !tags.every((tag) => typeof tag === 'string')) malformed();
  return { feedbackValue: wordOf(each, 'feedbackValue'), tags: tags as string[] };
}

function wordOf(each: JsonObject, name: string): string {
  return textOf(each, name) || malformed();
}

function malformed(): never {
  throw new FormatError('bad-reply', 'expected a body of SubmitFeedback or SubmitHashes');
}
