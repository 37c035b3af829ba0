import { copyOfOpinions, isOpinion, type Opinion } from '../entry.js';
import { FormatError } from '../errors.js';
import type { Resample } from '../hash.js';
import { HEADER_BYTES, inSteps, type Segment } from '../indexing/segment.js';
import { checksumSteps } from '../indexing/snapshot.js';
import { IdTable, IdTableBuilder } from './id-table.js';

/** What a list says about an entry besides its hash. */
export interface EntryNote {
  readonly labels: readonly string[];
  readonly quality?: number;
  readonly source?: string;
  readonly id?: string;
  readonly resample?: Resample;
  /** which part or form of the picture was hashed, as in `BlocklistEntry` */
  readonly variant?: string;
  /** the picture of which it is a part or form, as in `BlocklistEntry` */
  readonly group?: string;
  /** this and the next three as in `BlocklistEntry` */
  readonly list?: string;
  readonly caseCount?: number;
  readonly opinions?: readonly Opinion[];
  readonly confirmed?: boolean;
}

const isText = (value: unknown) => typeof value === 'string';
const GROUP = /^(?:[\da-f]{16}|[\da-f]{64})$/;

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
  ['variant', 'text', isText],
  ['group', 'lower-case hex digits', (value) => isText(value) && GROUP.test(value as string)],
  ['list', 'text', isText],
  [
    'caseCount',
    'an integer from 0',
    (value) => Number.isSafeInteger(value) && (value as number) >= 0,
  ],
  [
    'opinions',
    'an array of { from, says }',
    (value) => Array.isArray(value) && value.every(isOpinion),
  ],
  ['confirmed', 'true or false', (value) => typeof value === 'boolean'],
];

/**
 * Matches the notes that `noteSteps` writes for texts without characters that JSON escapes. Testing
 * a million notes with it takes 0.2 seconds; parsing them takes 1.
 */
const TEXT = '"[ !#-[\\]-\\xff]*"';
const USUAL = /* @__PURE__ */ new RegExp(
  `^{"labels":\\[(?:${TEXT}(?:,${TEXT})*)?\\](?:,"quality":(?:100|[1-9]?\\d))?(?:,"source":${TEXT})?(?:,"id":${TEXT})?(?:,"resample":(?:512|"none"))?(?:,"variant":${TEXT})?(?:,"group":"(?:[\\da-f]{16}|[\\da-f]{64})")?(?:,"list":${TEXT})?(?:,"caseCount":(?:0|[1-9]\\d{0,14}))?(?:,"confirmed":(?:true|false))?}$`,
);

/**
 * The most texts that are kept to find equal ones. Where every entry has its own text, looking for
 * an equal one does not pay.
 */
const MAX_SHARED = 1 << 16;

/** Entries whose notes a step asks for, since a callback may be slow. */
const ASK_STEP = 8;
/** Notes that a step checks: about 0.1 ms. */
const CHECK_STEP = 256;

/** Encoded notes. */
export interface NotesBytes {
  readonly length: number;
  /** the bytes end to end, filled up to a multiple of four by zeros */
  readonly pieces: readonly Uint8Array[];
}

/**
 * Encodes notes on the entries of a segment, step by step. First come two words per entry, in the
 * order of the segment's entries: the offset and the length of its text. Then come the texts, JSON
 * in UTF-8, equal ones once; and last, if entries have ids or groups, a table of these
 * (`id-table.ts`). Removed entries leave nothing.
 * @throws {TypeError} if a note is malformed
 * @throws {RangeError} if it all takes 4 GiB or more
 */
export function* noteSteps(
  segment: Segment,
  entryAt: (id: number) => EntryNote,
): Generator<void, NotesBytes> {
  const table = new Uint32Array(2 * segment.entries);
  const texts = new Texts();
  const ids = new IdTableBuilder(segment.entries, yield* checksumSteps([segment.words]));
  const shared = new Map<string, readonly [start: number, length: number]>();
  const ask = (entry: number) => {
    const note = entryAt(segment.idAt(entry));
    const text = textOf(note);
    if (note.id !== undefined) ids.add(entry, note.id);
    if (note.group !== undefined) ids.add(entry, nameOf(note.group));
    if (text === '') return;
    let place = shared.get(text);
    if (place === undefined) {
      const start = texts.length;
      texts.push(text);
      place = [start, texts.length - start];
      if (shared.size < MAX_SHARED) shared.set(text, place);
      if (table.byteLength + texts.length > 0xffffffff) {
        throw new RangeError('expected less than 4 GiB of notes');
      }
    }
    table.set(place, 2 * entry);
  };
  yield* inSteps(segment.entries, ask, ASK_STEP);
  const found = yield* ids.steps();
  const pieces = [new Uint8Array(table.buffer), ...texts.pieces()];
  if (found.length === 0) return { length: table.byteLength + texts.length, pieces };
  const length = table.byteLength + 4 * Math.ceil(texts.length / 4) + found.byteLength;
  if (length > 0xffffffff) throw new RangeError('expected less than 4 GiB of notes');
  return { length, pieces: [...pieces, new Uint8Array(found.buffer)] };
}

/**
 * The text of a note, or '' if it says nothing.
 * @throws {TypeError} if it is malformed
 */
