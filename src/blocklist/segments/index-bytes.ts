/*
 * An index file is the snapshot of a segment, whose notes are the columns of its entries, in the
 * byte order of the machine: a header of words, then each column from a multiple of four bytes on.
 * A machine of the other byte order refuses the index.
 *
 *     words: magic, notes, bytes of notes, bytes of ids + 1 or 0, 1 if there are groups,
 *            buckets of the table of names or 0, entries in it, its key, bytes of parts + 1 or 0
 *     the number of the note of each entry; where each note begins, and the end of the last; as of
 *     notes, of ids and of parts; starts of the buckets, and their entries; a byte of flags each;
 *     notes in JSON; ids; groups; parts
 */

import { checkObject, wrongRange } from '../../door.js';
import { checkEntry, FIELDS, type Field, type Said, SHARED_NAMES } from '../../entry.js';
import { FormatError } from '../../errors.js';
import { type Algorithm, arePartBytes, type Hash, isDegenerate, newHash } from '../../hash.js';
import { ascendsSteps, inSteps, inTurns } from '../../in-turns.js';
import {
  headerSteps,
  infoOf,
  type Segment,
  type SnapshotInfo,
  verifiedSteps,
} from '../../indexing/snapshot.js';
import type { Note } from '../../packed-entries.js';
import type { ListedPart } from '../kind.js';
import { wordsOf } from '../records/record-lines.js';
import { Columns, ColumnsBuilder, HAS_GROUP, NO_QUALITY } from './columns.js';
import { Living } from './delta.js';
import { KeyTable, Texts } from './texts.js';

/** `OHC2`, a little-endian word. */
const MAGIC = 0x3243484f;
const HEADER_WORDS = 9;

/** Entries that a step checks. */
const CHECK_STEP = 4096;
/** Notes that a step parses: about 0.3 ms. */
const NOTE_STEP = 128;

/** The bytes end to end; each piece is a multiple of four bytes. */
export function columnsPieces({ data }: Columns): Uint8Array[] {
  const { flags, notes, dictionary, ids, groups, parts, names } = data;
  const header = new Uint32Array(HEADER_WORDS);
  header.set([
    MAGIC,
    dictionary.count,
    dictionary.bytes.length,
    ids ? ids.bytes.length + 1 : 0,
    groups ? 1 : 0,
    names ? names.starts.length - 1 : 0,
    names?.entries.length ?? 0,
    names?.key ?? 0,
    parts ? parts.bytes.length + 1 : 0,
  ]);
  const words = [header, notes, dictionary.starts];
  if (ids) words.push(ids.starts);
  if (parts) words.push(parts.starts);
  if (names) words.push(names.starts, names.entries);
  const bytes = [flags, dictionary.bytes];
  if (ids) bytes.push(ids.bytes);
  if (groups) bytes.push(groups);
  if (parts) bytes.push(parts.bytes);
  return [
    ...words.map(({ buffer, byteOffset, byteLength }) => {
      return new Uint8Array(buffer, byteOffset, byteLength);
    }),
    ...bytes.map(filledUp),
  ].filter(({ length }) => length > 0);
}

/** A copy padded with zeros, to be read as words. */
function filledUp(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(4 * Math.ceil(bytes.length / 4));
  copy.set(bytes);
  return copy;
}

/**
 * Reads the columns of a segment from its notes, step by step; they remain views of its buffer.
 * Without notes, all entries are empty.
 * @throws {FormatError} `bad-notes`
 */
export function* columnsSteps(segment: Segment): Generator<void, Columns> {
  const { entries, shape } = segment;
  const bytes = segment.notes;
  if (bytes.length === 0) return silent(segment);
  const fail = (wrong: string) => {
    throw new FormatError('bad-notes', `expected ${wrong} in the index file`);
  };
  const all = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  if (all.length < HEADER_WORDS || all[0] !== MAGIC) fail('notes of version 2');
  const [, count, noteBytes, idBytes, hasGroups, buckets, named, key, partBytes] =
    all as unknown as number[];
  let at = HEADER_WORDS;
  const take = (length: number): Uint32Array => {
    if (at + length > all.length) fail('whole notes');
    at += length;
    return all.subarray(at - length, at);
  };
  const takeBytes = (length: number): Uint8Array => {
    const { byteOffset } = take(Math.ceil(length / 4));
    return new Uint8Array(bytes.buffer, byteOffset, length);
  };
  const notes = take(entries);
  const noteStarts = take(count! + 1);
  const idStarts = idBytes! > 0 ? take(entries + 1) : undefined;
  const partStarts = partBytes! > 0 ? take(entries + 1) : undefined;
  const starts = buckets! > 0 ? take(buckets! + 1) : undefined;
  const listed = take(named!);
  const flags = takeBytes(entries);
  const dictionary = new Texts(noteStarts, takeBytes(noteBytes!));
  const ids = idStarts && new Texts(idStarts, takeBytes(idBytes! - 1));
  const groups = hasGroups! > 0 ? takeBytes((entries * shape.bits) / 8) : undefined;
  const parts = partStarts && new Texts(partStarts, takeBytes(partBytes! - 1));
  if (at !== all.length) fail('nothing after the notes');
  if (starts && (buckets! & (buckets! - 1)) !== 0) fail('a table of ids');
  for (const texts of [dictionary, ids, parts]) {
    if (texts && !(yield* ascendsSteps(texts.starts, texts.bytes.length))) fail('texts end to end');
  }
  const lists = new Map<string, number>();
  const listOf = new Uint32Array(count!);
  yield* inSteps(
    count!,
    (number) => {
      const { list = '' } = noteFrom(dictionary.at(number), shape.algorithm);
      const on = lists.get(list) ?? lists.size;
      lists.set(list, on);
      listOf[number] = on;
    },
    NOTE_STEP,
  );
  const counts = Array.from(lists, () => 0);
  let isSound = true;
  yield* inSteps(
    entries,
    (entry) => {
      const quality = flags[entry]! & ~HAS_GROUP;
      isSound &&= notes[entry]! < count! && (quality <= 100 || quality === NO_QUALITY);
      isSound &&= groups !== undefined || (flags[entry]! & HAS_GROUP) === 0;
      const own = parts?.bytesAt(entry);
      isSound &&= own === undefined || (shape.algorithm === 'pdq' && arePartBytes(own));
      if (isSound) counts[listOf[notes[entry]!]!]!++;
    },
    CHECK_STEP,
  );
  if (!isSound) fail('a note and a quality for each entry');
  const names = starts && new KeyTable(starts, listed, key!);
  if (names && !(yield* names.isSoundSteps(entries))) fail('a table of ids');
  const noted = { dictionary, lists: [...lists.keys()], listOf, counts };
  return new Columns(segment, { flags, notes, ...noted, ids, groups, parts, names });
}

