import {
  type BlocklistEntry,
  type EntryFacts,
  NUMBER,
  type NumberedEntry,
  type Said,
  SHARED_NAMES,
  textOfSaid,
} from '../../entry.js';
import { type Bits, bytesOf, type Hash, hexOf, newHash } from '../../hash.js';
import { inSteps } from '../../in-turns.js';
import type { Segment } from '../../indexing/compaction.js';
import { entryOf, type Note, type PackedEntries } from '../../packed-entries.js';
import { grown } from '../../packed-words.js';
import { type KeyTable, KeyTableBuilder, type Texts, TextsBuilder } from './texts.js';

/** The flag byte of an entry: its quality, or that it has none; and whether it names a group. */
export const NO_QUALITY = 127;
export const HAS_GROUP = 128;
/** The kinds of keys in a table. */
const OF_ID = 0;
const OF_GROUP = 0x5bd1e995;
/**
 * Notes up to this number are reused for equal later ones. Beyond it, entries tend to have a note
 * each, and the search for an equal one no longer pays.
 */
const MAX_SHARED = 1 << 16;

/** The numbers that a store gives entries, 0 for none. */
type Numbers = Uint32Array | Float64Array;

/** The data of a segment's entries, by column, in the order of the entries. */
export interface ColumnData {
  /** a byte each: quality, and whether there is a group */
  readonly flags: Uint8Array;
  /** the note's number of each entry */
  readonly notes: Uint32Array;
  /** the notes in JSON; number 0 is empty */
  readonly dictionary: Texts;
  /** the names of lists, '' for the unnamed one, and the number of each note's list */
  readonly lists: readonly string[];
  readonly listOf: Uint32Array;
  /** number of entries on each list */
  readonly counts: readonly number[];
  readonly ids?: Texts | undefined;
  /** one per entry, of a hash's length in bytes; zeros where there is no group */
  readonly groups?: Uint8Array | undefined;
  /** the bytes of an entry's parts, in place of a text */
  readonly parts?: Texts | undefined;
  readonly numbers?: Numbers | undefined;
  /** finds entries by id and group; absent if there are neither */
  readonly names?: KeyTable | undefined;
}

/** The entries of a segment by their numbers in it. It does not change. */
export class Columns {
  readonly data: ColumnData;
  /** the hashes that a search scans */
  readonly searched: Segment;
  readonly #bytes: Uint8Array;
  readonly #size: number;
  readonly #parsed = new Map<number, Note>();
  #counts: ReadonlyMap<string, number> | undefined;
  #facts: { -readonly [K in keyof EntryFacts]: EntryFacts[K] } | undefined;

  /** @param segment has no ids of its own: an entry is its number */
  constructor(segment: Segment, data: ColumnData) {
    const { buffer, byteOffset, byteLength } = segment.words;
    this.data = data;
    this.searched = segment;
    this.#bytes = new Uint8Array(buffer, byteOffset, byteLength);
    this.#size = segment.shape.bits / 8;
  }

  get size(): number {
    return this.searched.entries;
  }

  /** A new copy. */
  entryAt(entry: number): BlocklistEntry {
    const alone = {
      quality: this.qualityAt(entry),
      id: this.data.ids?.at(entry),
      group: this.groupAt(entry),
      parts: this.partsAt(entry),
    };
    return entryOf(this.hashAt(entry), this.noteAt(entry), alone);
  }

  /** A new copy with the number that a store gave it. */
  numberedAt(entry: number): NumberedEntry {
    const number = this.numberAt(entry);
    const made = this.entryAt(entry);
    return number === undefined ? made : Object.assign(made, { [NUMBER]: number });
  }

  /** The data that a decision depends on, in the same object each time. */
  factsAt(entry: number): EntryFacts {
    const size = this.#size;
    this.#facts ??= { hash: newHash(this.searched.shape.algorithm, new Uint8Array(size)) };
    const facts = this.#facts;
    const from = size * positionOf(this.searched, entry);
    const { bytes } = facts.hash;
    for (let i = 0; i < size; i++) bytes[i] = this.#bytes[from + i]!;
    const { list, confirmed, seconds, still } = this.noteAt(entry);
    facts.quality = this.qualityAt(entry);
    facts.parts = this.data.parts?.bytesAt(entry);
    facts.list = list;
    facts.confirmed = confirmed;
    facts.seconds = seconds;
    facts.still = still;
    return facts;
  }

