import { checkInteger, checkOptions } from '../door.js';
import {
  type BlocklistEntry,
  checkEntry,
  copyOfOpinions,
  type EntryFacts,
  NUMBER,
  type NumberedEntry,
  type Opinion,
} from '../entry.js';
import type { Algorithm, Bits, Hash, PackedHashes, Resample } from '../hash.js';
import { bitsOf, checkKind, newHash } from '../hash.js';
import { hexInto } from './hex.js';

/** The fields that many entries share; equal notes are stored once. */
interface Note {
  readonly labels: readonly string[];
  readonly source?: string | undefined;
  readonly resample?: Resample | undefined;
  readonly variant?: string | undefined;
  readonly list?: string | undefined;
  readonly caseCount?: number | undefined;
  readonly opinions?: readonly Opinion[] | undefined;
  readonly confirmed?: boolean | undefined;
}

const NO_NOTE: Note = { labels: [] };

const UNKNOWN = 255;
/**
 * Notes up to this number may be shared. Beyond it, entries tend to have a note each, and looking
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
  /** numbers of unshared notes whose row was erased, for reuse */
  readonly #freeNotes: number[] = [];
  #ids: (string | undefined)[] | undefined;
  /** the numbers by which a store calls the entries, 0 for none: 4 bytes each below 2^32, else 8 */
  #numbers: Uint32Array | Float64Array | undefined;
  /** the one that `factsAt` gives */
  #facts: { -readonly [K in keyof EntryFacts]: EntryFacts[K] } | undefined;
  /** as `#ids`: a picture's windows would have to share a note, which their variants tell apart */
  #groups: (string | undefined)[] | undefined;

  /**
   * @param options `capacity`: rows to allocate at first, default 64; the table grows when needed
   * @throws {TypeError} if `algorithm` is unknown
   * @throws {RangeError} if `algorithm` has no hashes of `bits` bits
   */
  constructor(algorithm: Algorithm, bits: Bits, options: { capacity?: number } = {}) {
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

  /** The number of rows, including erased ones. */
  get size(): number {
    return this.#size;
  }

  /**
   * The hashes of all rows end to end. This is a view that is valid until the next `push`. Erased
   * rows are zero.
   */
  get hashes(): PackedHashes {
    const { algorithm, bits } = this;
    return { algorithm, bits, bytes: this.#bytes.subarray(0, (this.#size * bits) / 8) };
  }

  /**
   * Adds a copy of an entry. If this throws, nothing has changed.
   * @returns its row
   * @throws {TypeError} if `entry` is not an entry, or its hash is of another algorithm
   * @throws {RangeError} if its hash is of another width, or its quality is not an integer 0…100
   */
  push(entry: BlocklistEntry): number {
    return this.put(entry);
  }

  /**
   * Like `push`, but reuses the row `erased` if given.
   * @returns the row
   */
  put(entry: BlocklistEntry, erased?: number): number {
    checkEntry(entry);
    const { hash, quality, id, group } = entry;
    const bits = bitsOf(hash);
    if (hash.algorithm !== this.algorithm) {
      throw new TypeError(`expected a hash of ${this.algorithm}, got ${hash.algorithm}`);
    }
    if (bits !== this.bits) throw new RangeError(`expected ${this.bits} bits, got ${bits}`);
    if (erased !== undefined) this.#checkRow(erased);
    // Everything that can fail comes before the first write.
    const row = erased ?? this.#room();
    const note = this.#noteOf(entry);
    const number = this.#roomForNumber((entry as NumberedEntry)[NUMBER]);
    this.#bytes.set(hash.bytes, (row * bits) / 8);
    this.#quality[row] = quality ?? UNKNOWN;
    this.#note[row] = note;
    if (this.#numbers) this.#numbers[row] = number;
    if (id !== undefined) this.#ids ??= [];
    if (this.#ids) place(this.#ids, row, id);
    if (group !== undefined) this.#groups ??= [];
    if (this.#groups) place(this.#groups, row, group);
    if (erased === undefined) this.#size++;
    return row;
  }

  /**
   * Adds the bare hash that `text` holds in hex from `at` on.
   * @returns false, with nothing added, if there is no such hash
   * @throws {TypeError} if `text` is not a string or `at` is not a non-negative integer
   */
  pushHex(text: string, at: number): boolean {
    if (typeof text !== 'string' || !Number.isInteger(at) || at < 0) {
      throw new TypeError('expected a string and an offset in it');
    }
    const row = this.#room();
    if (!hexInto(text, at, this.bits / 4, this.#bytes, (row * this.bits) / 8)) return false;
    this.#quality[row] = UNKNOWN;
    this.#note[row] = 0;
    this.#size++;
    return true;
  }

  /**
   * A fresh copy of the entry in a row. An erased row has a zero hash and no other fields.
   * @throws {RangeError} if there is no such row
   */
  entryAt(row: number): BlocklistEntry {
    this.#checkRow(row);
    const note = this.#notes[this.#note[row]!]!;
    const { labels, source, resample, variant, list, caseCount, opinions, confirmed } = note;
    const entry: { -readonly [K in keyof BlocklistEntry]: BlocklistEntry[K] } = {
      hash: this.hashAt(row),
      labels: labels.slice(),
    };
    // Spreading is several times slower, and matching a list reads a million rows.
    const quality = this.qualityAt(row);
    const id = this.idAt(row);
    if (quality !== undefined) entry.quality = quality;
    if (source !== undefined) entry.source = source;
    if (id !== undefined) entry.id = id;
    if (resample !== undefined) entry.resample = resample;
    if (variant !== undefined) entry.variant = variant;
    const group = this.#groups?.[row];
    if (group !== undefined) entry.group = group;
    if (list !== undefined) entry.list = list;
    if (caseCount !== undefined) entry.caseCount = caseCount;
    if (opinions !== undefined) entry.opinions = copyOfOpinions(opinions);
    if (confirmed !== undefined) entry.confirmed = confirmed;
    return entry;
  }

  /**
   * The number by which a store calls the entry in a row, if it was put with one.
   * @throws {RangeError} if there is no such row
   */
  numberAt(row: number): number | undefined {
    this.#checkRow(row);
    return this.#numbers?.[row] || undefined;
  }

  /**
   * As `entryAt`, with its number, for another table.
   * @throws {RangeError} if there is no such row
   */
  numberedAt(row: number): NumberedEntry {
    const entry = this.entryAt(row);
    const number = this.numberAt(row);
    return number === undefined ? entry : Object.assign(entry, { [NUMBER]: number });
  }

  /**
   * Of the entry in a row, what decisions depend on, in the same object each time: a list may hold
   * any number of entries near one hash.
   * @throws {RangeError} if there is no such row
   */
  factsAt(row: number): EntryFacts {
    const quality = this.qualityAt(row);
    const size = this.bits / 8;
    this.#facts ??= { hash: newHash(this.algorithm, new Uint8Array(size)) };
    const facts = this.#facts;
    const { bytes } = facts.hash;
    for (let i = 0; i < size; i++) bytes[i] = this.#bytes[row * size + i]!;
    const { list, confirmed } = this.#notes[this.#note[row]!]!;
    facts.quality = quality;
    facts.list = list;
    facts.confirmed = confirmed;
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

  /** Whether a row may name a group; false if none ever did. */
  get hasGroups(): boolean {
    return this.#groups !== undefined;
  }

  /** The list of a row, if it names one. @throws {RangeError} if there is no such row */
  listAt(row: number): string | undefined {
    this.#checkRow(row);
    return this.#notes[this.#note[row]!]!.list;
  }

  /**
   * Overwrites the hash of a row with zeros and clears its other fields. Other rows keep their
   * numbers.
   * @throws {RangeError} if there is no such row
   */
  erase(row: number): void {
    this.#checkRow(row);
    const size = this.bits / 8;
    this.#bytes.fill(0, row * size, (row + 1) * size);
    this.#quality[row] = UNKNOWN;
    const note = this.#note[row]!;
    if (note > MAX_SHARED) {
      this.#notes[note] = NO_NOTE;
      this.#freeNotes.push(note);
    }
    this.#note[row] = 0;
    if (this.#numbers) this.#numbers[row] = 0;
    if (this.#ids && row < this.#ids.length) this.#ids[row] = undefined;
    if (this.#groups && row < this.#groups.length) this.#groups[row] = undefined;
  }

  /** Erases and removes the last row. @throws {RangeError} if there are no rows */
  pop(): void {
    this.erase(this.#size - 1);
    this.#size--;
  }

  #noteOf({ labels, source, resample, variant, list, ...said }: Note): number {
    const { caseCount, opinions, confirmed } = said;
    const isAlone = (source ?? resample ?? variant ?? list ?? caseCount) === undefined;
    const bare = isAlone && (opinions ?? confirmed) === undefined;
    if (labels.length === 0 && bare) return 0;
    const copied = opinions && copyOfOpinions(opinions);
    // JSON is a unique key for any note. Most notes are a single label, which makes a cheaper key.
    const alone = labels.length === 1 && bare;
    const fields = [labels, source, resample, variant, list, caseCount, copied, confirmed];
    const key = alone ? `=${labels[0]}` : JSON.stringify(fields);
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const note = {
      labels: labels.slice(),
      ...(source !== undefined && { source }),
      ...(resample !== undefined && { resample }),
      ...(variant !== undefined && { variant }),
      ...(list !== undefined && { list }),
      ...(caseCount !== undefined && { caseCount }),
      ...(copied !== undefined && { opinions: copied }),
      ...(confirmed !== undefined && { confirmed }),
    };
    const number = this.#freeNotes.at(-1) ?? this.#notes.length;
    if (number <= MAX_SHARED) this.#shared.set(key, number);
    this.#freeNotes.pop();
    this.#notes[number] = note;
    return number;
  }

  /** Makes room for a number. @returns what is to be noted */
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
      throw new RangeError(`expected a row below ${this.#size}`);
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

function place(texts: (string | undefined)[], row: number, text: string | undefined): void {
  // A hole would make the engine store the array as a dictionary.
  while (texts.length < row) texts.push(undefined);
  texts[row] = text;
}
