/*
 * Records of a review log: enough to defend a decision later, and to find all decisions on an
 * entry. A record has no picture, no user and no file name, and no member for free text. Names that
 * a platform chooses (lists, roles) are short, so that no one writes notes into them.
 */

import {
  checkInteger,
  checkNumber,
  checkObject,
  checkOneOf,
  checkOptions,
  wrongKind,
} from '../door.js';
import { bitsOf, type Hash, type HashJSON, hashFromJSON, hashToHex, hashToJSON } from '../hash.js';
import {
  type Decision,
  type DecisionReason,
  decisionToJSON,
  type Match,
  type RemoteMatch,
} from '../matching/decision.js';
import type { Policy } from '../policy.js';

/** A hash as a record holds it, in lower-case hex; a draft is marked. */
export type ReviewedHash = Pick<HashJSON, 'algorithm' | 'hash' | 'decoding'>;

/** The entry that a decision is about. */
export interface ReviewedEntry extends ReviewedHash {
  readonly id?: string;
  readonly source?: string;
}

/** The library's decision, as the review keeps it. Plain JSON. */
export interface ReviewFacts {
  /** of the uploaded picture itself, if known */
  readonly hash?: ReviewedHash;
  /** absent if no entry was near, or a remote list did not name it */
  readonly entry?: ReviewedEntry;
  /** in bits, between `entry` and the upload's variant that matched it */
  readonly distance?: number;
  /** the name of that variant */
  readonly variant?: string;
  /** the name of the list, or remote list, that has the entry; absent: the unnamed list */
  readonly list?: string;
  /** the state of the blocklist that was searched */
  readonly generation?: number;
  readonly policy: Policy;
  readonly verdict: Decision['verdict'];
  readonly reason: DecisionReason;
}

/**
 * A reviewer's finding: the upload is what the entry is listed for (`confirmed`), it is not
 * (`rejected`), or no one can say (`undecided`).
 */
export type ReviewOutcome = (typeof REVIEW_OUTCOMES)[number];

export const REVIEW_OUTCOMES = ['confirmed', 'rejected', 'undecided'] as const;

/** One line of a review log, without the members that the log adds. */
export interface NewReviewRecord extends ReviewFacts {
  /**
   * identity of the record: a record whose id the log has is not written again. By default each
   * record is a new one
   */
  readonly id?: string;
  /** absent: no one reviewed it, and the policy alone decided */
  readonly outcome?: ReviewOutcome;
  /** the reviewer's role, never a name: `moderator`, `appeals` … Goes with `outcome` */
  readonly role?: string;
}

/** One line of a review log. */
export interface ReviewRecord extends NewReviewRecord {
  readonly id: string;
  /** when it was written, as ISO 8601 in UTC */
  readonly time: string;
}

const FACTS = [
  'hash',
  'entry',
  'distance',
  'variant',
  'list',
  'generation',
  'policy',
  'verdict',
  'reason',
] as const;
const MEMBERS: readonly string[] = [...FACTS, 'id', 'outcome', 'role', 'time'];
const THRESHOLDS = ['matchDistance', 'reviewDistance', 'minQuality'] as const;
/** Longest list name, id or source that counts as a name. */
const MAX_NAME = 200;
const WORD = /^[a-z][a-z0-9-]{0,39}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * The facts of a decision for review records: one for each match, those of remote lists too, or one
 * if nothing matched. Keep them with the upload until it is reviewed; they are plain JSON.
 * @param hash of the picture itself, if the decision does not have it (`decision.upload`)
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function reviewFactsOf(decision: Decision, hash?: Hash): ReviewFacts[] {
  decisionToJSON(decision);
  if (hash !== undefined) bitsOf(hash);
  const { verdict, reason, generation, matches, remoteMatches = [], upload } = decision;
  const { matchDistance, reviewDistance, minQuality } = decision.policy;
  const common = {
    ...(generation !== undefined && { generation }),
    policy: { matchDistance, reviewDistance, minQuality },
    verdict,
    reason,
  };
  const main = upload?.hash ?? hash;
  const facts = [
    ...matches.map((match) => factsOfMatch(match, main)),
    ...remoteMatches
      .filter(({ allowed }) => allowed === undefined)
      .map((match) => remoteFacts(match, main)),
  ];
  if (facts.length === 0) return [{ ...(main && { hash: hashToJSON(main) }), ...common }];
  return facts.map((one) => ({ ...one, ...common }));
}