  hashAt(entry: number): Hash {
    const from = this.#size * positionOf(this.searched, entry);
    return newHash(this.searched.shape.algorithm, this.#bytes.slice(from, from + this.#size));
  }

  qualityAt(entry: number): number | undefined {
    const quality = this.data.flags[entry]! & ~HAS_GROUP;
    return quality === NO_QUALITY ? undefined : quality;
  }

  listAt(entry: number): string {
    const { notes, lists, listOf } = this.data;
    return lists[listOf[notes[entry]!]!]!;
  }

  groupAt(entry: number): string | undefined {
    const { flags, groups } = this.data;
    if ((flags[entry]! & HAS_GROUP) === 0 || !groups) return undefined;
    return hexOf(groups.slice(entry * this.#size, (entry + 1) * this.#size));
  }

  get hasParts(): boolean {
    return this.data.parts !== undefined;
  }

  partsAt(entry: number): string | undefined {
    const parts = this.data.parts?.bytesAt(entry);
    return parts && hexOf(parts);
  }

  numberAt(entry: number): number | undefined {
    return this.data.numbers?.[entry] || undefined;
  }

  /** The members that entries share. Do not modify them. */
  noteAt(entry: number): Note {
    return this.noteOf(this.data.notes[entry]!);
  }

  /** A note by its number. */
  noteOf(number: number): Note {
    const known = this.#parsed.get(number);
    if (known) return known;
    const note = JSON.parse(this.data.dictionary.at(number)!) as Note;
    if (this.#parsed.size < MAX_SHARED) this.#parsed.set(number, note);
    return note;
  }

  /** Number of entries on each list, by name. */
  get counts(): ReadonlyMap<string, number> {
    const { lists, counts } = this.data;
    this.#counts ??= new Map(lists.map((list, at) => [list, counts[at]!]));
    return this.#counts;
  }

  /** The entries of a list. */
  *onList(list: string): Generator<number> {
    const { notes, lists, listOf } = this.data;
    const on = lists.indexOf(list);
    if (on < 0) return;
    for (let entry = 0; entry < notes.length; entry++) {
      if (listOf[notes[entry]!] === on) yield entry;
    }
  }

  /** The entries whose own id is this, passed in both forms. */
  ofId(_: string, bytes: Uint8Array): number[] {
    const { ids, names } = this.data;
    const found: number[] = [];
    for (const entry of (ids && names?.candidates(bytes, OF_ID)) ?? []) {
      if (ids!.isAt(entry, bytes)) found.push(entry);
    }
    // Its id and its group may be in one bucket.
    return found.length > 1 ? [...new Set(found)] : found;
  }

  /** The entries that name this group. */
  ofGroup(group: string): number[] {
    const { groups, names } = this.data;
    const bytes = bytesOf(group);
    if (!groups || !names || bytes.length !== this.#size) return [];
    const found = new Set(names.candidates(bytes, OF_GROUP));
    return [...found].filter((entry) => this.groupAt(entry) === group);
  }
}

/** The position of the hash that has entry number `entry`. */
export function positionOf({ shape, starts }: Segment, entry: number): number {
  const { groups, count, entries } = shape;
  if (entry >= groups + entries - count) return entry - entries + count;
  let [from, to] = [0, groups];
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (starts[middle]! <= entry) from = middle;
    else to = middle;
  }
  return from;
}

/** Collects the data of a segment's entries, one by one. */
export class ColumnsBuilder {
  readonly #size: number;
  readonly #flags: Uint8Array;
  readonly #notes: Uint32Array;
  readonly #dictionary = new TextsBuilder(16);
  readonly #known = new Map<string, number>();
  readonly #lists = new Map<string, number>();
  readonly #counts: number[] = [];
  /** list of each note */
  #listOf = new Uint32Array(16);
  readonly #rows: number;
  #ids: TextsBuilder | undefined;
  #groups: Uint8Array | undefined;
  #parts: TextsBuilder | undefined;
  #numbers: Numbers | undefined;
  #row = 0;

  constructor(bits: Bits, rows: number) {
    this.#size = bits / 8;
    this.#rows = rows;
    this.#flags = new Uint8Array(rows);
    this.#notes = new Uint32Array(rows);
    this.#noteOf('{"labels":[]}', '');
  }

  /** Returns a function that takes entries of a table. */
  from(table: PackedEntries | Columns): (entry: number) => void {
    return table instanceof Columns ? this.#fromColumns(table) : this.#fromRows(table);
  }

  #fromRows(table: PackedEntries): (row: number) => void {
    const notes = this.#translation((number) => {
      const note = table.noteAt(number);
      return [JSON.stringify(note), note.list ?? ''];
    });
    return (row) => {
      const group = table.groupAt(row);
      const id = table.idAt(row);
      const at = this.#take(table.qualityAt(row), notes(table.noteNumberAt(row)));
      if (id !== undefined) this.#idsTo(at).push(id);
      if (group !== undefined) this.#group(at, bytesOf(group));
      this.#partsTo(at, table.partsAt(row));
      this.#number(at, table.numberAt(row));
    };
  }

  /** Adds the data of an entry. */
  add(said: Said): void {
    const { id, group, quality, parts } = said;
    const at = this.#take(quality, this.#noteOf(textOfSaid(said, SHARED_NAMES), said.list ?? ''));
    if (id !== undefined) this.#idsTo(at).push(id);
    if (group !== undefined) this.#group(at, bytesOf(group));
    this.#partsTo(at, parts);
  }

  #fromColumns(columns: Columns): (entry: number) => void {
    const { ids, dictionary, lists, listOf, groups, parts, flags } = columns.data;
    const notes = this.#translation((number) => [dictionary.at(number)!, lists[listOf[number]!]!]);
    const size = this.#size;
    return (entry) => {
      const at = this.#take(columns.qualityAt(entry), notes(columns.data.notes[entry]!));
      if (ids?.has(entry)) this.#idsTo(at).copy(ids, entry);
      if ((flags[entry]! & HAS_GROUP) > 0) {
        this.#group(at, groups!.subarray(entry * size, (entry + 1) * size));
      }
      if (parts?.has(entry)) this.#textsOfParts(at).copy(parts, entry);
      this.#number(at, columns.numberAt(entry));
    };
  }

