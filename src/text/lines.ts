import { FormatError } from '../errors.js';

/** Receives each line. Line numbers start at 1. */
export interface LineSink {
  /** A line without its `\n`; a `\r` before the `\n` is kept. */
  line(text: string, number: number): void;
  /** A line longer than the limit; its text is not kept. */
  tooLong(number: number): void;
  /** The end of the text, which had `number - 1` lines. */
  end(number: number): void;
}

/**
 * Splits text that arrives in chunks into lines. Linear: each character is searched once, however
 * small the chunks. Holds at most `maxLineLength` characters. A byte order mark at the start of the
 * text is dropped.
 */
export class LineSplitter {
  readonly #sink: LineSink;
  readonly #maxLineLength: number;
  readonly #maxLines: number;
  #started = false;
  #carry = '';
  #overflow = false;
  #number = 1;

  constructor(sink: LineSink, maxLineLength: number, maxLines: number) {
    this.#sink = sink;
    this.#maxLineLength = maxLineLength;
    this.#maxLines = maxLines;
  }

  /** @throws {FormatError} `too-many-lines` at the start of the line after `maxLines` */
  push(chunk: string): void {
    let at = 0;
    if (!this.#started && chunk.length > 0) {
      this.#started = true;
      if (chunk.charCodeAt(0) === 0xfeff) at = 1;
    }
    while (at < chunk.length) {
      if (this.#number > this.#maxLines) {
        throw new FormatError('too-many-lines', `expected at most ${this.#maxLines} lines`, {
          line: this.#number,
        });
      }
      const end = chunk.indexOf('\n', at);
      this.#grow(chunk, at, end < 0 ? chunk.length : end);
      if (end < 0) return;
      this.#finish();
      at = end + 1;
    }
  }

  /** Ends the text. The last line may lack its `\n`. */
  end(): void {
    if (this.#carry !== '' || this.#overflow) this.#finish();
    this.#sink.end(this.#number);
  }

  #grow(chunk: string, from: number, to: number): void {
    if (this.#overflow || this.#carry.length + to - from > this.#maxLineLength) {
      this.#overflow = true;
      this.#carry = '';
    } else this.#carry += chunk.slice(from, to);
  }

  #finish(): void {
    const text = this.#carry;
    const overflow = this.#overflow;
    const number = this.#number;
    this.#carry = '';
    this.#overflow = false;
    this.#number++;
    if (overflow) this.#sink.tooLong(number);
    else this.#sink.line(text, number);
  }
}