function textOf(note: EntryNote): string {
  if (typeof note !== 'object' || note === null) throw new TypeError('expected a note: { labels }');
  const { labels, quality, source, id, resample, variant, group, list, ...said } = note;
  const { caseCount, opinions, confirmed } = said;
  const told = { quality, source, id, resample, variant, group, list };
  const fields = { labels, ...told, caseCount, opinions, confirmed };
  for (const [name, expected, fits] of FIELDS) {
    const value = fields[name];
    if (value === undefined && name !== 'labels') continue;
    if (!fits(value)) throw new TypeError(`expected ${name} of an entry to be ${expected}`);
  }
  const { labels: _, ...others } = fields;
  const isBlank = labels.length === 0 && Object.values(others).every((each) => each === undefined);
  if (isBlank) return '';
  return JSON.stringify(opinions ? { ...fields, opinions: copyOfOpinions(opinions) } : fields);
}

/** A group in the table of ids, told apart from the same hex as an id. */
const nameOf = (group: string) => `group ${group}`;

/** Bytes of a piece of the texts. */
const PIECE = 2 ** 18;

/** Texts end to end in UTF-8. They lie in pieces of one size, so nothing is copied as they grow. */
class Texts {
  readonly #pieces: Uint8Array[] = [];
  length = 0;

  push(text: string): void {
    const bytes = Buffer.from(text);
    for (let from = 0; from < bytes.length; ) {
      const at = this.length % PIECE;
      if (at === 0) this.#pieces.push(new Uint8Array(PIECE));
      const copied = bytes.copy(this.#pieces.at(-1)!, at, from);
      from += copied;
      this.length += copied;
    }
  }

  /** Of the last one, what is used and up to three zeros. */
  pieces(): Uint8Array[] {
    const unused = PIECE * this.#pieces.length - this.length;
    return this.#pieces.map((piece, i) =>
      i < this.#pieces.length - 1 ? piece : piece.subarray(0, PIECE - (unused & ~3)),
    );
  }
}

/**
 * The notes that `noteSteps` wrote, read on demand. Without them each entry has a note that says
 * nothing.
 */
export class Notes {
  readonly #entries: number;
  readonly #table: DataView;
  readonly #texts: Buffer;
  readonly #byId: IdTable | undefined;
  /** the offset of the texts in the file */
  readonly #offset: number;

  constructor({ entries, words, notes }: Segment) {
    const tableLength = 8 * entries;
    const isCut = notes.length < tableLength;
    const whole = new Uint32Array(notes.buffer, notes.byteOffset, isCut ? 0 : notes.length >> 2);
    this.#byId = IdTable.at(whole.subarray(tableLength / 4));
    const [table, texts] = isCut
      ? [0, 0]
      : [tableLength, notes.length - (this.#byId?.byteLength ?? 0)];
    this.#entries = entries;
    this.#table = new DataView(notes.buffer, notes.byteOffset, table);
    // A Buffer decodes short texts faster than a TextDecoder, and also from shared memory.
    this.#texts = Buffer.from(notes.buffer, notes.byteOffset + table, texts - table);
    this.#offset = HEADER_BYTES + this.#texts.byteOffset - words.byteOffset;
  }

  /** The note on an entry, by its number. `report` is told what is malformed in it, and where. */
  at(entry: number, report: (wrong: string, offset: number) => void): EntryNote {
    const [start, length] = this.#placeOf(entry);
    if (length === 0) return { labels: [] };
    const { note, wrong } = noteFrom(this.#texts.toString('utf8', start, start + length));
    if (wrong !== undefined) report(wrong, this.#offset + start);
    return note;
  }

  /** Whether `entriesOf` finds entries. */
  get areByIds(): boolean {
    return this.#byId !== undefined;
  }

  /** The entries with this id, by their numbers, if there is a table of ids. */
  entriesOf(id: string): number[] {
    const candidates = this.#byId?.candidates(id) ?? [];
    return [...new Set(candidates)].filter((entry) => this.at(entry, () => {}).id === id);
  }

  /** The entries of this group, by their numbers. A file without a table has none. */
  entriesOfGroup(group: string): number[] {
    const candidates = this.#byId?.candidates(nameOf(group)) ?? [];
    return [...candidates].filter((entry) => this.at(entry, () => {}).group === group);
  }

  /** Checks all of them, step by step. @throws {FormatError} `bad-notes` */
  *checkSteps(): Generator<void, void> {
    const fail = (wrong: string, offset: number) => {
      throw new FormatError('bad-notes', `${wrong} in the index file`, { offset });
    };
    // Texts are in the order of first use, so none needs to be read twice.
    const shared = new Map<number, number>();
    let end = 0;
    const check = (entry: number) => {
      const [start, length] = this.#placeOf(entry);
      if (length === 0 || shared.get(start) === length) return;
      if (start !== end || start + length > this.#texts.length) {
        fail('expected notes end to end', this.#offset + end);
      }
      if (!USUAL.test(this.#texts.toString('latin1', start, start + length))) this.at(entry, fail);
      end += length;
      if (shared.size < MAX_SHARED) shared.set(start, length);
    };
    yield* inSteps(this.#entries, check, CHECK_STEP);
    if (this.#byId && !(yield* this.#byId.isSoundSteps(this.#entries))) {
      fail('expected a table of ids', this.#offset + this.#texts.length);
    }
  }

  #placeOf(entry: number): [start: number, length: number] {
    const at = 8 * entry;
    if (at >= this.#table.byteLength) return [0, 0];
    return [this.#table.getUint32(at, true), this.#table.getUint32(at + 4, true)];
  }
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
  const { opinions } = note;
  if (opinions !== undefined) note.opinions = copyOfOpinions(opinions as readonly Opinion[]);
  return { note: note as unknown as EntryNote, ...(wrong !== undefined && { wrong }) };
}
