import {
  checkInteger,
  checkKnown,
  checkNumber,
  checkObject,
  checkTypeOf,
  wrongKind,
  wrongRange,
} from './door.js';
import {
  type Algorithm,
  bitsOf,
  checkParts,
  checkResample,
  type Decoding,
  type Hash,
  hashFromHex,
  hashToHex,
  hexOf,
  type Resample,
} from './hash.js';

/** The longest video of a list: 31 years. */
export const MAX_SECONDS = 1e9;

/** Another party's statement about an entry. */
export interface Opinion {
  /** the participant, by the name or number that the source gives */
  readonly from: string;
  /** the statement, in the source's own word: `Blocked`, `affirmative`, `DISAGREE_WITH_TAGS` */
  readonly says: string;
  /** the participant's tags or reasons, if any */
  readonly tags?: readonly string[];
}

/** One entry of a blocklist: a listed hash and the lister's statements about it. */
export interface BlocklistEntry {
  readonly hash: Hash;
  /** the reasons for listing it, in the lister's words; often empty */
  readonly labels: readonly string[];
  /** an integer 0…100, if the list has it (PDQ) */
  readonly quality?: number;
  /** the lister: a programme, a feed or a file */
  readonly source?: string;
  /** the source's own identifier of the entry */
  readonly id?: string;
  /** the size convention of a PDQ hash, if the list has it */
  readonly resample?: Resample;
  /**
   * the part or form of the picture that was hashed, by the name of the variant: `window1x1` …
   * Absent: the picture itself, or unknown
   */
  readonly variant?: string;
  /**
   * the picture of which this is a part or form: the lower-case hex of that picture's own hash, of
   * this algorithm and width. A withdrawal of the picture by its hash removes all entries that name
   * it. Absent: the picture itself, or unknown
   */
  readonly group?: string;
  /**
   * the PDQ hashes of six parts of the picture, end to end in lower-case hex: its quarters by rows,
   * its centre and its middle band; `01` after them if it is a page, a screenshot or framed. With
   * them, an upload near the entry is compared part by part. Absent: unknown
   */
  readonly parts?: string;
  /**
   * seconds from the start of the video, if the entry is one of its frames. All of them name one
   * group. A withdrawal by that group, or by the hash of any frame, removes them all
   */
  readonly seconds?: number;
  /** whether this frame alone is reason for a match; absent or false: only for a review */
  readonly still?: boolean;
  /**
   * the name of its list, up to 200 characters; absent or `''`: the unnamed one, which is the
   * platform's own
   */
  readonly list?: string;
  /** number of cases or reports that name it, if the source counts them */
  readonly caseCount?: number;
  /** statements of others about it */
  readonly opinions?: readonly Opinion[];
  /**
   * whether the keepers of its list have reviewed it; absent: unknown. On an own list the keeper is
   * the platform itself: set it for no one else
   */
  readonly confirmed?: boolean;
}

/** The data of an entry besides its hash. */
export type Said = Omit<BlocklistEntry, 'hash'>;

/** Definition of a member of an entry, except its hash. */
export interface Field<Value = unknown> {
  /** the database column for it, and its type there */
  readonly sql: readonly [name: string, type: string];
  /** whether a table keeps it in a note that entries share, not in a column */
  readonly isShared: boolean;
  /** @throws {TypeError | RangeError} unless `value` can be this member of an entry of `hash` */
  check(value: unknown, hash: Hash): void;
  /** a new copy, without unknown members; absent: the value is immutable */
  readonly copy?: (value: Value) => Value;
}

const text = (name: string, isShared: boolean): Field<string> => ({
  sql: [name, 'text'],
  isShared,
  check: (value) => checkTypeOf(name, value, 'string'),
});

/**
 * The members of an entry, in the order in which they are written. Checks, copies, equality, notes,
 * JSON and the columns of a database follow from this table: a member added here is known
 * everywhere.
 */
