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

/** Stream of a file in a form; parsers set `truncated` if they cut it at their limit. */
export type FileStream = Readable & { readonly truncated?: boolean };

/** Options of `keep`. */
export interface KeepOptions<Kept> {
  /** undoes `keep` for a file that turned out to be incomplete */
  undo?: ((kept: Kept) => Promise<void>) | undefined;
  /** counts the bytes of a chunk; false means that there is no room, and the file is `busy` */
  hold?: ((bytes: number) => boolean) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * The base of framework adapters: checks uploads, reports each decision to `onDecision`, and
 * refuses by the options.
 * @typeParam Upload the adapter's description of an upload, for `onDecision`
 */
export interface UploadScanner<Upload> {
  /**
   * Checks an upload that is already stored or in memory.
   * @returns the decision, if the upload is accepted; otherwise rejects with an `UploadRefused`, or
   *   with an error of `onDecision` or `check`
   */
  check(source: ImageSource, upload: Upload, signal?: AbortSignal): Promise<Decision>;
  /**
   * Checks a file as it arrives, and passes it to `keep` if it is accepted. It is held in memory
   * until the check is done. A file accepted without a check is not held: `keep` gets it as it
   * arrives, and `undo` follows if it breaks off. A file that the parser cut is refused, never
   * taken for complete.
   * @param keep reads the chunks, which end early if the file breaks off
   * @returns the result of `keep`; rejects as `check` does, or with an error of `keep` or `undo`
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
 * Creates a scanner for a framework adapter. `examples/` has adapters for multer, Fastify and tus.
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

/** @throws {UploadRefused} if the upload is refused */
function decisionOf(outcome: Outcome): Decision {
  if (!outcome.keep) throw new UploadRefused(outcome);
  return outcome.decision;
}

/**
 * A file of a form, read once for both the check and `keep`: each reader sees all of it from the
 * beginning, however far the other has read.
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
    // Never call `return`: it would destroy the stream, and another reader needs the rest.
    this.#iterator = stream[Symbol.asyncIterator]();
  }

  /** True if the parser cut it: the end of the stream is not the end of the file. */
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

  /** All chunks, for the last reader, which owns them. They end early if the file breaks off. */
  async *last(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      while (this.#chunks.length === 0 && !this.#ended) await this.#more();
      const chunk = this.#chunks.shift();
      if (chunk === undefined) return;
      yield chunk;
    }
  }

  /** Drops all unread chunks. @returns the error, if that failed */
  async toEnd(): Promise<DecodeError | undefined> {
    for await (const _ of this.last());
    if (this.#error === undefined || this.#error instanceof DecodeError) return this.#error;
    return new DecodeError('unreadable', 'the file was cut off', { cause: this.#error });
  }

  /** Reads one more chunk, or the end. */
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

const tooLong = () => new DecodeError('too-many-bytes', 'the file is too long');