function factsOfMatch({ entry, distance, variant }: Match, main: Hash | undefined) {
  const ownHash = variant.name === 'original' ? variant.hash : undefined;
  const hash = main ?? ownHash;
  const { id, source, list } = entry;
  return {
    ...(hash && { hash: hashToJSON(hash) }),
    // A longer id is not a name that a person can ask for; the hash also identifies the entry.
    entry: {
      ...hashToJSON(entry.hash),
      ...(isName(id) && { id }),
      ...(isName(source) && { source }),
    },
    distance,
    variant: variant.name,
    ...(list && { list }),
  };
}

/** A remote list is asked about the picture itself, and may omit the entry and the distance. */
function remoteFacts({ list, id, hash, distance }: RemoteMatch, main: Hash | undefined) {
  const hasEntry = hash !== undefined && distance !== undefined;
  return {
    ...(main && { hash: hashToJSON(main) }),
    ...(hasEntry && { entry: { ...hashToJSON(hash), ...(isName(id) && { id }) }, distance }),
    list,
  };
}

/**
 * A copy of a caller's record, with its hashes in lower case.
 * @throws {TypeError | RangeError} if a member is missing, invalid or unknown: an unknown one could
 * be a user or a file name
 */
export function checkedRecord<T extends NewReviewRecord>(record: T): T {
  checkOptions(record, 'a review record to be an object');
  for (const [name, value] of Object.entries(record)) {
    if (value === undefined) continue;
    if (!MEMBERS.includes(name)) wrongKind('only the members of a review record');
  }
  const { hash, entry, distance, variant, list, generation, policy } = record;
  const { verdict, reason, id, outcome, role, time } = record as T & Partial<ReviewRecord>;
  checkOneOf('verdict', verdict, ['match', 'review', 'none', 'unhashable']);
  checkWord('reason', reason);
  if (generation !== undefined) checkInteger('generation', generation, 0);
  if (variant !== undefined) checkName('variant', variant);
  if (list !== undefined) checkName('list', list);
  if (id !== undefined) checkName('id', id);
  checkOneOf('outcome', outcome, [...REVIEW_OUTCOMES, undefined]);
  if (role !== undefined) checkWord('role', role);
  if ((outcome === undefined) !== (role === undefined)) {
    wrongKind('outcome and role together');
  }
  if ((entry === undefined) !== (distance === undefined)) {
    wrongKind('entry and distance together');
  }
  if (distance !== undefined) checkInteger('distance', distance, 0, 256);
  if (time !== undefined && !(typeof time === 'string' && TIME.test(time))) {
    wrongKind('time in ISO 8601');
  }
  const copy = {
    id,
    time,
    list,
    generation,
    hash: hash === undefined ? undefined : checkedHash(hash),
    entry: entry === undefined ? undefined : checkedEntry(entry),
    distance,
    variant,
    policy: checkedThresholds(policy),
    verdict,
    reason,
    outcome,
    role,
  };
  return Object.fromEntries(
    Object.entries(copy).filter(([, value]) => value !== undefined),
  ) as unknown as T;
}

function checkedHash(hash: ReviewedHash): ReviewedHash {
  checkOptions(hash, 'a hash: { algorithm, hash }');
  checkMembers(hash, ['algorithm', 'hash', 'decoding']);
  return hashToJSON(hashFromJSON(hash));
}

function checkedEntry(entry: ReviewedEntry): ReviewedEntry {
  checkOptions(entry, 'an entry: { algorithm, hash, id, source }');
  checkMembers(entry, ['algorithm', 'hash', 'id', 'source']);
  const { id, source } = entry;
  if (id !== undefined) checkName('entry.id', id);
  if (source !== undefined) checkName('entry.source', source);
  return {
    ...hashToJSON(hashFromJSON(entry)),
    ...(id !== undefined && { id }),
    ...(source !== undefined && { source }),
  };
}