export const FIELDS: {
  readonly [Name in keyof Said]-?: Field<NonNullable<Said[Name]>>;
} = {
  labels: {
    sql: ['labels', 'json'],
    isShared: true,
    check: (value) => checkLabels(value as readonly string[]),
    copy: (labels) => labels.slice(),
  },
  quality: {
    sql: ['quality', 'smallint'],
    isShared: false,
    check: (value) => checkInteger('quality', value, 0, 100),
  },
  source: /* @__PURE__ */ text('source', true),
  id: /* @__PURE__ */ text('id', false),
  resample: {
    sql: ['resample', 'text'],
    isShared: true,
    check: (value) => checkResample('resample', value as Resample),
  },
  variant: /* @__PURE__ */ text('variant', true),
  group: {
    sql: ['group_hash', 'bytea'],
    isShared: false,
    check: (value, hash) => checkGroup(value as string, hash),
  },
  parts: {
    sql: ['parts', 'bytea'],
    isShared: false,
    check: (value, hash) => checkParts(value as string, hash),
  },
  seconds: {
    sql: ['seconds', 'double precision'],
    isShared: true,
    check: (value, hash) => checkSeconds(value as number, hash),
  },
  still: {
    sql: ['still', 'boolean'],
    isShared: true,
    check: (value) => checkTypeOf('still', value, 'boolean'),
  },
  list: {
    sql: ['list', 'text'],
    isShared: true,
    check: (value) => checkListName(value as string),
  },
  caseCount: {
    sql: ['case_count', 'bigint'],
    isShared: true,
    check: (value) => checkInteger('caseCount', value, 0),
  },
  opinions: {
    sql: ['opinions', 'json'],
    isShared: true,
    check: (value) => checkOpinions(value as readonly Opinion[]),
    copy: copyOfOpinions,
  },
  confirmed: {
    sql: ['confirmed', 'boolean'],
    isShared: true,
    check: (value) => checkTypeOf('confirmed', value, 'boolean'),
  },
};

export type FieldName = keyof typeof FIELDS;

export const FIELD_NAMES: readonly FieldName[] = /* @__PURE__ */ namesOf(() => true);
/** The members and their checks: looking them up again takes a third of adding an entry. */
const CHECKED = /* @__PURE__ */ Object.entries(FIELDS) as [FieldName, Field][];
/** The members that entries share in notes. */
export const SHARED_NAMES: readonly FieldName[] = /* @__PURE__ */ namesOf(
  (name) => FIELDS[name].isShared,
);

function namesOf(isMeant: (name: FieldName) => boolean): FieldName[] {
  return (Object.keys(FIELDS) as FieldName[]).filter(isMeant);
}

/** @throws {TypeError | RangeError} if `entry` is invalid, or its hash is a draft */
export function checkEntry(entry: BlocklistEntry): void {
  checkObject(entry, 'an entry: { hash, labels }');
  checkNoDraft(entry);
  const { hash } = entry;
  bitsOf(hash);
  for (const [name, { check }] of CHECKED) {
    const value = entry[name];
    if (value !== undefined || name === 'labels') check(value, hash);
  }
}

/** A new copy of some members, if present, without any others. */
export function copyOfSaid(said: Partial<Said>, names = FIELD_NAMES): Said {
  const copy: Partial<Record<FieldName, unknown>> = {};
  for (const name of names) {
    const value = said[name];
    if (value === undefined) continue;
    const { copy: copied } = FIELDS[name] as Field;
    copy[name] = copied ? copied(value) : value;
  }
  return copy as Said;
}

/** The data of an entry as text: equal data gives equal text. */
export function textOfSaid(said: Partial<Said>, names = FIELD_NAMES): string {
  return JSON.stringify(copyOfSaid(said, names));
}

/** An entry as text: equal entries give equal text. */
export const textOfEntry = (entry: BlocklistEntry): string =>
  `${entry.hash.algorithm} ${hashToHex(entry.hash)} ${textOfSaid(entry)}`;

/** True if two entries are equal: of one hash, and with the same members. */
export const isSameEntry = (a: BlocklistEntry, b: BlocklistEntry): boolean =>
  a.hash.algorithm === b.hash.algorithm &&
  hashToHex(a.hash) === hashToHex(b.hash) &&
  textOfSaid(a) === textOfSaid(b);

/** An entry as JSON: its hash, and its members unchanged. */
export interface EntryJSON extends Said {
  readonly algorithm: Algorithm;
  readonly hash: string;
}

/** An entry as JSON, without unknown members. */
export const entryToJSON = (entry: BlocklistEntry): EntryJSON => ({
  algorithm: entry.hash.algorithm,
  hash: hashToHex(entry.hash),
  ...copyOfSaid(entry),
});

/**
 * Reads an entry that `entryToJSON` wrote.
 * @throws {TypeError | RangeError} if it is malformed, or has an unknown member: one of a later
 *   version would be lost
 */
export function entryFromJSON(json: unknown): BlocklistEntry {
  checkObject(json, 'an entry as JSON');
  const { algorithm, hash, ...said } = json as EntryJSON;
  checkKnown(said, FIELD_NAMES);
  const entry = { hash: hashFromHex(algorithm, hash), ...said };
  checkEntry(entry);
  return entry;
}

/** Key of the number that a store gave an entry on its way into a list. */
export const NUMBER: unique symbol = /* @__PURE__ */ Symbol('number');

export interface NumberedEntry extends BlocklistEntry {
  readonly [NUMBER]?: number;
}

const numbers = /* @__PURE__ */ new WeakMap<BlocklistEntry, number>();

