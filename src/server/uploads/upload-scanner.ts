import type { Readable } from 'node:stream';
import {
  callback,
  checkedOptions,
  checkObject,
  checkTypeOf,
  type OptionTable,
  SIGNAL,
} from '../../door.js';
import { DecodeError } from '../../errors.js';
import type { Decision } from '../../matching/decision.js';
import type { ImageSource } from '../../node/read-bytes.js';
import { type Outcome, SCAN_OPTIONS, Scanner, type ScanOptions, UploadRefused } from './scanner.js';

/** The stream of a file in a form; parsers set `truncated` if they cut it at their limit. */
export type FileStream = Readable & { readonly truncated?: boolean };

/** How a file of a form is kept. */
export interface KeepOptions<Kept> {
  /** takes back what was kept of a file that turned out not to be whole */
  undo?: ((kept: Kept) => Promise<void>) | undefined;
  /** counts the bytes of a chunk; the file is `busy` where it gives false: there is no room */
  hold?: ((bytes: number) => boolean) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Checks uploads, tells `onDecision` each decision, and refuses by options: what an adapter to a
 * framework is written upon.
 * @typeParam Upload what the adapter knows of an upload, for `onDecision`
 */
export interface UploadScanner<Upload> {
  /**
   * Checks an upload that is stored already, or in memory.
   * @returns the decision, if the upload is kept; rejects with an `UploadRefused` if not, or with
   *   what `onDecision` or `check` throws
   */
  check(source: ImageSource, upload: Upload, signal?: AbortSignal): Promise<Decision>;
  /**
   * Checks a file as it comes, and gives it to `keep` if it is kept. It is held in memory until it
   * is checked. What is accepted without a check is not: `keep` gets it as it comes, and `undo`
   * follows if its end does not. A file that the parser cut is refused, never checked as a whole.
   * @param keep reads the chunks, which end where the file breaks off
   * @returns what `keep` gave; rejects as `check` does, or with what `keep` or `undo` throws
   * @throws {TypeError} if there is no stream, or an option is invalid
   */
  keep<Kept>(
    file: FileStream,
    upload: Upload,
    keep: (chunks: AsyncIterable<Uint8Array>, decision: Decision) => Promise<Kept>,
    options?: KeepOptions<Kept>,
  ): Promise<Kept>;
}

export const KEEP_OPTIONS = {
  undo: { is: callback },
  hold: { is: callback },
  signal: SIGNAL,
} as const satisfies OptionTable<KeepOptions<never>>;

/**
 * Checks uploads for an adapter to a framework. `examples/` has those for multer, Fastify and tus.
 * @throws {TypeError | RangeError} if an option is missing or invalid
 * @example
 * const scanner = createUploadScanner({ blocklist, onError: 'refuse' });
 * await scanner.keep(part.file, part, (chunks) => writeFile(path, chunks), {
 *   undo: () => unlink(path),
 * });
 */
export function createUploadScanner<Upload>(options: ScanOptions<Upload>): UploadScanner<Upload> {
  checkedOptions(options as ScanOptions<never>, SCAN_OPTIONS);
  const scanner = new Scanner(options);
  return {
    async check(source, upload, signal) {
      return decisionOf(await scanner.scan(source, upload, signal));
    },
    async keep(stream, upload, keep, options = {}) {
      checkTypeOf('keep', keep, 'function');
      const { undo, hold, signal } = options;
      checkedOptions(options as KeepOptions<never>, KEEP_OPTIONS);
      const file = new FormFile(stream, scanner.maxBytes, hold);
      const decision = decisionOf(await scanner.scan(file.read(), upload, signal));
      const kept = await keep(file.last(), decision);
      const error = await file.toEnd();
      if (!error) return kept;
      await undo?.(kept);
      throw new UploadRefused(await scanner.notKept(error, upload));
    },
  };
}

/** @throws {UploadRefused} if the upload is not kept */
function decisionOf(outcome: Outcome): Decision {
  if (!outcome.keep) throw new UploadRefused(outcome);
  return outcome.decision;
}

/**
 * A file of a form. It is read once, for the check and for what keeps it: each reader sees all of
 * it from the beginning, however far another one has come.
 */
class FormFile {
  readonly #stream: FileStream;
  readonly #maxBytes: number;
  readonly #hold: KeepOptions<unknown>['hold'];
  readonly #iterator: AsyncIterator<unknown>;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;
  #error: Error | undefined;
  #reading: Promise<void> | undefined;

  constructor(stream: FileStream, maxBytes: number, hold: KeepOptions<unknown>['hold']) {
    checkObject(stream, 'the stream of a file');
    if (!(Symbol.asyncIterator in stream)) throw new TypeError('expected the stream of a file');
    this.#stream = stream;
    this.#maxBytes = maxBytes;
    this.#hold = hold;
    // Never returned: that would destroy the stream, whose rest another reader wants.
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** Whether the parser cut it: the end that was seen is not the end of the file. */
  get truncated(): boolean {
    return this.#stream.truncated === true;
  }

  /**
   * All chunks.
   * @throws {DecodeError} `too-many-bytes` if it was cut, or has more than `maxBytes`
   */
  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; ; at++) {
      while (at === this.#chunks.length && !this.#ended) await this.#more();
      if (this.#error !== undefined) throw this.#error;
      const chunk = this.#chunks[at];
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /** All chunks, for the last reader: it is their owner. They end where the file breaks off. */
  async *last(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      while (this.#chunks.length === 0 && !this.#ended) await this.#more();
      const chunk = this.#chunks.shift();
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /** Drops all that no reader has read. @returns why that failed, if it did */
  async toEnd(): Promise<DecodeError | undefined> {
    for await (const _ of this.last());
    if (this.#error === undefined || this.#error instanceof DecodeError) return this.#error;
    return new DecodeError('unreadable', 'the file broke off', { cause: this.#error });
  }

  /** Reads one more chunk, or finds the end. */
  #more(): Promise<void> {
    this.#reading ??= this.#readOne().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readOne(): Promise<void> {
    try {
      const { done, value } = await this.#iterator.next();
      if (done) {
        this.#ended = true;
        if (this.truncated) throw tooLong();
        return;
      }
      const chunk = value as Uint8Array;
      this.#length += chunk.length;
      if (this.#length > this.#maxBytes) throw tooLong();
      if (this.#hold?.(chunk.length) === false) throw new DecodeError('busy', 'too many files');
      this.#chunks.push(chunk);
    } catch (error) {
      this.#ended = true;
      this.#error = error as Error;
    }
  }
}

const tooLong = () => new DecodeError('too-many-bytes', 'the file is longer than it may be');
