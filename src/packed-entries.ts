import { checkAsyncIterable, checkInteger, checkOptions, wrongKind, wrongRange } from './door.js';
import {
  type BlocklistEntry,
  checkEntry,
  copyOfOpinions,
  copyOfSaid,
  type EntryFacts,
  NUMBER,
  type NumberedEntry,
  onList,
  type Said,
  SHARED_NAMES,
} from './entry.js';
import {
  type Algorithm,
  type Bits,
  bitsOf,
  bytesOf,
  checkKind,
  type Hash,
  hexOf,
  newHash,
  type PackedHashes,
  WIDTHS,
} from './hash.js';
import { kindOf } from './packed-words.js';

/** The members that many entries share; equal notes are stored once. */
export type Note = Omit<Said, 'quality' | 'id' | 'group' | 'parts'>;

const NO_NOTE: Note = { labels: [] };

const UNKNOWN = 255;
/**
 * Notes up to this number may be shared. Beyond it, entries tend to have a note each, and searching
 * for an equal one no longer pays.
 */
const MAX_SHARED = 1 << 16;

/**
 * A table of entries of one algorithm and width, stored by column. A row is 32 (or 8) bytes of
 * hash, a quality and the number of a note that rows share, so a million entries need no million
 * objects. Rows count from 0 and keep their numbers.
 */
export class PackedEntries {
  readonly algorithm: Algorithm;
  readonly bits: Bits;
  #size = 0;
  #bytes: Uint8Array;
  #quality: Uint8Array;
  #note: Uint32Array;
  #notes: Note[] = [NO_NOTE];
  #shared = new Map<string, number>();
  #ids: (string | undefined)[] | undefined;
  /** the numbers that a store gave the entries, 0 for none: 4 bytes each below 2^32, else 8 */
  #numbers: Uint32Array | Float64Array | undefined;
  /** the object that `factsAt` returns */
  #facts: { -readonly [K in keyof EntryFacts]: EntryFacts[K] } | undefined;
  /** as `#ids`: a picture's list crops cannot share a note, as their variants differ */
  #groups: (string | undefined)[] | undefined;
  #parts: (Uint8Array | undefined)[] | undefined;

  /**
   * @param bits default by algorithm: 256 of `pdq` and `blockhash`, 64 of other hashes of pictures
   * @param options `capacity`: rows to allocate initially, default 64; the table grows when needed
   * @throws {TypeError} if `algorithm` is unknown
   * @throws {RangeError} if `algorithm` has no hashes of `bits` bits
   */
  constructor(
    algorithm: Algorithm,
    bits: Bits = WIDTHS[algorithm]?.[0],
    options: { capacity?: number } = {},
  ) {
    checkKind(algorithm, bits);
    checkOptions(options);
    const { capacity = 64 } = options;
    checkInteger('capacity', capacity, 0, 0xffffffff);
    this.algorithm = algorithm;
    this.bits = bits;
    this.#bytes = new Uint8Array((capacity * bits) / 8);
    this.#quality = new Uint8Array(capacity);
    this.#note = new Uint32Array(capacity);
  }

  /** The number of rows. */
  get size(): number {
    return this.#size;
  }

