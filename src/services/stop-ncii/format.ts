/*
 * The JSON of StopNCII's API for participating companies, as facebook/ThreatExchange and the
 * samples in its tests have it. Every set of words here is open: an unknown word is kept and
 * reported.
 */

import { checkIterable, checkObject, wrongKind } from '../../door.js';
import type { Opinion } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { type Algorithm, hashFrom, WIDTHS } from '../../hash.js';
import type { UnknownWord } from '../../policy.js';
import {
  isObject,
  type JsonObject,
  leftOut,
  own,
  type ReadUpdatesOptions,
  type ReportProblem,
  recordsIn,
  textOf,
  UnknownWords,
  wholeNumberOf,
} from '../../text/json.js';
import { type ListUpdate, type UpdateState, updateOf } from '../list-update.js';

/** StopNCII's types of hashes, in its words. */
const SIGNAL_TYPES = ['Unknown', 'ImagePDQ', 'VideoMD5', 'VideoTMK', 'Text', 'URL'] as const;

/** The types that a blocklist can hold. */
const ALGORITHMS = /* @__PURE__ */ new Map<string, Algorithm>([
  ['ImagePDQ', 'pdq'],
  ['VideoMD5', 'md5'],
]);

/** The states of a hash and of a case, in StopNCII's words. */
const STATUSES = ['Unknown', 'Received', 'Active', 'Withdrawn', 'Deleted'] as const;

/** A company's feedback on a hash. `Undefined` is in no document, but in real replies. */
export const FEEDBACK_VALUES: readonly string[] = [
  'Unknown',
  'None',
  'QualityUnknown',
  'PendingReview',
  'Blocked',
  'NotBlocked',
  'Withdrawn',
  'Deleted',
  'Undefined',
];

/** One hash as StopNCII lists it. Words are StopNCII's own, even unknown ones. */
export interface StopNciiRecord {
  readonly signalType: string;
  /** hex in lower case for `ImagePDQ` and `VideoMD5`, else as StopNCII wrote it */
  readonly hashValue: string;
  readonly hashStatus: string;
  /** in seconds since 1970 */
  readonly lastModtimestamp?: number;
  /** the cases that gave the hash, each with its status */
  readonly caseNumbers: readonly { readonly id: string; readonly status: string }[];
  readonly feedbacks: readonly StopNciiOpinion[];
  readonly hashRegions?: readonly string[];
  /** members that this version does not know, unchanged */
  readonly further?: JsonObject;
}

/** One company's feedback on a hash, as StopNCII lists it. */
export interface StopNciiOpinion {
  readonly source?: string;
  readonly feedbackValue: string;
  readonly tags: readonly string[];
}

/** One reply of `FetchHashes`. */
export interface StopNciiPage {
  readonly records: readonly StopNciiRecord[];
  readonly unknown: readonly UnknownWord[];
  /** in seconds; may be lower than that of the page before */
  readonly nextSetTimestamp: number;
  /** for the next page; valid for a short time */
  readonly nextPageToken?: string;
  readonly hasMoreRecords: boolean;
}

const PAGE_MEMBERS = [
  'count',
  'nextSetTimestamp',
  'nextPageToken',
  'hasMoreRecords',
  'hashRecords',
];
const RECORD_MEMBERS = [
  'lastModtimestamp',
  'signalType',
  'hashValue',
  'hashStatus',
  'caseNumbers',
  'CSPFeedbacks',
  'hashRegions',
];
const OPINION_MEMBERS = ['source', 'feedbackValue', 'tags'];

/**
 * A reply of `FetchHashes`. A record with an unreadable hash is a problem and is left out; any
 * other unreadable member is a problem and is left out of its record.
 * @throws {FormatError} `bad-reply` if it is not such a reply; without `onProblem` also
 * `bad-record` or `bad-hash`, with the `record`
 */
export function stopNciiPage(reply: JsonObject, options: ReadUpdatesOptions): StopNciiPage {
  const { nextSetTimestamp, nextPageToken, hasMoreRecords } = stopNciiEnvelope(reply);
  const words = new UnknownWords();
  words.members(reply, PAGE_MEMBERS);
  const list = own(reply, 'hashRecords') as readonly unknown[];
  const records = recordsIn(list, options, (each, report) => recordFrom(each, words, report));
  return {
    records,
    unknown: words.list(),
    nextSetTimestamp,
    hasMoreRecords,
    ...(nextPageToken !== undefined && { nextPageToken }),
  };
}

