import { checkInteger } from '../door.js';
import { FormatError } from '../errors.js';
import type { Hash, Resample } from '../hash.js';
import { HEADER_BYTES } from '../indexing/layout.js';
import type { Segment } from '../indexing/segment.js';

/** What a list says about an entry besides its hash. */
export interface EntryNote {
  readonly labels: readonly string[];
  readonly quality?: number;
  readonly source?: string;
  readonly id?: string;
  readonly resample?: Resample;
}

/** Entries by the ids of their index. */
export interface NotedEntries {
  /** one more than the highest id */
  readonly size: number;
  entryAt(id: number): EntryNote & { hash: Hash };
  idAt(id: number): string | undefined;
  /** the existing ids; removed ids are gaps */
  rows(): Iterable<number>;
}

const isText = (value: unknown) => typeof value === 'string';

/** The fields of a note, and what each must be, in words and as a check. */
const FIELDS: readonly [keyof EntryNote, string, (value: unknown) => boolean][] = [
  ['labels', 'an array of text', (value) => Array.isArray(value) && value.every(isText)],
  [
    'quality',
    'an integer 0 to 100',
    (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 100,
  ],
  ['source', 'text', isText],
  ['id', 'text', isText],
  ['resample', "512 or 'none'", (value) => value === 512 || value === 'none'],
];

/**
 * Matches the notes that `notesOf` writes for texts without characters that JSON escapes. Testing a
 * million notes with it takes 0.2 seconds; parsing them takes 1.
 */
const TEXT = '"[ !#-[\\]-\\xff]*"';
const USUAL = /* @__PURE__ */ new RegExp(
  `^{"labels":\\[(?:${TEXT}(?:,${TEXT})*)?\\](?:,"quality":(?:100|[1-9]?\\d))?(?:,"source":${TEXT})?(?:,"id":${TEXT})?(?:,"resample":(?:512|"none"))?}$`,
);

/**
 * The most texts that are kept to find equal ones. Where every entry has its own text, looking for
 * an equal one does not pay.
 */
const MAX_SHARED = 1 << 16;

/**
 * Encodes notes on the entries of a segment. First come two words per entry, in the order of the
 * segment's ids: the offset and the length of its text. Then come the texts, JSON in UTF-8, equal
 * ones once. Files of version 2 have two words for each id ever given, in the order of ids. Removed
 * entries leave nothing.
 * @throws {TypeError} if a note is malformed
 * @throws {RangeError} if the texts take 4 GiB or more
 */
export function notesOf(segment: Segment, entryAt: (id: number) => EntryNote): Uint8Array {
  const places = new Uint32Array(2 * segment.entries);
  const texts: Buffer[] = [];
  const shared = new Map<string, readonly [start: number, length: number]>();
  let end = 0;
  segment.ids.forEach((entry, slot) => {
    const note = entryAt(entry);
    if (typeof note !== 'object' || note === null)
      throw new TypeError('expected a note: { labels }');
    const { labels, quality, source, id, resample } = note;
    const fields = { labels, quality, source, id, resample };
    for (const [name, expected, fits] of FIELDS) {
      const value = fields[name];
      if (value === undefined && name !== 'labels') continue;
      if (!fits(value)) throw new TypeError(`expected ${name} of an entry to be ${expected}`);
    }
    if (labels.length === 0 && (quality ?? source ?? id ?? resample) === undefined) return;
    const text = JSON.stringify(fields);
    let place = shared.get(text);
    if (place === undefined) {
      const bytes = Buffer.from(text);
      place = [end, bytes.length];
      if (shared.size < MAX_SHARED) shared.set(text, place);
      texts.push(bytes);
      end += bytes.length;
      if (end > 0xffffffff) throw new RangeError('expected less than 4 GiB of notes');
    }
    places.set(place, 2 * slot);
  });
  return Buffer.concat([Buffer.from(places.buffer), ...texts], places.byteLength + end);
}

export interface NotesOptions {
  /** version of the file format */
  readonly version: number;
  /** read every note now, and throw if one is malformed */
  readonly verify: boolean;
  /** called when a malformed note is first read */
  readonly onProblem?: ((problem: FormatError) => void) | undefined;
}

/**
 * The entries of a segment with the notes that `notesOf` wrote, which are read on demand. Without
 * notes, entries are hashes alone. A malformed field is left out.
 * @throws {FormatError} `bad-notes`, if `verify` is set
 */
export function notedEntries(
  segment: Segment,
  { version, verify, onProblem }: NotesOptions,
): NotedEntries {
  const { algorithm, bits, words, shape, ids, starts, notes } = segment;
  const { nextId, groups, count, entries } = shape;
  const tableLength = 8 * (version < 3 ? nextId : entries);
  const noted = notes.length >= tableLength;
  const table = new DataView(notes.buffer, notes.byteOffset, noted ? tableLength : 0);
  const texts = noted ? notes.subarray(tableLength) : notes.subarray(notes.length);
  const textOffset = HEADER_BYTES + texts.byteOffset - words.byteOffset;
  // A Buffer decodes short texts faster than a TextDecoder, and also from shared memory.
  const textBytes = Buffer.from(texts.buffer, texts.byteOffset, texts.length);
  const hashes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  const slotOf = placesIn(ids);
  const told = new Set<number>();

  const placeOf = (slot: number): [start: number, length: number] => {
    const at = 8 * (version < 3 ? ids[slot]! : slot);
    if (at >= table.byteLength) return [0, 0];
    return [table.getUint32(at, true), table.getUint32(at + 4, true)];
  };
  const noteOf = (slot: number, report: (wrong: string, offset: number) => void): EntryNote => {
    const [start, length] = placeOf(slot);
    if (length === 0) return { labels: [] };
    const { note, wrong } = noteFrom(textBytes.toString('utf8', start, start + length));
    if (wrong !== undefined) report(wrong, textOffset + start);
    return note;
  };
  const tell = (wrong: string, offset: number) => {
    if (!onProblem || told.has(offset)) return;
    onProblem(new FormatError('bad-notes', `${wrong}: left out, the entry is kept`, { offset }));
    told.add(offset);
  };
  const fail = (wrong: string, offset: number) => {
    throw new FormatError('bad-notes', `${wrong} in the index file`, { offset });
  };
  if (verify) {
    // Texts are in the order of first use, so none needs to be read twice.
    const shared = new Map<number, number>();
    let end = 0;
    for (let slot = 0; slot < entries; slot++) {
      const [start, length] = placeOf(slot);
      if (length === 0 || shared.get(start) === length) continue;
      if (start !== end || start + length > texts.length) {
        fail('expected notes end to end', textOffset + end);
      }
      if (!USUAL.test(textBytes.toString('latin1', start, start + length))) noteOf(slot, fail);
      end += length;
      if (shared.size < MAX_SHARED) shared.set(start, length);
    }
  }
  const positionOf = (slot: number) => {
    const grouped = groups + entries - count;
    if (slot >= grouped) return slot - entries + count;
    let [from, to] = [0, groups];
    while (to - from > 1) {
      const middle = (from + to) >> 1;
      if (starts[middle]! <= slot) from = middle;
      else to = middle;
    }
    return from;
  };
  return {
    size: nextId,
    rows: () => ids.values(),
    idAt(id) {
      checkInteger('id', id, 0);
      const slot = slotOf(id);
      return slot < 0 ? undefined : noteOf(slot, tell).id;
    },
    entryAt(id) {
      checkInteger('id', id, 0);
      const slot = slotOf(id);
      if (slot < 0) throw new RangeError('expected the id of an entry');
      const at = (positionOf(slot) * bits) / 8;
      const hash = { algorithm, bytes: hashes.slice(at, at + bits / 8) };
      return { hash, ...noteOf(slot, tell) };
    },
  };
}

/** Parses a note; `wrong` says what is malformed in it. */
function noteFrom(text: string): { note: EntryNote; wrong?: string } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { note: { labels: [] }, wrong: 'expected notes in JSON' };
  }
  if (typeof json !== 'object' || json === null) {
    return { note: { labels: [] }, wrong: 'expected notes to be objects' };
  }
  const fields: Partial<Record<keyof EntryNote, unknown>> = json;
  const note: Record<string, unknown> = { labels: [] };
  let wrong: string | undefined;
  for (const [name, expected, fits] of FIELDS) {
    const value = fields[name];
    if (value === undefined && name !== 'labels') continue;
    if (fits(value)) note[name] = value;
    else wrong ??= `expected ${name} to be ${expected}`;
  }
  return { note: note as unknown as EntryNote, ...(wrong !== undefined && { wrong }) };
}

