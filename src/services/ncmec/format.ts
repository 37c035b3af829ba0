/*
 * The lists of NCMEC, and the XML of its hash sharing API, version 2: pages of entries, votes, and
 * their reasons.
 */

import { checkOneOf, wrongKind, wrongRange } from '../../door.js';
import type { Opinion } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { type Algorithm, hashFrom, isAlgorithm, isDigest } from '../../hash.js';
import type { UnknownWord } from '../../policy.js';
import {
  problemsOf,
  type ReadUpdatesOptions,
  type ReportProblem,
  UnknownWords,
} from '../../text/json.js';
import { childOf, readElements, rootElement, type XmlElement, xmlText } from '../../text/xml.js';
import { type ListUpdate, updateOf } from '../list-update.js';

/** One of NCMEC's hash-sharing lists: its address, and the source and labels of its entries. */
export interface NcmecList {
  /** the base URL; the calls are below its `/v2` */
  readonly baseUrl: string;
  /** the `source` of its updates and entries */
  readonly source: string;
  /** labels that each of its entries gets besides its classification */
  readonly labels: readonly string[];
}

const BASE_URLS = {
  industry: 'https://report.cybertip.org/hashsharing',
  industryExploitative: 'https://report.cybertip.org/exploitative-hashsharing',
  lawEnforcement: 'https://lesp.ncmec.org/csam-hashsharing',
  npo: 'https://hashsharing.ncmec.org/npo',
  npoExploitative: 'https://hashsharing.ncmec.org/exploitative',
  generativeAiCsam: 'https://hashsharing.ncmec.org/generative-ai-csam',
  generativeAiExploitative: 'https://hashsharing.ncmec.org/generative-ai-exploitative',
  industryTest: 'https://exttest.cybertip.org/hashsharing',
  industryExploitativeTest: 'https://exttest.cybertip.org/exploitative-hashsharing',
  lawEnforcementTest: 'https://betalesp.ncmec.org/csam-hashsharing',
  npoTest: 'https://hashsharing-test.ncmec.org/npo',
  npoExploitativeTest: 'https://hashsharing-test.ncmec.org/exploitative',
  generativeAiCsamTest: 'https://hashsharing-test.ncmec.org/generative-ai-csam',
  generativeAiExploitativeTest: 'https://hashsharing-test.ncmec.org/generative-ai-exploitative',
};

/** Name of one of NCMEC's lists, which NCMEC calls environments. */
export type NcmecEnvironment = keyof typeof BASE_URLS;

/** Labels that the name of a list gives its entries. */
const TOLD_BY_NAME = ['exploitative', 'generative-ai'];

/**
 * The lists of NCMEC, each behind its own base URL and credentials. Generative AI has separate
 * lists, whose entries keep that label. Names that end in `Test` are for integration and hold no
 * real hashes. The source is the name in lower case: `ncmec/generative-ai-csam-test`. Source:
 * NCMEC, Hash Sharing API v2.
 */