/** The members of a reply besides its records. @throws {FormatError} `bad-reply` */
export function stopNciiEnvelope(reply: JsonObject) {
  const nextSetTimestamp = wholeNumberOf(reply, 'nextSetTimestamp');
  const nextPageToken = textOf(reply, 'nextPageToken') || undefined;
  const hasMoreRecords = own(reply, 'hasMoreRecords');
  const expect = (holds: boolean, what: string) => {
    if (!holds) throw new FormatError('bad-reply', `expected ${what}`);
  };
  expect(Array.isArray(own(reply, 'hashRecords')), 'hashRecords to be a list');
  expect(typeof hasMoreRecords === 'boolean', 'hasMoreRecords to be true or false');
  expect(nextSetTimestamp !== undefined, 'nextSetTimestamp to be an integer >= 0');
  expect(!hasMoreRecords || nextPageToken !== undefined, 'a nextPageToken, since there is more');
  return {
    nextSetTimestamp: nextSetTimestamp as number,
    nextPageToken,
    hasMoreRecords: hasMoreRecords as boolean,
  };
}

function recordFrom(
  value: unknown,
  words: UnknownWords,
  report: ReportProblem,
): StopNciiRecord | undefined {
  if (!isObject(value)) {
    report('bad-record', 'expected a record to be an object');
    return undefined;
  }
  const signalType = textOf(value, 'signalType') ?? '';
  const hashValue = textOf(value, 'hashValue') ?? '';
  if (signalType === '' || hashValue === '') {
    report('bad-record', 'expected signalType and hashValue to be text');
    return undefined;
  }
  const digits = digitsOf(signalType);
  if (digits !== undefined && !(hashValue.length === digits && /^[0-9a-f]+$/i.test(hashValue))) {
    report('bad-hash', `expected ${digits} hex digits`);
    return undefined;
  }
  const further = words.members(value, RECORD_MEMBERS);
  words.word('signalType', signalType, SIGNAL_TYPES);
  const hashStatus = wordOf(value, 'hashStatus', report);
  words.word('hashStatus', hashStatus, STATUSES);
  const lastModtimestamp = wholeNumberOf(value, 'lastModtimestamp');
  if (lastModtimestamp === undefined) leftOut('lastModtimestamp', report);
  const hashRegions = regionsFrom(value, report);
  return {
    ...(lastModtimestamp !== undefined && { lastModtimestamp }),
    signalType,
    hashValue: digits === undefined ? hashValue : hashValue.toLowerCase(),
    hashStatus,
    caseNumbers: casesFrom(value, words, report),
    feedbacks: opinionsFrom(value, words, report),
    ...(hashRegions && { hashRegions }),
    ...(further && { further }),
  };
}

/** Number of hex digits of a hash, for the signal types that are hex. */
function digitsOf(signalType: string): number | undefined {
  const algorithm = ALGORITHMS.get(signalType);
  return algorithm && WIDTHS[algorithm][0] / 4;
}

/** A word of a set; `Unknown`, which every set has, if it is not text. */
function wordOf(object: JsonObject, name: string, report: ReportProblem): string {
  const word = textOf(object, name);
  if (word === undefined) leftOut(name, report);
  return word ?? 'Unknown';
}

function casesFrom(record: JsonObject, words: UnknownWords, report: ReportProblem) {
  const cases = own(record, 'caseNumbers') ?? {};
  if (!isObject(cases)) {
    leftOut('caseNumbers', report);
    return [];
  }
  return Object.keys(cases).map((id) => {
    const status = wordOf(cases, id, () => leftOut('the status of each case', report));
    words.word('caseNumbers', status, STATUSES);
    return { id, status };
  });
}

