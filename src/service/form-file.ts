import type { Readable } from 'node:stream';
import { checkObject } from '../door.js';
import { DecodeError } from '../errors.js';
import type { Decision } from '../matching/decision.js';
import { type Scanner, UploadRefused } from './scanner.js';

/** The stream of a file in a form; parsers set `truncated` if they cut it at their limit. */
export type FileStream = Readable & { readonly truncated?: boolean };

/**
 * Checks a file of a form, and gives it to `keep`, which may be its first reader: if it is accepted
 * without a check. Only after its end it is known to be whole.
 * @param undo takes back what was kept of a file that was not whole
 * @param hold counts the bytes of each chunk, and throws a DecodeError if they are too many
 * @throws {UploadRefused} if it is not kept
 */
export async function keptFile<Upload, Kept>(
  scanner: Scanner<Upload>,
  { stream, upload, signal, hold }: FormUpload<Upload>,
  keep: (chunks: AsyncIterable<Uint8Array>, decision: Decision) => Promise<Kept>,
  undo?: (kept: Kept) => Promise<void>,
): Promise<Kept> {
  const file = new FormFile(stream, scanner.maxBytes, hold);
  const outcome = await scanner.scan(file.read(), upload, signal);
  if (!outcome.keep) throw new UploadRefused(outcome);
  const kept = await keep(file.last(), outcome.decision);
  const error = await file.toEnd();
  if (!error) return kept;
  await undo?.(kept);
  throw new UploadRefused(await scanner.notKept(error, upload));
}

/** A file of a form, and what is known of it. */
interface FormUpload<Upload> {
  readonly stream: FileStream;
  readonly upload: Upload;
  readonly signal?: AbortSignal | undefined;
  readonly hold?: (bytes: number) => void;
}

/**
 * A file of a form. It is read once, for the check and for what keeps it: each reader sees all of
 * it from the beginning, however far another one has come.
 */
class FormFile {
  readonly #stream: FileStream;
  readonly #maxBytes: number;
  readonly #hold: ((bytes: number) => void) | undefined;
  readonly #iterator: AsyncIterator<unknown>;
  readonly #chunks: Uint8Array[] = [];
  #length = 0;
  #ended = false;
  #error: Error | undefined;
  #reading: Promise<void> | undefined;

  constructor(stream: FileStream, maxBytes: number, hold: FormUpload<unknown>['hold']) {
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
      this.#hold?.(chunk.length);
      this.#chunks.push(chunk);
    } catch (error) {
      this.#ended = true;
      this.#error = error as Error;
    }
  }
}

const tooLong = () => new DecodeError('too-many-bytes', 'the file is longer than it may be');