/** @throws {FormatError} `bad-notes` */
function noteFrom(text: string | undefined, algorithm: Algorithm): Note {
  let note: Note | undefined;
  try {
    note = JSON.parse(text ?? '') as Note;
  } catch {
    // Reported below, without the parser's message: it quotes the text.
  }
  if (typeof note !== 'object' || note === null) {
    throw new FormatError('bad-notes', 'expected notes in JSON in the index file');
  }
  for (const name of SHARED_NAMES) {
    const value = (note as Partial<Record<string, unknown>>)[name];
    if (value === undefined && name !== 'labels') continue;
    try {
      // Checks of the shared members depend on no more of the hash.
      (FIELDS[name] as Field).check(value, { algorithm } as Hash);
    } catch (cause) {
      const { message } = cause as Error;
      throw new FormatError('bad-notes', `${message} in the index file`, { cause });
    }
  }
  return note;
}

/** Columns of entries without data. */
function silent(segment: Segment): Columns {
  const { entries } = segment;
  const text = new TextEncoder().encode('{"labels":[]}');
  return new Columns(segment, {
    flags: new Uint8Array(entries).fill(NO_QUALITY),
    notes: new Uint32Array(entries),
    dictionary: new Texts(Uint32Array.of(0, text.length), text),
    lists: [''],
    listOf: new Uint32Array(1),
    counts: [entries],
  });
}

/** The content of an index file, in pieces. Do not modify them. */
export async function segmentFile(
  { shape, sections }: Segment,
  columns: Columns | undefined,
  counters: { nextId: number; generation: number; degenerate: number },
  signal: AbortSignal | undefined,
): Promise<{ pieces: Uint8Array[]; info: SnapshotInfo }> {
  const notes = columns ? columnsPieces(columns) : [];
  const notesLength = notes.reduce((sum, { length }) => sum + length, 0);
  if (notesLength > 0xffffffff) wrongRange('less than 4 GiB of notes');
  const saved = { ...shape, ...counters, notesLength };
  const rest = [sections, ...notes];
  const header = await inTurns(headerSteps(saved, rest.map(wordsOf)), signal);
  return { pieces: [new Uint8Array(header.buffer), ...rest], info: infoOf(saved) };
}

/** Entries whose notes a step requests: few, since a callback may be slow. */
const ASK_STEP = 8;

/**
 * The columns of a segment, with notes from a callback.
 * @throws {TypeError | RangeError} if a note is malformed
 */
export function* askedSteps(
  segment: Segment,
  entries: { entryAt(id: number): Said },
): Generator<void, Columns> {
  const { algorithm, bits } = segment.shape;
  const hash = newHash(algorithm, new Uint8Array(bits / 8));
  const columns = new ColumnsBuilder(bits, segment.entries);
  const ask = (entry: number) => {
    const note = entries.entryAt(segment.idAt(entry));
    checkObject(note, 'a note: { labels }');
    checkEntry({ ...note, hash });
    columns.add(note);
  };
  yield* inSteps(segment.entries, ask, ASK_STEP);
  return yield* columns.steps(segment);
}

/** Hashes that a step checks: about 0.3 ms. */
const HASH_STEP = 1024;
/** Columns without degenerate entries, which must never match. */
export function* listedSteps(table: Columns): Generator<void, ListedPart> {
  const gone: number[] = [];
  yield* inSteps(
    table.size,
    (entry) => {
      if (isDegenerate(table.factsAt(entry).hash)) gone.push(entry);
    },
    HASH_STEP,
  );
  return { table, living: new Living().without(gone, (entry) => table.listAt(entry)) };
}

/** A part of a list from a segment that was read, step by step. */
export function* partSteps(segment: Segment, verify: boolean): Generator<void, ListedPart> {
  if (verify) yield* verifiedSteps(segment);
  return yield* listedSteps(yield* columnsSteps(segment));
}
