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

/** An entry as a store keeps it. */
export interface StoredEntry extends BlocklistEntry {
  /** what other programs call it by; one that was removed and comes again may have its old one */
  readonly number: number;
  /** until when it is not matched; absent: it is matched */
  readonly pausedUntil?: Date | 'for-good';
  /** of the change that made it as it is */
  readonly revision: number;
}

/** What makes an entry that very one, with its list and hash. */
const OWN: readonly FieldName[] = ['source', 'id', 'variant'];

/** The columns that an entry is written to, in the order of `valuesOf`, with their types. */
export const COLUMNS: Readonly<Record<string, string>> = {
  key: 'bytea',
  algorithm: 'text',
  hash: 'bytea',
  ...Object.fromEntries(FIELD_NAMES.map((name) => FIELDS[name].sql)),
};

/** Those that may change while the entry stays the same one. */
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

/** What is selected of an entry, for `entryOf`. */
export const SELECTED = selected((column) => column);

/** The same where rows become JSON, which has no form for bytes. */
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

/** What a database cannot keep in a text: U+0000, and half a surrogate, which would be changed. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

/** @throws {RangeError} if a database cannot keep one of these texts as it is */
export function checkStorable(...texts: readonly (string | undefined)[]): void {
  if (texts.some((text) => text !== undefined && UNSTORABLE.test(text))) {
    throw new RangeError('expected texts without U+0000 and halves of surrogate pairs');
  }
}

/**
 * What makes an entry that very one, as 32 bytes: its list, hash, source, id and variant. Another
 * with the same key takes its place.
 */
export function keyOfEntry(entry: BlocklistEntry): Uint8Array {
  const { hash } = entry;
  const own = OWN.map((name) => entry[name] ?? null);
  return digestOf([listOf(entry), hash.algorithm, hashToHex(hash), ...own]);
}

/** Whether one entry takes the other's place, if both have the same hash. */
export const haveSameKey = (a: BlocklistEntry, b: BlocklistEntry): boolean =>
  listOf(a) === listOf(b) && OWN.every((name) => a[name] === b[name]);

/** The SHA-256 of some JSON. */
export const digestOf = (json: readonly unknown[]): Uint8Array =>
  createHash('sha256').update(JSON.stringify(json)).digest();

/** The values of an entry that was checked, as `COLUMNS` has them. */
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

/** A copy of what a column of bytes has, or JSON in its place. */
const bytesIn = (value: EntryRow['hash']): Uint8Array =>
  typeof value === 'string' ? bytesOf(value) : new Uint8Array(value);

/** An entry as a list takes it, with its number: lookups tell it while the store is away. */
export const numbered = (entry: StoredEntry): NumberedEntry => ({
  ...entry,
  [NUMBER]: entry.number,
});

/** The entry of a row, with what only the store knows of it. */
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