export const NCMEC_LISTS = Object.fromEntries(
  Object.entries(BASE_URLS).map(([name, baseUrl]): [string, NcmecList] => {
    const source = `ncmec/${name.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;
    const labels = TOLD_BY_NAME.filter((word) => source.includes(word));
    return [name, { baseUrl, source, labels }];
  }),
) as Readonly<Record<NcmecEnvironment, NcmecList>>;

export const NCMEC_ENVIRONMENTS = /* @__PURE__ */ Object.keys(BASE_URLS);

/** @throws {RangeError} if there is no such list, with the names that exist */
export function ncmecListNamed(name: NcmecEnvironment): NcmecList {
  checkOneOf('environment', name, NCMEC_ENVIRONMENTS);
  return NCMEC_LISTS[name];
}

/** A page of a list of NCMEC. */
export interface NcmecReply {
  /** in NCMEC's order, which is not that of time */
  readonly entries: readonly NcmecEntry[];
  /** the same, as updates for a blocklist */
  readonly updates: readonly ListUpdate[];
  readonly unknown: readonly UnknownWord[];
  /** the link to the next page, relative to the base URL; absent on the last one */
  readonly next?: string;
}

const GROUPS = ['images', 'videos', 'paging'];

/**
 * A page of `GET /v2/entries`. An entry without ids is a problem, and the others are read; a
 * malformed hash or timestamp is a problem too, and its entry is kept.
 * @throws {FormatError} `bad-xml` if it is not XML, or has a document type; `bad-reply` if it is
 * another document; the first problem, if there is no `onProblem`
 * @throws {DecodeError} `decoder-missing` if the optional package `saxes` is not installed
 */
export async function ncmecReply(
  text: string,
  list: Pick<NcmecList, 'source' | 'labels'>,
  options: ReadUpdatesOptions,
): Promise<NcmecReply> {
  const unknown = new UnknownWords();
  const entries: NcmecEntry[] = [];
  const updates: ListUpdate[] = [];
  let next: string | undefined;
  let record = 0;
  let hasGroup = false;
  const begins = (name: string, depth: number): boolean => {
    if (depth === 0 && name !== 'queryResult') {
      throw new FormatError('bad-reply', 'expected a query result of NCMEC');
    }
    if (depth === 1) {
      unknown.members({ [name]: true }, GROUPS);
      hasGroup = true;
    }
    return depth === 2 || (depth === 1 && name === 'paging');
  };
  await readElements(text, begins, (element, depth) => {
    // The paging is beside the groups, and entries are below them.
    if (depth === 1) {
      next = linkIn(element);
      return;
    }
    const report = problemsOf(options, ++record);
    if (element === 'too-large') {
      report('bad-record', 'expected an entry of fewer elements');
      return;
    }
    const entry = entryFrom(element, unknown, report);
    if (entry === undefined) return;
    entries.push(entry);
    updates.push(updateFrom(entry, list, report));
  });
  if (!hasGroup) {
    throw new FormatError('bad-reply', 'expected groups of entries, even if empty');
  }
  return { entries, updates, unknown: unknown.list(), ...(next && { next }) };
}

/** The link to the next page. A page with a malformed link must not look like the last one. */
function linkIn(paging: XmlElement | 'too-large'): string | undefined {
  const next = paging === 'too-large' ? undefined : childOf(paging, 'next');
  if (paging === 'too-large' || (next && next.text === undefined)) {
    throw new FormatError('bad-reply', 'expected a link to the next page');
  }
  return next?.text;
}

/** A fingerprint of an entry, or a link to one that is too large for the list. */
export interface NcmecFingerprint {
  /** the element's name: `md5`, `sha1`, `pdna`, `pdq`, `tmk-pdqf` … */
  readonly type: string;
  /** the hash as NCMEC wrote it, or the link */
  readonly value: string;
  /** whether `value` is a link, relative to the list's base URL */
  readonly isLink?: boolean;
}

/** One member's vote on one fingerprint of an entry. */
export interface NcmecVote {
  readonly isAffirmative: boolean;
  /** the type of fingerprint, as NCMEC writes it: `Md5`, `Pdq` … */
  readonly type: string;
  readonly memberId: string;
  /** the name of the reason of a negative vote */
  readonly reason?: string;
  /** the reason's identifier */
  readonly reasonId?: string;
}

/** An entry of a list of NCMEC, or the notice of its deletion. */
export interface NcmecEntry {
  /** `image` or `video` */
  readonly kind: string;
  readonly isDeleted: boolean;
  /** the member that listed it. With `id`, it identifies the entry */
  readonly memberId: string;
  readonly memberName?: string;
  readonly id: string;
  /** of the last change, as ISO 8601 */
  readonly timestamp?: string;
  /** `A1`, `A2`, `B1` or `B2` */
  readonly classification?: string;
  readonly fingerprints: readonly NcmecFingerprint[];
  readonly votes: readonly NcmecVote[];
}

const KINDS = ['image', 'video'];
const CLASSES = ['A1', 'A2', 'B1', 'B2'];
/** The types that a blocklist can hold: NCMEC has our names for them. */
const HEX_TYPES: readonly string[] = ['md5', 'sha1', 'pdq'] satisfies Algorithm[];
const TYPES = [
  ...HEX_TYPES,
  ...['pdna', 'netclean', 'videntifier', 'tmk-pdqf', 'ssvh-pdna', 'ssvh-safer-hash'],
];
const PARTS = ['member', 'timestamp', 'id', 'classification', 'fingerprints', 'feedback'];
const FEEDBACK = ['affirmativeFeedback', 'negativeFeedback'];

/**
 * The entry of `element`; `undefined`, and a problem, if it lacks the entry's ids. An unreadable
 * part is a problem too, and the entry is kept.
 */
function entryFrom(
  element: XmlElement,
  unknown: UnknownWords,
  report: ReportProblem,
): NcmecEntry | undefined {
  const isDeleted = /^deleted./.test(element.name);
  const name = isDeleted ? element.name.slice('deleted'.length) : element.name;
  const kind = name[0]!.toLowerCase() + name.slice(1);
  unknown.word('entry', kind, KINDS);
  for (const { name } of element.children) unknown.members({ [name]: true }, PARTS);
  const member = childOf(element, 'member');
  const memberId = member?.attributes.get('id')?.trim();
  const id = childOf(element, 'id')?.text;
  // A slash joins the two to one key.
  if (!memberId || memberId.includes('/') || !id) {
    report('bad-record', 'expected an entry with its id and that of its member');
    return undefined;
  }
  const timestamp = childOf(element, 'timestamp')?.text ?? '';
  const isTime = !Number.isNaN(Date.parse(timestamp));
  if (!isTime) report('bad-record', 'expected a timestamp: ignored, the entry is kept');
  const classification = childOf(element, 'classification')?.text;
  if (classification) unknown.word('classification', classification, CLASSES);
  return {
    kind,
    isDeleted,
    memberId,
    ...(member!.text && { memberName: member!.text }),
    id,
    ...(isTime && { timestamp }),
    ...(classification && { classification }),
    fingerprints: fingerprintsOf(childOf(element, 'fingerprints'), unknown, report),
    votes: votesOf(childOf(element, 'feedback'), unknown),
  };
}

function fingerprintsOf(
  list: XmlElement | undefined,
  unknown: UnknownWords,
  report: ReportProblem,
): NcmecFingerprint[] {
  return (list?.children ?? []).flatMap(({ name, text, attributes }): NcmecFingerprint[] => {
    unknown.members({ [name]: true }, TYPES, 'fingerprints.');
    const link = attributes.get('href');
    if (text) return [{ type: name, value: HEX_TYPES.includes(name) ? text.toLowerCase() : text }];
    if (link) return [{ type: name, value: link, isLink: true }];
    report('bad-record', 'expected a fingerprint or a link to it: ignored, the entry is kept');
    return [];
  });
}

function votesOf(feedback: XmlElement | undefined, unknown: UnknownWords): NcmecVote[] {
  return (feedback?.children ?? []).flatMap((vote) => {
    unknown.members({ [vote.name]: true }, FEEDBACK, 'feedback.');
    if (!FEEDBACK.includes(vote.name)) return [];
    const isAffirmative = vote.name === 'affirmativeFeedback';
    const type = vote.attributes.get('type') ?? '';
    // The members of an affirmative vote are below it, those of a negative one below its reasons.
    return (isAffirmative ? [vote] : vote.children).flatMap((group) => {
      const said = childOf(group, 'reason')?.attributes;
      const reason = said?.get('name');
      const reasonId = said?.get('guid');
      return group.children
        .filter(({ name }) => name === 'members')
        .flatMap(({ children }) => children)
        .map(({ attributes }) => attributes.get('id'))
        .filter((memberId) => memberId !== undefined)
        .map((memberId) => ({
          isAffirmative,
          type,
          memberId,
          ...(reason && { reason }),
          ...(reasonId && { reasonId }),
        }));
    });
  });
}

/** The list update of `entry`. Its digests are entries, and its PDQ hashes unless it is a video. */
function updateFrom(
  entry: NcmecEntry,
  { source, labels }: Pick<NcmecList, 'source' | 'labels'>,
  report: ReportProblem,
): ListUpdate {
  const { kind, isDeleted, memberId, id, timestamp, classification, fingerprints } = entry;
  const hashes = fingerprints.flatMap(({ type, value, isLink }) => {
    if (isLink || !isAlgorithm(type) || !HEX_TYPES.includes(type)) return [];
    if (kind === 'video' && !isDigest(type)) return [];
    const hash = hashFrom(type, value);
    if (hash) return [hash];
    report('bad-hash', `expected the hex digits of a hash of ${type}: the record is kept`);
    return [];
  });
  return updateOf(
    {
      key: `${memberId}/${id}`,
      source,
      state: isDeleted ? 'deleted' : 'active',
      signals: fingerprints.map(({ type, value }) => ({ type, value })),
      ...(timestamp && { changedSeconds: Date.parse(timestamp) / 1000 }),
      ...(entry.votes.length > 0 && { opinions: entry.votes.map(opinionOf) }),
    },
    hashes,
    [...(classification ? [classification] : []), ...labels],
  );
}

function opinionOf({ isAffirmative, type, memberId, reason }: NcmecVote): Opinion {
  const tags = reason === undefined ? [type] : [type, reason];
  return { from: memberId, says: isAffirmative ? 'affirmative' : 'negative', tags };
}

const NAMESPACE = 'https://hashsharing.ncmec.org/hashsharing/v2';

/** A member's vote on one fingerprint of an entry: it is rightly listed, or why not. */
export interface NcmecFeedback {
  readonly says: 'affirmative' | 'negative';
  /** the identifiers of the reasons for a negative vote, from `feedbackReasons` */
  readonly reasonIds?: readonly string[];
}

/** A reason that a negative vote can have. */
export interface NcmecReason {
  readonly id: string;
  readonly name: string;
  /** the type of fingerprint, as NCMEC writes it */
  readonly type: string;
}

/**
 * Writes the body of a vote, as `PUT /v2/entries/…/feedback` takes it.
 * @throws {TypeError | RangeError} if `feedback` is invalid: a negative vote needs reasons
 */
export function writeNcmecFeedback(feedback: NcmecFeedback): string {
  const { says, reasonIds = [] } = feedback;
  checkOneOf('says', says, ['affirmative', 'negative']);
  if (!(Array.isArray(reasonIds) && reasonIds.every((id) => typeof id === 'string'))) {
    wrongKind('reasonIds to be a list of texts');
  }
  if (says === 'negative' ? reasonIds.length === 0 : reasonIds.length > 0) {
    wrongRange('reasonIds of a negative vote, and of no other');
  }
  const guids = reasonIds.map((id) => `<guid>${xmlText(id)}</guid>`).join('');
  const inner = says === 'affirmative' ? '' : `<reasonIds>${guids}</reasonIds>`;
  return document('feedbackSubmission', `<${says}>${inner}</${says}>`);
}

/** @throws {FormatError} if `text` is not the reply of `GET /v2/feedback/…/reasons` */
export async function ncmecReasons(text: string): Promise<NcmecReason[]> {
  const { children } = await rootElement(text, 'availableFeedbackReasons');
  return children
    .filter(({ name }) => name === 'reason')
    .map(({ attributes }) => ({
      id: attributes.get('guid') ?? '',
      name: attributes.get('name') ?? '',
      type: attributes.get('type') ?? '',
    }));
}

/** A document in NCMEC's namespace. */
export function document(root: string, inner: string): string {
  return `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<${root} xmlns="${NAMESPACE}">${inner}</${root}>\n`;
}
