/*
 * The JSON of Tech Against Terrorism's hash list, version 2, as facebook/ThreatExchange and the
 * samples in its tests have it.
 */

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

/** The algorithms seen in the list so far; others are kept and reported. */
const ALGORITHMS = /* @__PURE__ */ new Map<string, Algorithm>([
  ['MD5', 'md5'],
  ['SHA1', 'sha1'],
  ['SHA256', 'sha256'],
  ['PDQ', 'pdq'],
]);

/** The ideologies seen in the list so far; others are kept and reported. */
const IDEOLOGIES = ['Far-Right', 'Islamist'] as const;

/** One hash of the list. */
export interface TechAgainstTerrorismRecord {
  readonly id: string;
  readonly algorithm: string;
  /** hex in lower case; absent only if the record is deleted */
  readonly hashDigest?: string;
  readonly ideology?: string;
  readonly fileType?: string;
  /** absent if the list does not have it, or in another form */
  readonly deleted?: boolean;
  /** in seconds since 1970, with a fraction */
  readonly updatedOn?: number;
  readonly createdOn?: number;
  /** members that this version does not know, unchanged */
  readonly further?: JsonObject;
}

/** One page of the list. */
export interface TechAgainstTerrorismPage {
  readonly records: readonly TechAgainstTerrorismRecord[];
  readonly unknown: readonly UnknownWord[];
  /** the link to the next page; absent on the last one */
  readonly next?: string;
  /** the time and the id of the page's last record: `1724856487.709035,10594` */
  readonly checkpoint?: string;
  /** number of records in the whole list */
  readonly count?: number;
}

const PAGE_MEMBERS = ['count', 'next', 'previous', 'checkpoint', 'results'];
const RECORD_MEMBERS = [
  'hash_digest',
  'algorithm',
  'ideology',
  'file_type',
  'deleted',
  'updated_on',
  'created_on',
  'id',
];

/**
 * A page of the list. A record without an id, or with an unreadable hash, is a problem and is left
 * out; a deleted one is kept for its id. Any other unreadable member is a problem and is left out
 * of its record.
 * @throws {FormatError} `bad-reply` if it is not such a page; without `onProblem` also `bad-record`
 * or `bad-hash`, with the `record`
 */
export function techAgainstTerrorismPage(
  reply: JsonObject,
  options: ReadUpdatesOptions,
): TechAgainstTerrorismPage {
  const { next, checkpoint } = techAgainstTerrorismEnvelope(reply);
  const count = wholeNumberOf(reply, 'count');
  const words = new UnknownWords();
  words.members(reply, PAGE_MEMBERS);
  const list = own(reply, 'results') as readonly unknown[];
  const records = recordsIn(list, options, (each, report) => recordFrom(each, words, report));
  return {
    records,
    unknown: words.list(),
    ...(next !== undefined && { next }),
    ...(checkpoint !== undefined && { checkpoint }),
    ...(count !== undefined && { count }),
  };
}

/** The members of a page besides its records. @throws {FormatError} `bad-reply` */
export function techAgainstTerrorismEnvelope(reply: JsonObject) {
  if (!Array.isArray(own(reply, 'results'))) {
    throw new FormatError('bad-reply', 'expected results to be a list');
  }
  const link = own(reply, 'next');
  // A page with an unreadable link must not pass for the last one.
  if (!Object.hasOwn(reply, 'next') || (link !== undefined && typeof link !== 'string')) {
    throw new FormatError('bad-reply', 'expected next to be text or null');
  }
  const checkpoint = textOf(reply, 'checkpoint') || undefined;
  return { next: link || undefined, checkpoint };
}

