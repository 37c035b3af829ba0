import { FormatError } from '../errors.js';

/** What is told of each line. Numbers count from 1. */
export interface LineSink {
  /** A line without its `\n`; a `\r` before it is left in place. */
  line(text: string, number: number): void;
  /** A line of more than the limit; its text is not kept. */
  tooLong(number: number): void;
  /** The text is over; it had `number - 1` lines. */
  end(number: number): void;
  /**
   * A faster reader's chance at the line that starts at `at`: the index after its `\n`, or -1 to get it by `line`.
   * It is not asked about lines that began in an earlier chunk.
   */
  take?(text: string, at: number, number: number): number;
}

/**
 * Cuts text that arrives in any chunks into lines. Linear: each character is searched once, however small the
 * chunks. Holds at most `maxLineLength` characters. A byte order mark at the very start is dropped.
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

  /** @throws {FormatError} `too-many-lines` where the line after `maxLines` begins */
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
      const fresh = this.#carry === '' && !this.#overflow;
      const taken = fresh ? (this.#sink.take?.(chunk, at, this.#number) ?? -1) : -1;
      if (taken >= 0) {
        at = taken;
        this.#number++;
        continue;
      }
      const end = chunk.indexOf('\n', at);
      this.#grow(chunk, at, end < 0 ? chunk.length : end);
      if (end < 0) return;
      this.#finish();
      at = end + 1;
    }
  }

  /** The text is over: its last line may lack a `\n`. */
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