  /** The hashes of all rows end to end. A view, valid until the next `push`. */
  get hashes(): PackedHashes {
    const { algorithm, bits } = this;
    return { algorithm, bits, bytes: this.#bytes.subarray(0, (this.#size * bits) / 8) };
  }

  /**
   * Adds a copy of an entry. If it throws, nothing has changed.
   * @returns its row
   * @throws {TypeError} if `entry` is not an entry, or its hash is of another algorithm
   * @throws {RangeError} if its hash is of another width, or its quality is not an integer 0…100
   */
  push(entry: BlocklistEntry): number {
    checkEntry(entry);
    const { hash, quality, id, group, parts } = entry;
    const bits = bitsOf(hash);
    if (hash.algorithm !== this.algorithm) {
      wrongKind(`a hash of ${this.algorithm}, got ${hash.algorithm}`);
    }
    if (bits !== this.bits) wrongRange(`${this.bits} bits, got ${bits}`);
    // Everything that can fail comes before the first write.
    const row = this.#room();
    const note = this.#noteOf(entry);
    const number = this.#roomForNumber((entry as NumberedEntry)[NUMBER]);
    this.#ids = placed(this.#ids, row, id);
    this.#groups = placed(this.#groups, row, group);
    this.#parts = placed(this.#parts, row, parts === undefined ? parts : bytesOf(parts));
    this.#bytes.set(hash.bytes, (row * bits) / 8);
    this.#quality[row] = quality ?? UNKNOWN;
    this.#note[row] = note;
    if (this.#numbers) this.#numbers[row] = number;
    this.#size++;
    return row;
  }

  /** A new copy of the entry in a row. @throws {RangeError} if there is no such row */
  entryAt(row: number): BlocklistEntry {
    const note = this.noteAt(this.noteNumberAt(row));
    return entryOf(this.hashAt(row), note, {
      quality: this.qualityAt(row),
      id: this.idAt(row),
      group: this.groupAt(row),
      parts: this.partsAt(row),
    });
  }

  /** The note of a row, by its number. @throws {RangeError} if there is no such row */
  noteNumberAt(row: number): number {
    this.#checkRow(row);
    return this.#note[row]!;
  }

  /** A note. Do not modify it. */
  noteAt(number: number): Note {
    return this.#notes[number]!;
  }

  /** The number that a store gave a row, if any. @throws {RangeError} if there is no such row */
  numberAt(row: number): number | undefined {
    this.#checkRow(row);
    return this.#numbers?.[row] || undefined;
  }

  /** As `entryAt`, with its number. @throws {RangeError} if there is no such row */
  numberedAt(row: number): NumberedEntry {
    const entry = this.entryAt(row);
    const number = this.numberAt(row);
    return number === undefined ? entry : Object.assign(entry, { [NUMBER]: number });
  }

  /**
   * The data of the entry in a row that decisions depend on, in the same object each time: a list
   * may hold any number of entries near one hash.
   * @throws {RangeError} if there is no such row
   */
  factsAt(row: number): EntryFacts {
    const quality = this.qualityAt(row);
    const size = this.bits / 8;
    this.#facts ??= { hash: newHash(this.algorithm, new Uint8Array(size)) };
    const facts = this.#facts;
    const { bytes } = facts.hash;
    for (let i = 0; i < size; i++) bytes[i] = this.#bytes[row * size + i]!;
    const { list, confirmed, seconds, still } = this.#notes[this.#note[row]!]!;
    facts.quality = quality;
    facts.parts = this.#parts?.[row];
    facts.list = list;
    facts.confirmed = confirmed;
    facts.seconds = seconds;
    facts.still = still;
    return facts;
  }

  /** A copy of the hash of a row. @throws {RangeError} if there is no such row */
  hashAt(row: number): Hash {
    this.#checkRow(row);
    const size = this.bits / 8;
    return newHash(this.algorithm, this.#bytes.slice(row * size, (row + 1) * size));
  }

  /** The quality of a row, if known. @throws {RangeError} if there is no such row */
  qualityAt(row: number): number | undefined {
    this.#checkRow(row);
    const quality = this.#quality[row];
    return quality === UNKNOWN ? undefined : quality;
  }

  /** The id of a row, if it has one. @throws {RangeError} if there is no such row */
  idAt(row: number): string | undefined {
    this.#checkRow(row);
    return this.#ids?.[row];
  }

  /** The group of a row, if it names one. @throws {RangeError} if there is no such row */
  groupAt(row: number): string | undefined {
    this.#checkRow(row);
    return this.#groups?.[row];
  }

  /** The hashes of a row's parts, if it has them. @throws {RangeError} if there is no such row */
  partsAt(row: number): string | undefined {
    this.#checkRow(row);
    const parts = this.#parts?.[row];
    return parts && hexOf(parts);
  }

  /** True if a row may have parts; false if none ever had. */
  get hasParts(): boolean {
    return this.#parts !== undefined;
  }

  /** True if a row may name a group; false if none ever did. */
  get hasGroups(): boolean {
    return this.#groups !== undefined;
  }

  /** The list of a row, if it names one. @throws {RangeError} if there is no such row */
  listAt(row: number): string | undefined {
    this.#checkRow(row);
    return this.#notes[this.#note[row]!]!.list;
  }

  /** Removes the rows from number `size` on. It cannot fail. */
  cut(size: number): void {
    this.#size = Math.min(this.#size, size);
    for (const column of [this.#ids, this.#groups, this.#parts]) {
      if (column) column.length = Math.min(column.length, size);
    }
  }

  /** The number of the note with an entry's shared data. A test checks that all is noted. */
  #noteOf(entry: BlocklistEntry): number {
    const { labels, source, resample, variant, list, caseCount, opinions, confirmed } = entry;
    const { seconds, still } = entry;
    const said = source ?? resample ?? variant ?? list ?? caseCount ?? opinions ?? confirmed;
    const isBare = (said ?? seconds ?? still) === undefined;
    if (labels.length === 0 && isBare) return 0;
    // JSON is a unique key for any note. Most notes are a single label, which makes a cheaper key.
    const rest = [opinions && copyOfOpinions(opinions), confirmed, seconds, still];
    const isLabel = isBare && labels.length === 1;
    const key = isLabel
      ? `=${labels[0]}`
      : JSON.stringify([labels, source, resample, variant, list, caseCount, ...rest]);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const number = this.#notes.length;
    if (number <= MAX_SHARED) this.#shared.set(key, number);
    this.#notes.push(copyOfSaid(entry, SHARED_NAMES));
    return number;
  }

  /** Makes room for a number. @returns the number to note */
  #roomForNumber(number = 0): number {
    if (number === 0) return 0;
    const { length } = this.#quality;
    if (number > 0xffffffff && !(this.#numbers instanceof Float64Array)) {
      const wide = new Float64Array(length);
      if (this.#numbers) wide.set(this.#numbers);
      this.#numbers = wide;
    }
    this.#numbers ??= new Uint32Array(length);
    return number;
  }

  #checkRow(row: number): void {
    if (!Number.isInteger(row) || row < 0 || row >= this.#size) {
      wrongRange(`a row below ${this.#size}`);
    }
  }

  /** The number of the next row; grows the table if it is full. */
  #room(): number {
    if (this.#size === this.#quality.length) {
      const capacity = Math.max(64, 2 * this.#size);
      const bytes = new Uint8Array((capacity * this.bits) / 8);
      const quality = new Uint8Array(capacity);
      const note = new Uint32Array(capacity);
      const before = this.#numbers;
      const isWide = before instanceof Float64Array;
      const numbers = before && new (isWide ? Float64Array : Uint32Array)(capacity);
      if (before) numbers?.set(before);
      bytes.set(this.#bytes);
      quality.set(this.#quality);
      note.set(this.#note);
      this.#bytes = bytes;
      this.#quality = quality;
      this.#note = note;
      this.#numbers = numbers;
    }
    return this.#size;
  }
}

/** The members that entries do not share. */
export type Unshared = Pick<Said, 'quality' | 'id' | 'group' | 'parts'>;

/**
 * An entry of this hash, with copies of the given members. Member by member, since a loop over
 * `FIELDS` takes five times as long, and saving a list reads a million rows; a test checks that
 * none is missing.
 */
export function entryOf(hash: Hash, note: Note, alone: Loose<Unshared>): BlocklistEntry {
  const { labels, source, resample, variant, list, caseCount, opinions, confirmed } = note;
  const { seconds, still } = note;
  const { quality, id, group, parts } = alone;
  const entry: { -readonly [K in keyof BlocklistEntry]: BlocklistEntry[K] } = {
    hash,
    labels: labels.slice(),
  };
  if (quality !== undefined) entry.quality = quality;
  if (source !== undefined) entry.source = source;
  if (id !== undefined) entry.id = id;
  if (resample !== undefined) entry.resample = resample;
  if (variant !== undefined) entry.variant = variant;
  if (group !== undefined) entry.group = group;
  if (parts !== undefined) entry.parts = parts;
  if (seconds !== undefined) entry.seconds = seconds;
  if (still !== undefined) entry.still = still;
  if (list !== undefined) entry.list = list;
  if (caseCount !== undefined) entry.caseCount = caseCount;
  if (opinions !== undefined) entry.opinions = copyOfOpinions(opinions);
  if (confirmed !== undefined) entry.confirmed = confirmed;
  return entry;
}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined };

/** A column with a value in a row; made with its first value. */
function placed<T>(column: (T | undefined)[] | undefined, row: number, value: T | undefined) {
  if (value === undefined && column === undefined) return undefined;
  const values = column ?? [];
  // A hole would make the engine store the array as a dictionary.
  while (values.length < row) values.push(undefined);
  values[row] = value;
  return values;
}

/** The entries of a table, with the numbers that a store gave them. */
export function* rowsOf(table: PackedEntries): Generator<NumberedEntry> {
  for (let row = 0; row < table.size; row++) yield table.numberedAt(row);
}

/** The entries of a list: a table, or one at a time, synchronous or not. */
export type ListedEntries =
  | PackedEntries
  | Iterable<BlocklistEntry>
  | AsyncIterable<BlocklistEntry>;

/** Each of them, in one form for readers. @throws {TypeError} if `entries` is neither */
export function entriesOf(
  entries: ListedEntries,
): Iterable<BlocklistEntry> | AsyncIterable<BlocklistEntry> {
  const given = entries instanceof PackedEntries ? rowsOf(entries) : entries;
  checkAsyncIterable(given, 'an iterable of entries');
  return given;
}

/** Copies of entries, in a table of each kind. */
export class EntryTables {
  readonly #tables = new Map<string, PackedEntries>();

  get tables(): PackedEntries[] {
    return [...this.#tables.values()];
  }

  get size(): number {
    return this.tables.reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * @param list the name of the list that the entry goes on; undefined: the one that it names
   * @returns the table that holds it as the last row
   * @throws {TypeError | RangeError} if `entry` is invalid
   */
  push(entry: BlocklistEntry, list = entry?.list ?? ''): PackedEntries {
    checkEntry(entry);
    const { algorithm } = entry.hash;
    const bits = bitsOf(entry.hash);
    const kind = kindOf(algorithm, bits);
    const table = this.#tables.get(kind) ?? new PackedEntries(algorithm, bits);
    this.#tables.set(kind, table);
    table.push(list === (entry.list ?? '') && entry.list !== '' ? entry : onList(entry, list));
    return table;
  }

  /** All entries. */
  *entries(): Generator<NumberedEntry> {
    for (const table of this.tables) yield* rowsOf(table);
  }
}