  /** The columns of a segment whose entries were added in order. */
  *steps(segment: Segment): Generator<void, Columns> {
    this.#ids?.fill(this.#rows);
    this.#parts?.fill(this.#rows);
    const parts = this.#parts?.made();
    const [flags, notes, groups, numbers] = [this.#flags, this.#notes, this.#groups, this.#numbers];
    const ids = this.#ids?.made();
    const names = yield* this.#nameSteps(segment, ids, groups, flags);
    const dictionary = this.#dictionary.made();
    const [lists, listOf, counts] = [[...this.#lists.keys()], this.#listOf, this.#counts];
    const noted = { dictionary, lists, listOf, counts };
    return new Columns(segment, { flags, notes, ...noted, ids, groups, parts, numbers, names });
  }

  *#nameSteps(
    segment: Segment,
    ids: Texts | undefined,
    groups: Uint8Array | undefined,
    flags: Uint8Array,
  ): Generator<void, KeyTable | undefined> {
    if (!ids && !groups) return undefined;
    const most = this.#rows * ((ids ? 1 : 0) + (groups ? 1 : 0));
    // Equal lists make equal files.
    const table = new KeyTableBuilder(most, (yield* segment.sumSteps()) >>> 0);
    const size = this.#size;
    yield* inSteps(this.#rows, (entry) => {
      if (ids?.has(entry)) {
        table.add(entry, ids.bytes, ids.starts[entry]!, ids.starts[entry + 1]!, OF_ID);
      }
      if (groups && (flags[entry]! & HAS_GROUP) > 0) {
        table.add(entry, groups, entry * size, (entry + 1) * size, OF_GROUP);
      }
    });
    return yield* table.steps();
  }

  #take(quality: number | undefined, note: number): number {
    const at = this.#row++;
    this.#flags[at] = quality ?? NO_QUALITY;
    this.#notes[at] = note;
    this.#counts[this.#listOf[note]!]!++;
    return at;
  }

  /** The ids, with absent ones before number `at`. */
  #idsTo(at: number): TextsBuilder {
    this.#ids ??= new TextsBuilder(this.#rows);
    this.#ids.fill(at);
    return this.#ids;
  }

  #partsTo(at: number, parts: string | undefined): void {
    if (parts !== undefined) this.#textsOfParts(at).pushBytes(bytesOf(parts));
  }

  /** As `#idsTo`. */
  #textsOfParts(at: number): TextsBuilder {
    this.#parts ??= new TextsBuilder(this.#rows);
    this.#parts.fill(at);
    return this.#parts;
  }

  #group(at: number, bytes: Uint8Array): void {
    this.#groups ??= new Uint8Array(this.#rows * this.#size);
    this.#groups.set(bytes, at * this.#size);
    this.#flags[at]! |= HAS_GROUP;
  }

  #number(at: number, number: number | undefined): void {
    if (number === undefined) return;
    this.#numbers ??= new Uint32Array(this.#rows);
    if (number > 0xffffffff && this.#numbers instanceof Uint32Array) {
      this.#numbers = Float64Array.from(this.#numbers);
    }
    this.#numbers[at] = number;
  }

  /** Maps the numbers of notes elsewhere to their numbers here. */
  #translation(
    of: (number: number) => readonly [text: string, list: string],
  ): (number: number) => number {
    let known = new Uint32Array(16);
    return (number) => {
      if (number >= known.length) {
        const wider = new Uint32Array(Math.max(number + 1, 2 * known.length));
        wider.set(known);
        known = wider;
      }
      known[number] ||= 1 + this.#noteOf(...of(number));
      return known[number]! - 1;
    };
  }

  #noteOf(text: string, list: string): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const number = this.#dictionary.count;
    this.#dictionary.push(text);
    if (number < MAX_SHARED) this.#known.set(text, number);
    if (number === this.#listOf.length) this.#listOf = grown(this.#listOf, 2 * number);
    const on = this.#lists.get(list) ?? this.#lists.size;
    this.#lists.set(list, on);
    this.#counts[on] ??= 0;
    this.#listOf[number] = on;
    return number;
  }
}
