import {
  checkInteger,
  checkKnown,
  checkObject,
  checkTypeOf,
  wrongKind,
  wrongRange,
} from './door.js';
import {
  type Algorithm,
  bitsOf,
  checkResample,
  type Decoding,
  type Hash,
  hashFromHex,
  hashToHex,
  type Resample,
} from './hash.js';

/** What somebody else said about an entry. */
export interface Opinion {
  /** who: a participant, by the name or number that the source gives */
  readonly from: string;
  /** what, in the source's own word: `Blocked`, `affirmative`, `DISAGREE_WITH_TAGS` */
  readonly says: string;
  /** the participant's tags or reasons, if any */
  readonly tags?: readonly string[];
}

/** One entry of a blocklist: a listed hash and what the lister said about it. */
export interface BlocklistEntry {
  readonly hash: Hash;
  /** why it is listed, in the lister's words; often empty */
  readonly labels: readonly string[];
  /** an integer 0…100, if the list has it (PDQ) */
  readonly quality?: number;
  /** who listed it: a programme, an exchange or a file */
  readonly source?: string;
  /** the source's own identifier of the entry */
  readonly id?: string;
  /** the size convention of a PDQ hash, if the list has it */
  readonly resample?: Resample;
  /**
   * which part or form of the picture was hashed, by the name of the variant: `window1x1` … Absent:
   * the picture itself, or not known
   */
  readonly variant?: string;
  /**
   * the picture of which this is a part or form: the lower-case hex of that picture's own hash, of
   * this algorithm and width. A withdrawal of the picture by its hash takes all that names it.
   * Absent: the picture itself, or not known
   */
  readonly group?: string;
  /**
   * the name of its list, up to 200 characters; absent or `''`: the unnamed one, which is the
   * platform's own
   */
  readonly list?: string;
  /** how many cases or reports name it, if the source counts them */
  readonly caseCount?: number;
  /** what others said about it */
  readonly opinions?: readonly Opinion[];
  /**
   * whether those who keep its list have looked at it; absent: not told. On an own list that is the
   * platform itself: set it for nobody else
   */
  readonly confirmed?: boolean;
}

/** What an entry says of its hash. */
export type Said = Omit<BlocklistEntry, 'hash'>;

/** All that there is to know about a member of an entry beside its hash. */
export interface Field<Value = unknown> {
  /** the column of a database that keeps it, and its type there */
  readonly sql: readonly [name: string, type: string];
  /** whether a table keeps it in a note that entries share, not in a column of its own */
  readonly isShared: boolean;
  /** @throws {TypeError | RangeError} unless `value` can be this member of an entry of `hash` */
  check(value: unknown, hash: Hash): void;
  /** a fresh copy, without what does not belong to it; absent: the value cannot be changed */
  readonly copy?: (value: Value) => Value;
}

const text = (name: string, isShared: boolean): Field<string> => ({
  sql: [name, 'text'],
  isShared,
  check: (value) => checkTypeOf(name, value, 'string'),
});

/**
 * The members of an entry, in the order in which they are written. Checks, copies, equality, notes,
 * JSON and the columns of a database follow from this table: what is added here is everywhere.
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
/** The members and their checks: to look for them anew takes a third of adding an entry. */
const CHECKED = /* @__PURE__ */ Object.entries(FIELDS) as [FieldName, Field][];
/** Those that entries share in notes. */
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

/** A fresh copy of some members, those that are there, without any other. */
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

/** What an entry says, as text: equal texts are equal. */
export function textOfSaid(said: Partial<Said>, names = FIELD_NAMES): string {
  return JSON.stringify(copyOfSaid(said, names));
}

/** An entry as text: equal texts are the same entries. */
export const textOfEntry = (entry: BlocklistEntry): string =>
  `${entry.hash.algorithm} ${hashToHex(entry.hash)} ${textOfSaid(entry)}`;

/** Whether two entries are the same: of one hash, and with the same members. */
export const isSameEntry = (a: BlocklistEntry, b: BlocklistEntry): boolean =>
  a.hash.algorithm === b.hash.algorithm &&
  hashToHex(a.hash) === hashToHex(b.hash) &&
  textOfSaid(a) === textOfSaid(b);

/** An entry as JSON: its hash, and its members as they are. */
export interface EntryJSON extends Said {
  readonly algorithm: Algorithm;
  readonly hash: string;
}

/** An entry as JSON, without any member that entries do not have. */
export const entryToJSON = (entry: BlocklistEntry): EntryJSON => ({
  algorithm: entry.hash.algorithm,
  hash: hashToHex(entry.hash),
  ...copyOfSaid(entry),
});

/**
 * An entry of what `entryToJSON` gave.
 * @throws {TypeError | RangeError} if it is malformed, or has a member that entries do not have:
 *   one of a later version would be lost
 */
export function entryFromJSON(json: unknown): BlocklistEntry {
  checkObject(json, 'an entry as JSON');
  const { algorithm, hash, ...said } = json as EntryJSON;
  checkKnown(said, FIELD_NAMES);
  const entry = { hash: hashFromHex(algorithm, hash), ...said };
  checkEntry(entry);
  return entry;
}

/** Under this key, an entry on its way into a list has the number by which a store calls it. */
export const NUMBER: unique symbol = /* @__PURE__ */ Symbol('number');

export interface NumberedEntry extends BlocklistEntry {
  readonly [NUMBER]?: number;
}

const numbers = /* @__PURE__ */ new WeakMap<BlocklistEntry, number>();

/** Notes the number by which the store calls an entry that a search found. */
export function noteNumber(entry: BlocklistEntry, number: number): void {
  numbers.set(entry, number);
}

/**
 * The number by which the store calls the entry of a match, as it was when the list was searched;
 * undefined if the list does not follow a store.
 * @param entry the very object that the match has, and no copy
 */
export const numberOf = (entry: BlocklistEntry): number | undefined => numbers.get(entry);

/** What a decision about an entry depends on. */
export interface EntryFacts {
  readonly hash: Hash;
  readonly quality?: number | undefined;
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

/** Of the name of a list: a log of decisions holds no longer one. */
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

/** Fresh copies, without members that an opinion does not have. */
export function copyOfOpinions(opinions: readonly Opinion[]): Opinion[] {
  return opinions.map(({ from, says, tags }) => ({ from, says, ...(tags && { tags: [...tags] }) }));
}

/**
 * @param hashed as `hash` gives it, perhaps with labels
 * @throws {TypeError} if it comes of a picture that was decoded in part
 */
export function checkNoDraft(hashed: { hash?: Hash; decoding?: Decoding }): void {
  if (hashed.hash?.decoding === 'draft' || hashed.decoding === 'draft') {
    wrongKind("a hash of the full picture: one of decoding 'draft' is for matching alone");
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

/** An entry as it is on a list: one of the unnamed list names none. */
export function onList(entry: BlocklistEntry, list: string): BlocklistEntry {
  const { list: _, ...others } = entry;
  return list === '' ? others : { ...others, list };
}