/** Notes the store's number of an entry that a search found. */
export function noteNumber(entry: BlocklistEntry, number: number): void {
  numbers.set(entry, number);
}

/**
 * The store's number of a match's entry, from when the list was searched; undefined if the list
 * does not follow a store.
 * @param entry the very object in the match, not a copy
 */
export const numberOf = (entry: BlocklistEntry): number | undefined => numbers.get(entry);

/** The data that a decision about an entry depends on. */
export interface EntryFacts {
  readonly hash: Hash;
  readonly quality?: number | undefined;
  /** as in an entry, or their bytes */
  readonly parts?: string | Uint8Array | undefined;
  readonly seconds?: number | undefined;
  readonly still?: boolean | undefined;
  readonly list?: string | undefined;
  readonly confirmed?: boolean | undefined;
}

/** @throws {TypeError | RangeError} unless `group` is the hex of a hash of this kind */
export function checkGroup(group: string, { bytes }: Hash): void {
  if (typeof group !== 'string') wrongKind('group to be a string');
  if (group.length !== 2 * bytes.length || !/^[\da-f]+$/.test(group)) {
    wrongRange("group to be the lower-case hex digits of a picture's hash");
  }
}

/**
 * The group of the entries of a video: a number of 256 bits that follows from the hashes of its
 * frames, in order. It is FNV-1a in eight lanes of 32 bits, each over one word of each hash, so two
 * lists that have the same frames name the same group. It is a name, and proves nothing.
 * @param hashes of 256 bits
 * @returns lower-case hex
 */
export function groupOfFrames(hashes: Iterable<Hash>): string {
  const lanes = new Uint32Array(8).fill(0x811c9dc5);
  for (const { bytes } of hashes) {
    const { buffer, byteOffset } = bytes;
    const words = new DataView(buffer, byteOffset, 32);
    for (let lane = 0; lane < 8; lane++) {
      lanes[lane] = Math.imul(lanes[lane]! ^ words.getUint32(4 * lane), 0x01000193);
    }
  }
  const group = new DataView(new ArrayBuffer(32));
  for (let lane = 0; lane < 8; lane++) group.setUint32(4 * lane, lanes[lane]!);
  return hexOf(new Uint8Array(group.buffer));
}

/** @throws {TypeError | RangeError} unless they are the seconds of a frame, whose hash is of PDQ */
function checkSeconds(seconds: number, { algorithm }: Hash): void {
  if (algorithm !== 'pdq') wrongKind('seconds of a hash of pdq alone');
  checkNumber('seconds', seconds, 0, MAX_SECONDS);
}

/** Longest name of a list: a log of decisions holds no longer one. */
const MAX_LIST_NAME = 200;

/** @throws {TypeError | RangeError} unless `name` can be the name of a list */
export function checkListName(name: string): void {
  if (typeof name !== 'string') wrongKind('the name of a list to be a string');
  if (name.length > MAX_LIST_NAME) {
    wrongRange(`the name of a list to have up to ${MAX_LIST_NAME} characters`);
  }
}

/** @throws {TypeError} unless `opinions` is a list of opinions */
function checkOpinions(opinions: readonly Opinion[]): void {
  if (!(Array.isArray(opinions) && opinions.every(isOpinion))) {
    wrongKind('opinions to be a list of { from, says }');
  }
}

export function isOpinion(value: unknown): value is Opinion {
  const { from, says, tags = [] } = Object(value) as Partial<Opinion>;
  return (
    typeof from === 'string' &&
    typeof says === 'string' &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === 'string')
  );
}

/** New copies, without unknown members. */
export function copyOfOpinions(opinions: readonly Opinion[]): Opinion[] {
  return opinions.map(({ from, says, tags }) => ({ from, says, ...(tags && { tags: [...tags] }) }));
}

/**
 * @param hashed as `hash` returns it, perhaps with labels
 * @throws {TypeError} if it comes from a picture that was decoded in part
 */
export function checkNoDraft(hashed: { hash?: Hash; decoding?: Decoding }): void {
  if (hashed.hash?.decoding === 'draft' || hashed.decoding === 'draft') {
    wrongKind("a hash of the full picture: one of decoding 'draft' is only for matching");
  }
}

/** @throws {TypeError} unless `labels` is a list of strings */
export function checkLabels(labels: readonly string[]): void {
  if (!(Array.isArray(labels) && labels.every((label) => typeof label === 'string'))) {
    wrongKind('labels to be a list of strings');
  }
}

/** The name of a list; that of the unnamed one is empty. */
export const listOf = ({ list = '' }: Pick<EntryFacts, 'list'>): string => list;

/** An entry in the form of a list's entries: on the unnamed list, it names none. */
export function onList(entry: BlocklistEntry, list: string): BlocklistEntry {
  const { list: _, ...others } = entry;
  return list === '' ? others : { ...others, list };
}
