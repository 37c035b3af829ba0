import type { Opinion } from '../entry.js';
import { hashFrom } from './list-fields.js';
import { type ListUpdate, updateOf } from './list-update.js';
import type { NcmecList } from './ncmec-lists.js';
import type { ReportProblem, UnknownWords } from './service-json.js';
import { childOf, type XmlElement } from './xml.js';

/** A fingerprint of an entry, or a link to one that is too large for the list. */
export interface NcmecFingerprint {
  /** the element's name: `md5`, `sha1`, `pdna`, `pdq`, `tmk-pdqf` … */
  readonly type: string;
  /** the hash as it was written, or the link */
  readonly value: string;
  /** whether `value` is a link, relative to the list's base URL */
  readonly isLink?: boolean;
}

/** What one member said of one fingerprint of an entry. */
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

/** An entry of a list of NCMEC, or the notice that it was deleted. */
export interface NcmecEntry {
  /** `image` or `video` */
  readonly kind: string;
  readonly isDeleted: boolean;
  /** the member that listed it. Together with `id`, this names the entry */
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
const HEX_TYPES = ['md5', 'sha1', 'pdq'];
const TYPES = [
  ...HEX_TYPES,
  ...['pdna', 'netclean', 'videntifier', 'tmk-pdqf', 'ssvh-pdna', 'ssvh-safer-hash'],
];
const PARTS = ['member', 'timestamp', 'id', 'classification', 'fingerprints', 'feedback'];
const FEEDBACK = ['affirmativeFeedback', 'negativeFeedback'];

/**
 * The entry that `element` holds; `undefined`, and a problem, if it does not say which entry it is.
 * A part that cannot be read is a problem too, and the entry is kept.
 */
export function ncmecEntryFrom(
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
  // The two are joined by a slash to one key.
  if (!memberId || memberId.includes('/') || !id) {
    report('bad-record', 'expected an entry with the id of its member and its own');
    return undefined;
  }
  const timestamp = childOf(element, 'timestamp')?.text;
  if (timestamp === undefined || Number.isNaN(Date.parse(timestamp))) {
    report('bad-record', 'expected a timestamp: left out, the entry is kept');
  }
  const classification = childOf(element, 'classification')?.text;
  if (classification) unknown.word('classification', classification, CLASSES);
  return {
    kind,
    isDeleted,
    memberId,
    ...(member!.text && { memberName: member!.text }),
    id,
    ...(timestamp && !Number.isNaN(Date.parse(timestamp)) && { timestamp }),
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
    report('bad-record', 'expected a fingerprint or a link to it: left out, the entry is kept');
    return [];
  });
}

function votesOf(feedback: XmlElement | undefined, unknown: UnknownWords): NcmecVote[] {
  return (feedback?.children ?? []).flatMap((vote) => {
    unknown.members({ [vote.name]: true }, FEEDBACK, 'feedback.');
    if (!FEEDBACK.includes(vote.name)) return [];
    const isAffirmative = vote.name === 'affirmativeFeedback';
    const type = vote.attributes.get('type') ?? '';
    // The members of an affirmative vote stand below it, those of a negative one below its reasons.
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

/** What `entry` says of the list. Its PDQ hashes are entries unless it is a video. */
export function ncmecUpdate(
  entry: NcmecEntry,
  { source, labels }: Pick<NcmecList, 'source' | 'labels'>,
  report: ReportProblem,
): ListUpdate {
  const { kind, isDeleted, memberId, id, timestamp, classification, fingerprints } = entry;
  const hashes = fingerprints
    .filter((one) => kind !== 'video' && one.type === 'pdq' && !one.isLink)
    .flatMap(({ value }) => {
      const hash = hashFrom('pdq', value);
      if (hash) return [hash];
      report('bad-hash', 'expected the hex digits of a hash of pdq: the record is kept');
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