function checkedThresholds(policy: Policy): Policy {
  checkOptions(policy, 'a policy to be an object');
  checkMembers(policy, THRESHOLDS);
  const { matchDistance, reviewDistance, minQuality } = policy;
  checkInteger('matchDistance', matchDistance, -1, 256);
  checkInteger('reviewDistance', reviewDistance, -1, 256);
  checkNumber('minQuality', minQuality, 0, 100);
  return { matchDistance, reviewDistance, minQuality };
}

function checkMembers(value: object, known: readonly string[]): void {
  if (Object.entries(value).some(([name, one]) => one !== undefined && !known.includes(name))) {
    wrongKind('only the members of a review record');
  }
}

/** @throws {TypeError} unless it is a short word, such as a reason or a role */
export function checkWord(name: string, value: unknown): void {
  if (typeof value !== 'string' || !WORD.test(value)) {
    wrongKind(`${name} to be a word of up to 40 letters, digits and hyphens`);
  }
}

const isName = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME;

function checkName(name: string, value: unknown): void {
  if (!isName(value)) {
    wrongKind(`${name} to be a string of 1 to ${MAX_NAME} characters`);
  }
}

/**
 * The record without the data that reveals which picture matched which entry: for a matcher whose
 * terms forbid keeping that. The list, the decision and the reviewer stay.
 */
export function withoutMatchData<T extends NewReviewRecord>(record: T): T {
  const { hash, entry, distance, variant, ...rest } = record;
  return rest as T;
}

/** Selection of a log's records: those that fulfil every member given. */
export interface ReviewQuery {
  /** of the record itself */
  readonly id?: string;
  /** decided on this entry: by its hash, or by its id (and source, if given) */
  readonly entry?: Hash | { readonly id: string; readonly source?: string };
  readonly list?: string;
  /** written at this time or later, in ISO 8601: `2026-11-01` or a full time */
  readonly from?: string;
  /** written before this time */
  readonly before?: string;
}

/**
 * Test of whether a record matches a query.
 * @returns a function for one record after another
 * @throws {TypeError | RangeError} if `query` is invalid
 */
export function reviewTest(query: ReviewQuery = {}): (record: ReviewRecord) => boolean {
  checkOptions(query, 'a query to be an object');
  const known = ['id', 'entry', 'list', 'from', 'before'];
  // A misspelt member would select all records, and erase them.
  if (Object.keys(query).some((name) => !known.includes(name))) {
    wrongKind('id, entry, list, from or before in a query');
  }
  const { id, entry, list, from, before } = query;
  if (id !== undefined) checkName('id', id);
  if (list !== undefined) checkName('list', list);
  const least = timeOf('from', from) ?? Number.NEGATIVE_INFINITY;
  const limit = timeOf('before', before) ?? Number.POSITIVE_INFINITY;
  const isOn = entry === undefined ? () => true : entryTest(entry);
  return (record) => {
    const time = Date.parse(record.time);
    return (
      (id === undefined || record.id === id) &&
      (list === undefined || record.list === list) &&
      time >= least &&
      time < limit &&
      isOn(record)
    );
  };
}

/**
 * Like `reviewTest`, for erasing.
 * @throws {TypeError | RangeError} if `query` is invalid, or empty: it would select all records
 */
export function erasureTest(query: ReviewQuery): (record: ReviewRecord) => boolean {
  checkOptions(query, 'a query to be an object');
  if (Object.values(query).every((value) => value === undefined)) {
    wrongKind('a query with id, entry, list, from or before');
  }
  return reviewTest(query);
}

function entryTest(
  key: NonNullable<ReviewQuery['entry']>,
): (record: Pick<ReviewRecord, 'entry'>) => boolean {
  checkObject(key, 'entry to be a hash or { id, source }');
  if ('id' in key) {
    const { id, source } = key;
    checkName('entry.id', id);
    if (source !== undefined) checkName('entry.source', source);
    return ({ entry }) => entry?.id === id && (source === undefined || entry.source === source);
  }
  bitsOf(key);
  const hex = hashToHex(key);
  return ({ entry }) => entry?.algorithm === key.algorithm && entry.hash === hex;
}

function timeOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const isTime = typeof text === 'string' && /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text);
  const time = isTime ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) wrongKind(`${name} to be a time in ISO 8601 and UTC`);
  return time;
}
