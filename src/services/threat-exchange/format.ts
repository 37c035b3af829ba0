/*
 * The JSON of `threat_updates` of Meta's ThreatExchange, as facebook/ThreatExchange reads it.
 */

import type { Opinion } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { type Algorithm, hashFrom, hashToHex, hexOf } from '../../hash.js';
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

/** One participant's opinion of an indicator. */
export interface ThreatDescriptor {
  readonly id: string;
  readonly ownerId: string;
  /** `MALICIOUS`, `NON_MALICIOUS`, `SUSPICIOUS`, `UNKNOWN` or a later word */
  readonly status: string;
  readonly tags: readonly string[];
  /** reactions of others: `HELPFUL`, `DISAGREE_WITH_TAGS`, `SAW_THIS_TOO` */
  readonly reactions: readonly ThreatReaction[];
}

/** Another participant's reaction to a descriptor. */
export interface ThreatReaction {
  readonly key: string;
  readonly ownerIds: readonly string[];
}

/** An indicator as ThreatExchange lists it, or the notice that it is to be deleted. */
export interface ThreatUpdate {
  readonly id: string;
  /** the hash; in hex, in lower case, if it can be read and its type is known */
  readonly indicator: string;
  /** `HASH_PDQ`, `HASH_MD5` … */
  readonly type: string;
  /** in seconds since 1970 */
  readonly lastUpdated?: number;
  readonly shouldDelete: boolean;
  /** absent: the indicator is to be deleted, whatever `shouldDelete` says */
  readonly descriptors?: readonly ThreatDescriptor[];
}

/** One reply of `threat_updates`. */
export interface ThreatUpdatesPage {
  readonly records: readonly ThreatUpdate[];
  readonly unknown: readonly UnknownWord[];
  /** the link to the next page, without its access token */
  readonly next?: string;
}

/** The types that a blocklist can hold. */
const ALGORITHMS = /* @__PURE__ */ new Map<string, Algorithm>([
  ['HASH_PDQ', 'pdq'],
  ['HASH_MD5', 'md5'],
  ['HASH_VIDEO_MD5', 'md5'],
  ['HASH_SHA1', 'sha1'],
  ['HASH_SHA256', 'sha256'],
  ['HASH_VIDEO_SHA256', 'sha256'],
]);
const TYPES = /* @__PURE__ */ [
  ...ALGORITHMS.keys(),
  ...['HASH_TMK', 'URI', 'RAW_URI', 'DEBUG_STRING'],
];
const STATUSES = ['MALICIOUS', 'NON_MALICIOUS', 'SUSPICIOUS', 'UNKNOWN'];
const REACTIONS = ['HELPFUL', 'NOT_HELPFUL', 'DISAGREE_WITH_TAGS', 'SAW_THIS_TOO', 'OUTDATED'];
const RECORD_MEMBERS = ['id', 'indicator', 'type', 'last_updated', 'should_delete', 'descriptors'];
const DESCRIPTOR_MEMBERS = ['id', 'owner', 'status', 'tags', 'reactions'];

/**
 * A reply of `threat_updates`. A record without its id, type or indicator is a problem and is left
 * out. A descriptor without an owner is a problem and is left out of its record.
 * @throws {FormatError} `bad-reply` if it is not such a reply; without `onProblem` also
 * `bad-record` or `bad-hash`, with the `record`
 */
export function threatUpdatesPage(
  reply: JsonObject,
  options: ReadUpdatesOptions,
): ThreatUpdatesPage {
  const data = own(reply, 'data');
  if (!Array.isArray(data)) throw new FormatError('bad-reply', 'expected data to be a list');
  const words = new UnknownWords();
  words.members(reply, ['data', 'paging']);
  const records = recordsIn(data, options, (each, report) => recordFrom(each, words, report));
  const paging = own(reply, 'paging') ?? {};
  const next = isObject(paging) ? own(paging, 'next') : paging;
  // A page with an unreadable link must not pass for the last one.
  if (next !== undefined && typeof next !== 'string') {
    throw new FormatError('bad-reply', 'expected paging with next as text');
  }
  return { records, unknown: words.list(), ...(next && { next: withoutToken(next) }) };
}

/** A link of ThreatExchange without the access token, which its links carry. */
function withoutToken(link: string): string {
  const at = link.indexOf('?');
  if (at < 0) return link;
  const kept = link
    .slice(at + 1)
    .split('&')
    .filter((part) => !/^access_token(=|$)/i.test(part));
  return kept.length === 0 ? link.slice(0, at) : `${link.slice(0, at)}?${kept.join('&')}`;
}

function recordFrom(
  value: unknown,
  words: UnknownWords,
  report: ReportProblem,
): ThreatUpdate | undefined {
  const record = isObject(value) ? value : {};
  const [id, type, indicator] = ['id', 'type', 'indicator'].map((name) => textOf(record, name));
  if (!id || !type || !indicator) {
    report('bad-record', 'expected a record with its id, type and indicator');
    return undefined;
  }
  words.members(record, RECORD_MEMBERS);
  words.word('type', type, TYPES);
  const algorithm = ALGORITHMS.get(type);
  const hash = algorithm && hashIn(algorithm, indicator);
  if (algorithm && !hash) {
    report('bad-hash', `expected the hex digits of a hash of ${algorithm}: the record is kept`);
  }
  const lastUpdated = wholeNumberOf(record, 'last_updated');
  if (lastUpdated === undefined) leftOut('last_updated', report);
  const descriptors = descriptorsFrom(record, words, report);
  return {
    id,
    indicator: hash ? hashToHex(hash) : algorithm ? indicator.toLowerCase() : indicator,
    type,
    ...(lastUpdated !== undefined && { lastUpdated }),
    shouldDelete: shouldDeleteFrom(record, report),
    ...(descriptors && { descriptors }),
  };
}

