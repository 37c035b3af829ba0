import type { BlocklistEntry } from '../entry.js';
import { FormatError } from '../errors.js';
import { hashFrom } from '../hash.js';
import { MAX_RECORD_LINES, type Row, readRow } from './csv.js';
import { isObject, parsedJson } from './json.js';
import type { LineSink } from './lines.js';
import {
  algorithmFrom,
  entryFrom,
  type Fields,
  fieldsByHeader,
  fieldsByPosition,
  fieldsOfDataset,
  fieldsOfObject,
  fieldsOfVideo,
  headerFrom,
  type Unnamed,
} from './list-fields.js';

/** Marks that some spreadsheets write between the columns of CSV. */
const OTHER_MARKS = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
] as const;
const BARE_HASH = /^(?:[\w-]+[ :])?(?:[\da-f]{16}|[\da-f]{32}|[\da-f]{40}|[\da-f]{64})$/i;

/** Receives the entries and problems, in the order of the lines. */
export interface RecordSink {
  entry(entry: BlocklistEntry): void;
  problem(error: FormatError): void;
}

/**
 * Turns the lines of a hash list into entries. Plain, CSV and JSONL are distinguished line by line.
 */
export class ListRecords implements LineSink {
  readonly #sink: RecordSink;
  readonly #unnamed: Unnamed;
  readonly #maxLineLength: number;
  #header: ReturnType<typeof headerFrom>;
  #started = false;
  /** lines of a record whose quoted cell is still open */
  #held: string[] = [];
  #heldLength = 0;
  #row: Row | undefined;

  constructor(sink: RecordSink, unnamed: Unnamed, maxLineLength: number) {
    this.#sink = sink;
    this.#unnamed = unnamed;
    this.#maxLineLength = maxLineLength;
  }

  line(text: string, number: number): void {
    if (this.#row !== undefined) {
      this.#continue(text, number);
      return;
    }
    const start = text.trimStart();
    if (start === '' || start.startsWith('#')) return;
    if (start.startsWith('{')) this.#object(start, number);
    else {
      const dataset = this.#header === undefined ? fieldsOfDataset(start) : undefined;
      if (dataset) this.#fields(dataset, number, undefined);
      else this.#grow(text, number, { cells: [], open: undefined });
    }
  }

  tooLong(number: number): void {
    this.end(number);
    this.#problem('line-too-long', `expected at most ${this.#maxLineLength} characters`, number);
  }

  /** Ends the list after line `number - 1`. */
  end(number: number): void {
    while (this.#row !== undefined) this.#giveUp(number);
  }

  #continue(text: string, number: number): void {
    if (
      this.#held.length >= MAX_RECORD_LINES ||
      this.#heldLength + text.length > this.#maxLineLength
    ) {
      this.#giveUp(number);
      this.line(text, number);
    } else this.#grow(text, number, this.#row!);
  }

  #grow(text: string, number: number, row: Row): void {
    const state = readRow(text, row);
    if (state !== 'closed') {
      this.#row = row;
      this.#held.push(text);
      this.#heldLength += text.length + 1;
      if (state === 'stray') this.#giveUp(number + 1);
      return;
    }
    const first = number - this.#held.length;
    this.#release();
    this.#cells(row.cells, first);
  }

  /**
   * Gives up the record that ends before line `number`. Its first line is bad; the others are read
   * again.
   */
  #giveUp(number: number): void {
    const lines = this.#held;
    const first = number - lines.length;
    this.#release();
    this.#checkColumns(lines[0]!, first);
    this.#problem('bad-line', 'expected a closing quote before a comma or the end', first);
    for (let i = 1; i < lines.length; i++) this.line(lines[i]!, first + i);
  }

  #release(): void {
    this.#row = undefined;
    this.#held = [];
    this.#heldLength = 0;
  }

  #object(text: string, number: number): void {
    const object = parsedJson(text);
    if (isObject(object)) {
      const records = fieldsOfVideo(object) ?? [fieldsOfObject(object)];
      for (const fields of records) this.#fields(fields, number, undefined);
    } else this.#problem('bad-line', 'expected a JSON object', number);
  }

  #cells(cells: string[], number: number): void {
    const fields =
      this.#header === undefined ? fieldsByPosition(cells) : fieldsByHeader(cells, this.#header);
    this.#fields(fields, number, cells);
  }

  #fields(fields: Fields, number: number, cells: string[] | undefined): void {
    const algorithm = algorithmFrom(fields, this.#unnamed);
    const hash = algorithm && hashFrom(algorithm, fields.hash);
    if (hash === undefined) {
      const header = cells && headerFrom(cells);
      if (header && (!this.#started || `${header}` === `${this.#header}`)) {
        this.#header = header;
        return;
      }
      if (cells) this.#checkColumns(cells[0]!, number);
      if (algorithm === undefined) this.#problem('bad-line', 'expected a known algorithm', number);
      else if (fields.hash === undefined) this.#problem('bad-line', 'expected a hash', number);
      else this.#problem('bad-hash', `expected the hex digits of a hash of ${algorithm}`, number);
    } else if (fields.category === 'NEGATIVE_CLASS') {
      this.#problem('bad-line', 'an entry of the negative class: not for a blocklist', number);
    } else if (fields.isDraft) {
      this.#problem(
        'bad-line',
        "expected no hash of decoding 'draft': not for a blocklist",
        number,
      );
    } else {
      this.#started = true;
      this.#sink.entry(
        entryFrom(hash, fields, (code, message) => this.#problem(code, message, number)),
      );
      for (const window of fields.crops ?? []) this.#fields(window, number, undefined);
    }
  }

  /**
   * Checks a row that cannot be read. If other marks than commas separate the columns of the first
   * one, no other row can be read either.
   * @throws {FormatError} `not-a-list`
   */
  #checkColumns(row: string, line: number): void {
    if (this.#started || this.#header !== undefined) return;
    for (const [mark, name] of OTHER_MARKS) {
      const cells = row.replaceAll('"', '').split(mark);
      if (cells.length < 2 || !(BARE_HASH.test(cells[0]!.trim()) || headerFrom(cells))) continue;
      const message = `expected commas between columns, got ${name}: save it as CSV with commas`;
      throw new FormatError('not-a-list', message, { line });
    }
  }

  #problem(code: FormatError['code'], message: string, line: number): void {
    this.#sink.problem(new FormatError(code, message, { line }));
  }
}