function recordFrom(
  value: unknown,
  words: UnknownWords,
  report: ReportProblem,
): TechAgainstTerrorismRecord | undefined {
  const id = isObject(value) ? textOf(value, 'id') : undefined;
  if (!isObject(value) || !id) {
    report('bad-record', 'expected a record to be an object with an id');
    return undefined;
  }
  const algorithm = textOf(value, 'algorithm') || 'Unknown';
  const digest = textOf(value, 'hash_digest');
  const deleted = deletedFrom(value, report);
  const digits = digitsOf(algorithm);
  const isHex = digits !== undefined;
  const isRead = digest && (!isHex || (digest.length === digits && /^[0-9a-f]+$/i.test(digest)));
  if (!isRead) {
    report('bad-hash', isHex ? `expected ${digits} hex digits` : 'expected hash_digest to be text');
    if (!deleted) return undefined;
  }
  const further = words.members(value, RECORD_MEMBERS);
  words.word('algorithm', algorithm, [...ALGORITHMS.keys()]);
  const ideology = optional('ideology', value, textOf, report);
  if (ideology !== undefined) words.word('ideology', ideology, IDEOLOGIES);
  const fileType = optional('file_type', value, textOf, report);
  const updatedOn = optional('updated_on', value, secondsOf, report);
  const createdOn = optional('created_on', value, secondsOf, report);
  return {
    id,
    algorithm,
    ...(isRead && { hashDigest: isHex ? digest.toLowerCase() : digest }),
    ...(ideology !== undefined && { ideology }),
    ...(fileType !== undefined && { fileType }),
    ...(deleted !== undefined && { deleted }),
    ...(updatedOn !== undefined && { updatedOn }),
    ...(createdOn !== undefined && { createdOn }),
    ...(further && { further }),
  };
}

/** True if a record is deleted; also as text or number, since a deletion must not be missed. */
function deletedFrom(record: JsonObject, report: ReportProblem): boolean | undefined {
  const deleted = own(record, 'deleted');
  if (typeof deleted === 'boolean') return deleted;
  report('bad-record', 'expected deleted to be true or false: the record is kept');
  const word = `${textOf(record, 'deleted')}`.toLowerCase();
  return word === 'true' || word === '1' ? true : undefined;
}

/** A member that may be absent; reported and left out if it is unreadable. */
function optional<T>(
  name: string,
  record: JsonObject,
  read: (record: JsonObject, name: string) => T | undefined,
  report: ReportProblem,
): T | undefined {
  const value = read(record, name);
  if (value === undefined && own(record, name) !== undefined) {
    leftOut(name, report);
  }
  return value;
}

/** A time in seconds, as a number or as text; a date as text is read too. */
function secondsOf(record: JsonObject, name: string): number | undefined {
  const value = own(record, name);
  let seconds = Number.NaN;
  if (typeof value === 'number') seconds = value;
  else if (typeof value === 'string' && value !== '') {
    seconds = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) / 1000 : Number(value);
  }
  return seconds >= 0 && seconds < 2 ** 53 ? seconds : undefined;
}

/** Number of hex digits of a hash of `algorithm`, if that is known to be hex. */
function digitsOf(algorithm: string): number | undefined {
  const known = ALGORITHMS.get(algorithm.toUpperCase());
  return known && WIDTHS[known][0] / 4;
}

/** A record as an update of a list. Its label is its ideology. */
export function updateOfTechAgainstTerrorism(record: TechAgainstTerrorismRecord): ListUpdate {
  const { id, algorithm, hashDigest, ideology, deleted, updatedOn } = record;
  const state: UpdateState = deleted === undefined ? 'pending' : deleted ? 'deleted' : 'active';
  const known = ALGORITHMS.get(algorithm.toUpperCase());
  const hash = known && hashFrom(known, hashDigest);
  return updateOf(
    {
      key: id,
      source: 'Tech Against Terrorism',
      state,
      signals: hashDigest === undefined ? [] : [{ type: algorithm, value: hashDigest }],
      ...(updatedOn !== undefined && { changedSeconds: updatedOn }),
    },
    hash ? [hash] : [],
    ideology ? [ideology] : [],
  );
}