function opinionsFrom(
  record: JsonObject,
  words: UnknownWords,
  report: ReportProblem,
): StopNciiOpinion[] {
  const listed = own(record, 'CSPFeedbacks') ?? [];
  if (!Array.isArray(listed)) {
    leftOut('CSPFeedbacks', report);
    return [];
  }
  const opinions: StopNciiOpinion[] = [];
  for (const each of listed as readonly unknown[]) {
    if (!isObject(each)) {
      leftOut('each of CSPFeedbacks', report);
      continue;
    }
    words.members(each, OPINION_MEMBERS, 'CSPFeedbacks.');
    const feedbackValue = wordOf(each, 'feedbackValue', report);
    words.word('CSPFeedbacks.feedbackValue', feedbackValue, FEEDBACK_VALUES);
    const source = textOf(each, 'source');
    const tags = own(each, 'tags') ?? [];
    const isRead = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string');
    if (!isRead) leftOut('the tags of each of CSPFeedbacks', report);
    opinions.push({
      ...(source !== undefined && { source }),
      feedbackValue,
      tags: isRead ? tags : [],
    });
  }
  return opinions;
}

function regionsFrom(record: JsonObject, report: ReportProblem): readonly string[] | undefined {
  const regions = own(record, 'hashRegions');
  if (regions === undefined) return undefined;
  if (Array.isArray(regions) && regions.every((region) => typeof region === 'string')) {
    return regions;
  }
  leftOut('hashRegions', report);
  return undefined;
}

/** Meaning of a status, in any case: a withdrawal must not be missed for a capital letter. */
function stateOf(status: string): UpdateState {
  const word = status.toLowerCase();
  return word === 'active' || word === 'withdrawn' || word === 'deleted' ? word : 'pending';
}

/**
 * A record as an update of a list. `Received` and unknown states are `pending`. Cases that are
 * withdrawn or deleted do not count.
 */
export function updateOfStopNcii(record: StopNciiRecord): ListUpdate {
  const { signalType, hashValue, hashStatus, caseNumbers, feedbacks } = record;
  const { lastModtimestamp, hashRegions } = record;
  const algorithm = ALGORITHMS.get(signalType);
  const hash = algorithm && hashFrom(algorithm, hashValue);
  const opinions: Opinion[] = feedbacks.map(({ source = '', feedbackValue, tags }) => ({
    from: source,
    says: feedbackValue,
    ...(tags.length > 0 && { tags }),
  }));
  const isOpen = ({ status }: { status: string }) => /active|pending/.test(stateOf(status));
  return updateOf(
    {
      key: `${signalType}:${hashValue}`,
      source: 'StopNCII',
      state: stateOf(hashStatus),
      signals: [{ type: signalType, value: hashValue }],
      ...(lastModtimestamp !== undefined && { changedSeconds: lastModtimestamp }),
      caseCount: caseNumbers.filter(isOpen).length,
      ...(opinions.length > 0 && { opinions }),
      ...(hashRegions && { regions: hashRegions }),
    },
    hash ? [hash] : [],
  );
}

/** A company's feedback on a hash that StopNCII lists. */
export interface StopNciiFeedback {
  /** as listed */
  readonly hashValue: string;
  /** `Blocked`, `NotBlocked`, `PendingReview`, `QualityUnknown`, `Withdrawn`, `Deleted` … */
  readonly feedbackValue: string;
  readonly tags: readonly string[];
}

/**
 * The body of `SubmitFeedback`.
 * @throws {TypeError} if `feedbacks` is invalid
 */
export function writeStopNciiFeedback(feedbacks: Iterable<StopNciiFeedback>): string {
  checkIterable(feedbacks, 'an iterable of feedback');
  const hashFeedbacks = [...feedbacks].map((each) => {
    checkObject(each, 'feedback: { hashValue, feedbackValue, tags }');
    const { hashValue, feedbackValue, tags } = each;
    for (const word of [hashValue, feedbackValue]) {
      if (typeof word !== 'string' || word === '') {
        wrongKind('hashValue and feedbackValue to be text');
      }
    }
    if (!(Array.isArray(tags) && tags.every((tag) => typeof tag === 'string'))) {
      wrongKind('tags to be a list of strings');
    }
    return { hashValue, feedbackValue, tags };
  });
  return JSON.stringify({ count: hashFeedbacks.length, hashFeedbacks });
}
