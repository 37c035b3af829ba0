import { createHash } from 'node:crypto';
import {
  type BlocklistEntry,
  copyOfSaid,
  FIELD_NAMES,
  FIELDS,
  type FieldName,
  listOf,
  NUMBER,
  type NumberedEntry,
  type Said,
} from '../entry.js';
import { type Algorithm, bytesOf, hashToHex, hexOf, newHash } from '../hash.js';
import type { SqlValue } from './sql/database.js';

/** An entry in a store. */
export interface StoredEntry extends BlocklistEntry {
  /** its name for other programs; an entry that was removed and comes again may have its old one */
  readonly number: number;
  /** end of its pause; absent: it is not paused */
  readonly pausedUntil?: Date | 'for-good';
  /** that of its last change */
  readonly revision: number;
}

/** Fields that identify an entry, with its list and hash. */
const OWN: readonly FieldName[] = ['source', 'id', 'variant'];

/** The columns that an entry is written to, in the order of `valuesOf`, with their types. */
export const COLUMNS: Readonly<Record<string, string>> = {
  key: 'bytea',
  algorithm: 'text',
  hash: 'bytea',
  ...Object.fromEntries(FIELD_NAMES.map((name) => FIELDS[name].sql)),
};

/** Fields that may change while the entry stays the same one. */
export const SAID: readonly string[] = FIELD_NAMES.filter(
  (name) => name !== 'list' && !OWN.includes(name),
).map((name) => FIELDS[name].sql[0]);

/** @param bytes how a column of bytes is selected */
const selected = (bytes: (column: string) => string) =>
  `number, algorithm, ${bytes('hash')}, revision, listed,
  (extract(epoch from paused_until) * 1000)::float8 as paused_ms,
  ${FIELD_NAMES.map((name) => FIELDS[name].sql)
    .map(([column, type]) => (type === 'bytea' ? bytes(column) : column))
    .join(', ')}`;

/** Columns of an entry, for `entryOf`. */
export const SELECTED = selected((column) => column);

/** The same for rows as JSON, which has no form for bytes. */
export const SELECTED_AS_JSON = selected((column) => `encode(${column}, 'hex') as ${column}`);

/** A row of `SELECTED`. The columns of `FIELDS` are read by their names. */
export interface EntryRow {
  readonly number: number;
  readonly algorithm: Algorithm;
  readonly hash: Uint8Array | string;
  readonly revision: number;
  readonly listed: boolean;
  /** since 1970; infinite for good */
  readonly paused_ms: number | null;
}

/** Characters that a database cannot store: U+0000, and half a surrogate, which it would change. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** @throws {RangeError} if a database cannot store one of these texts unchanged */
export function checkStorable(...texts: readonly (string | undefined)[]): void {
  if (texts.some((text) => text !== undefined && UNSTORABLE.test(text))) {
    throw new RangeError('expected texts without U+0000 and lone surrogates');
  }
}

/** Two videos may have the same frame, and a video may have it twice. */
const ownOf = ({ group, seconds, ...entry }: BlocklistEntry) => [
  ...OWN.map((name) => (entry as Said)[name] ?? null),
  ...(seconds === undefined ? [] : [group, seconds]),
];

/**
 * Identity of an entry, as 32 bytes: its list, hash, source, id and variant, and of a frame its
 * video and time. Another with the same key replaces it.
 */
export function keyOfEntry(entry: BlocklistEntry): Uint8Array {
  const { hash } = entry;
  return digestOf([listOf(entry), hash.algorithm, hashToHex(hash), ...ownOf(entry)]);
}

/** True if one entry replaces the other, given the same hash. */
export function haveSameKey(a: BlocklistEntry, b: BlocklistEntry): boolean {
  const own = ownOf(b);
  return listOf(a) === listOf(b) && ownOf(a).every((value, at) => value === own[at]);
}

/**
 * The name that the entries of a video share, as hex digits: half of its group. An entry of the
 * file's MD5 that was listed with the frames has this half as its group. Undefined for others.
 */
export const videoOf = ({ hash, seconds, group }: BlocklistEntry): string | undefined =>
  seconds !== undefined || hash.algorithm === 'md5' ? group?.slice(0, 32) : undefined;

/** The SHA-256 of some JSON. */
export const digestOf = (json: readonly unknown[]): Uint8Array =>
  createHash('sha256').update(JSON.stringify(json)).digest();

/** The values of a checked entry, in the order of `COLUMNS`. */
export function valuesOf(entry: BlocklistEntry, key: Uint8Array): SqlValue[] {
  const said: Said = { ...copyOfSaid(entry), list: listOf(entry) };
  return [
    key,
    entry.hash.algorithm,
    entry.hash.bytes,
    ...FIELD_NAMES.map((name) => written(FIELDS[name].sql[1], said[name])),
  ];
}

function written(type: string, value: Said[FieldName]): SqlValue {
  if (value === undefined) return null;
  if (type === 'json') return JSON.stringify(value);
  if (type === 'bytea') return bytesOf(value as string);
  return type === 'text' ? String(value) : (value as SqlValue);
}

/** The entry of a row, as a blocklist takes it. */
export function entryOf(row: EntryRow): BlocklistEntry {
  const entry: Record<string, unknown> = { hash: newHash(row.algorithm, bytesIn(row.hash)) };
  for (const name of FIELD_NAMES) {
    const [column, type] = FIELDS[name].sql;
    const value = (row as EntryRow & Readonly<Record<string, unknown>>)[column];
    if (value === null || (name === 'list' && value === '')) continue;
    if (type === 'bytea') entry[name] = hexOf(bytesIn(value as EntryRow['hash']));
    else entry[name] = name === 'resample' && value === '512' ? 512 : value;
  }
  return entry as unknown as BlocklistEntry;
}

/** A copy of a column's bytes, or of the bytes that JSON has for it. */
const bytesIn = (value: EntryRow['hash']): Uint8Array =>
  typeof value === 'string' ? bytesOf(value) : new Uint8Array(value);

/** An entry as a list takes it, with its number: lookups return it while the store is away. */
export const numbered = (entry: StoredEntry): NumberedEntry => ({
  ...entry,
  [NUMBER]: entry.number,
});

/** The entry of a row, with the fields that only the store has. */
export function storedEntryOf(row: EntryRow): StoredEntry {
  const { number, revision, paused_ms: paused } = row;
  return {
    ...entryOf(row),
    number,
    ...(paused !== null && { pausedUntil: pausedUntil(paused) }),
    revision,
  };
}

const pausedUntil = (ms: number) => (Number.isFinite(ms) ? new Date(ms) : 'for-good');