/** A hash in hex, or in base64, as some members upload digests: neither has the other's length. */
function hashIn(algorithm: Algorithm, text: string) {
  const hash = hashFrom(algorithm, text);
  if (hash || !/^(?:[A-Za-z\d+/]{4})+(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)$/.test(text))
    return hash;
  return hashFrom(algorithm, hexOf(Uint8Array.from(atob(text), (one) => one.charCodeAt(0))));
}

/** True if a record is to be deleted; also as text or number, as it must not be missed. */
function shouldDeleteFrom(record: JsonObject, report: ReportProblem): boolean {
  const value = own(record, 'should_delete');
  if (typeof value === 'boolean') return value;
  if (value !== undefined) leftOut('should_delete', report);
  return /^(true|1)$/i.test(textOf(record, 'should_delete') ?? '');
}

/** The list in the `data` of a member, as in Graph's form, or the member if it is a list itself. */
function listIn(object: JsonObject, name: string): readonly unknown[] | undefined {
  const member = own(object, name);
  const list = isObject(member) ? own(member, 'data') : member;
  return Array.isArray(list) ? list : undefined;
}

function descriptorsFrom(
  record: JsonObject,
  words: UnknownWords,
  report: ReportProblem,
): ThreatDescriptor[] | undefined {
  if (own(record, 'descriptors') === undefined) return undefined;
  const list = listIn(record, 'descriptors');
  // An unreadable list is not the same as an absent one, which means deletion.
  if (list === undefined) leftOut('descriptors', report);
  // A record that we may no longer see has no descriptors at all.
  if (list?.length === 0) return undefined;
  return (list ?? []).flatMap((each): ThreatDescriptor[] => {
    const descriptor = isObject(each) ? each : {};
    const owner = own(descriptor, 'owner');
    const ownerId = isObject(owner) ? textOf(owner, 'id') : undefined;
    const id = textOf(descriptor, 'id');
    if (!ownerId || !id) {
      leftOut('the id and the owner of each descriptor', report);
      return [];
    }
    words.members(descriptor, DESCRIPTOR_MEMBERS, 'descriptors.');
    const status = textOf(descriptor, 'status') ?? 'UNKNOWN';
    words.word('descriptors.status', status, STATUSES);
    const tags = (listIn(descriptor, 'tags') ?? []).flatMap((tag) => {
      const text = isObject(tag) ? textOf(tag, 'text') : tag;
      return typeof text === 'string' && text !== '' ? [text] : [];
    });
    return [{ id, ownerId, status, tags, reactions: reactionsFrom(descriptor, words, report) }];
  });
}

function reactionsFrom(descriptor: JsonObject, words: UnknownWords, report: ReportProblem) {
  return (listIn(descriptor, 'reactions') ?? []).flatMap((each) => {
    const key = isObject(each) ? textOf(each, 'key') : undefined;
    const value = isObject(each) ? textOf(each, 'value') : undefined;
    if (!key || value === undefined) {
      leftOut('the key and the value of each reaction', report);
      return [];
    }
    words.word('descriptors.reactions', key, REACTIONS);
    const ownerIds = value.split(',').filter((id) => id !== '');
    return [{ key, ownerIds }];
  });
}

/**
 * A record as an update of a list. It is `active` if a participant calls it malicious and none
 * objects, `pending` if they disagree or have no opinion, `withdrawn` if all opinions call it
 * harmless, and `deleted` if ThreatExchange marks it or shows no descriptor.
 */
export function updateOfThreat(record: ThreatUpdate, source: string): ListUpdate {
  const { id, indicator, type, lastUpdated, descriptors = [] } = record;
  const algorithm = ALGORITHMS.get(type);
  const hash = algorithm && hashFrom(algorithm, indicator);
  const opinions: Opinion[] = descriptors.flatMap(({ ownerId, status, tags, reactions }) => [
    { from: ownerId, says: status, ...(tags.length > 0 && { tags }) },
    ...reactions.flatMap(({ key, ownerIds }) => ownerIds.map((from) => ({ from, says: key }))),
  ]);
  return updateOf(
    {
      key: id,
      source,
      state: stateOf(record),
      signals: [{ type, value: indicator }],
      ...(lastUpdated !== undefined && { changedSeconds: lastUpdated }),
      ...(opinions.length > 0 && { opinions }),
    },
    hash ? [hash] : [],
    [...new Set(descriptors.flatMap(({ tags }) => tags))],
  );
}

function stateOf({ shouldDelete, descriptors }: ThreatUpdate): UpdateState {
  if (shouldDelete || descriptors === undefined) return 'deleted';
  const says = new Map<string, boolean>();
  for (const { reactions } of descriptors) {
    for (const { key, ownerIds } of reactions) {
      for (const owner of ownerIds) {
        if (key === 'HELPFUL') says.set(owner, true);
        else if (key === 'DISAGREE_WITH_TAGS' && !says.has(owner)) says.set(owner, false);
      }
    }
  }
  // A participant's own descriptor takes precedence over its reactions to those of others.
  for (const { ownerId } of descriptors) says.delete(ownerId);
  const opinions = [...says.values()];
  for (const { status } of descriptors) {
    if (status === 'MALICIOUS') opinions.push(true);
    else if (status === 'NON_MALICIOUS') opinions.push(false);
  }
  if (opinions.length === 0) return 'pending';
  if (opinions.every((isPositive) => isPositive)) return 'active';
  const isSeed = descriptors.some(({ status }) => !/^(NON_)?MALICIOUS$/.test(status));
  return opinions.some((isPositive) => isPositive) || isSeed ? 'pending' : 'withdrawn';
}