/**
 * Returns a function that finds the position of an id in `ids`, or -1. In a list of distinct
 * hashes, id 7 is at position 7. For other lists the first search builds a table: the ids by their
 * leading bits, in at most as many buckets as there are ids. A bucket has few ids, or about 2^16 if
 * they were chosen to fill it.
 */
function placesIn(ids: Uint32Array): (id: number) => number {
  let table: { width: number; ends: Uint32Array; places: Uint32Array } | undefined;
  return (id) => {
    if (ids[id] === id) return id;
    table ??= bucketsOf(ids);
    const { width, ends, places } = table;
    const bucket = Math.floor(id / width);
    for (let i = ends[bucket - 1] ?? 0; i < ends[bucket]!; i++) {
      if (ids[places[i]!] === id) return places[i]!;
    }
    return -1;
  };
}

/** A counting sort of the positions in `ids`, into buckets of `width` ids each. */
function bucketsOf(ids: Uint32Array) {
  let highest = 0;
  for (let i = 0; i < ids.length; i++) highest = Math.max(highest, ids[i]!);
  let width = 1;
  while (highest >= Math.max(1, ids.length) * width) width *= 2;
  // `ends` holds first the sizes of the buckets, then their starts; placing the ids advances each
  // start to its end.
  const ends = new Uint32Array(Math.floor(highest / width) + 1);
  for (let i = 0; i < ids.length; i++) ends[Math.floor(ids[i]! / width)]!++;
  let place = 0;
  for (let bucket = 0; bucket < ends.length; bucket++) {
    const size = ends[bucket]!;
    ends[bucket] = place;
    place += size;
  }
  const places = new Uint32Array(ids.length);
  for (let i = 0; i < ids.length; i++) places[ends[Math.floor(ids[i]! / width)]!++] = i;
  return { width, ends, places };
}
