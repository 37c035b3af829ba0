import { createHash } from 'node:crypto';
import { listOf } from '../blocklist/lists.js';
import { type BlocklistEntry, copyOfOpinions, type Opinion } from '../entry.js';
import { type Algorithm, bytesOf, hashToHex, hexOf, newHash, type Resample } from '../hash.js';
import type { SqlValue } from './database.js';

/** An entry as a store keeps it. */
export interface StoredEntry extends BlocklistEntry {
  /** what other programs call it by; one that was removed and comes again may have its old one */
  readonly number: number;
  /** until when it is not matched; absent: it is matched */
  readonly pausedUntil?: Date | 'for-good';
  /** of the change that made it as it is */
  readonly revision: number;
}

/** The columns that an entry is written to, in the order of `valuesOf`, with their types. */
export const COLUMNS = {
  key: 'bytea',
  list: 'text',
  algorithm: 'text',
  hash: 'bytea',
  labels: 'json',
  quality: 'smallint',
  source: 'text',
  id: 'text',
  resample: 'text',
  variant: 'text',
  group_hash: 'bytea',
  case_count: 'bigint',
  opinions: 'json',
  confirmed: 'boolean',
} as const;

/** Those that may change while the entry stays the same one. */
export const SAID = [
  'labels',
  'quality',
  'resample',
  'group_hash',
  'case_count',
  'opinions',
  'confirmed',
] as const;

/** What is selected of an entry, for `entryOf`. */
export const SELECTED = `number, list, algorithm, hash, labels, quality, source, id, resample, variant,
  group_hash, case_count, opinions, confirmed, revision, listed,
  (extract(epoch from paused_until) * 1000)::float8 as paused_ms`;

/** A row of `SELECTED`. */
export interface EntryRow {
  readonly number: number;
  readonly list: string;
  readonly algorithm: Algorithm;
  readonly hash: Uint8Array;
  readonly labels: readonly string[];
  readonly quality: number | null;
  readonly source: string | null;
  readonly id: string | null;
  readonly resample: '512' | 'none' | null;
  readonly variant: string | null;
  readonly group_hash: Uint8Array | null;
  readonly case_count: number | null;
  readonly opinions: readonly Opinion[] | null;
  readonly confirmed: boolean | null;
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
  const { hash, source = null, id = null, variant = null } = entry;
  return digestOf([listOf(entry), hash.algorithm, hashToHex(hash), source, id, variant]);
}

/** The SHA-256 of some JSON. */
export const digestOf = (json: readonly unknown[]): Uint8Array =>
  createHash('sha256').update(JSON.stringify(json)).digest();

/** The values of an entry that was checked, as `COLUMNS` has them. */
export function valuesOf(entry: BlocklistEntry, key: Uint8Array): SqlValue[] {
  const { hash, labels, quality, source, id, resample, variant } = entry;
  const { group, caseCount, opinions, confirmed } = entry;
  return [
    key,
    listOf(entry),
    hash.algorithm,
    hash.bytes,
    JSON.stringify(labels),
    quality ?? null,
    source ?? null,
    id ?? null,
    resample === undefined ? null : String(resample),
    variant ?? null,
    group === undefined ? null : bytesOf(group),
    caseCount ?? null,
    opinions === undefined ? null : JSON.stringify(copyOfOpinions(opinions)),
    confirmed ?? null,
  ];
}

/** What an entry says that may change while it stays the same one, as text. */
export function saidOf(entry: BlocklistEntry): string {
  const { labels, quality, resample, group, caseCount, opinions, confirmed } = entry;
  const heard = opinions && copyOfOpinions(opinions);
  return JSON.stringify([labels, quality, resample, group, caseCount, heard, confirmed]);
}

/** The entry of a row, as a blocklist takes it. */
export function entryOf(row: EntryRow): BlocklistEntry {
  const { list, quality, source, id, resample, variant, opinions, confirmed } = row;
  const { group_hash: group, case_count: caseCount } = row;
  return {
    hash: newHash(row.algorithm, new Uint8Array(row.hash)),
    labels: row.labels,
    ...(quality !== null && { quality }),
    ...(source !== null && { source }),
    ...(id !== null && { id }),
    ...(resample !== null && { resample: (resample === '512' ? 512 : 'none') as Resample }),
    ...(variant !== null && { variant }),
    ...(group !== null && { group: hexOf(new Uint8Array(group)) }),
    ...(list !== '' && { list }),
    ...(caseCount !== null && { caseCount }),
    ...(opinions !== null && { opinions }),
    ...(confirmed !== null && { confirmed }),
  };
}

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
