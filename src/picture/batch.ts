import {
  checkAsyncIterable,
  checkInteger,
  checkOptions,
  checkSignal,
  checkTypeOf,
} from '../door.js';
import { DecodeError } from '../errors.js';
import type { HashedFile } from './hash-picture.js';
import { onAbort, Turns, unlessAborted } from './waiting.js';

/** How many pictures are at work, and who is told. */
export interface BatchOptions<Progress> {
  /** pictures at work at a time: read, decoded and hashed */
  concurrency?: number;
  /** called when a picture is done, in whatever order they end */
  onProgress?: ((progress: Progress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** How far a batch has come. */
export interface BatchCounts {
  /** files done so far, this one included */
  readonly done: number;
  /** those of them that gave an error */
  readonly failed: number;
  /** all files, if they came as an array or a `FileList` */
  readonly total: number | undefined;
}

/** One file of a batch: what its job made of it, as its hashes, or why it made nothing. */
export type BatchResult<File, T = HashedFile> =
  | { readonly file: File; readonly image: T; readonly error?: undefined }
  | { readonly file: File; readonly image?: undefined; readonly error: DecodeError };

/** A file that is done, with what came of it, before its turn among the results if need be. */
export type BatchProgress<File, T = HashedFile> = BatchResult<File, T> & BatchCounts;

/** Files begun beyond the one whose result is due, for each at work: a slow one holds up none. */
const LOOK_AHEAD = 16;

/**
 * What `job` gives for each file, in their order. A DecodeError stands in the place of its file,
 * and the others go on; any other error ends the batch. Files are taken only so far ahead of the
 * reader of the results. When the reader stops (`break`) or `signal` aborts, so does the work.
 * @param job begins when the turn of its file has come; its signal aborts when the batch ends
 * @returns throws `signal.reason` on abort
 */
export async function* inOrder<File, T>(
  files: Iterable<File> | AsyncIterable<File>,
  job: (file: File, signal: AbortSignal) => Promise<T>,
  {
    concurrency,
    onProgress,
    signal,
  }: BatchOptions<BatchProgress<File, T>> & { concurrency: number },
): AsyncGenerator<BatchResult<File, T>, void, undefined> {
  signal?.throwIfAborted();
  const iterator: Iterator<File> | AsyncIterator<File> =
    Symbol.asyncIterator in files ? files[Symbol.asyncIterator]() : files[Symbol.iterator]();
  // Ends the work when the caller's signal does, and when the caller wants no more results.
  const end = new AbortController();
  const forget = onAbort(signal, () => end.abort(signal?.reason));
  const turns = new Turns(concurrency);
  const { length } = files as { length?: unknown };
  const total = typeof length === 'number' ? length : undefined;
  let done = 0;
  let failed = 0;

  const begin = (file: File) => {
    const result = turns.run(() => resultOf(file), end.signal).then((result) => ({ result }));
    // Its error is thrown when it is due, if that comes.
    result.catch(() => {});
    return result;
  };

  async function resultOf(file: File): Promise<BatchResult<File, T>> {
    let result: BatchResult<File, T>;
    try {
      result = { file, image: await job(file, end.signal) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      result = { file, error };
      failed++;
    }
    onProgress?.({ ...result, done: ++done, failed, total });
    return result;
  }

  /** results that are due, in order */
  const begun: Promise<{ result: BatchResult<File, T> }>[] = [];
  let next: Promise<{ entry: IteratorResult<File> }> | undefined;
  let ended = false;
  try {
    for (;;) {
      if (next === undefined && !ended && begun.length < concurrency * LOOK_AHEAD) {
        next = Promise.resolve(iterator.next()).then((entry) => ({ entry }));
        next.catch(() => {});
      }
      const first = begun[0];
      if (next === undefined && first === undefined) return;
      // A file may be long in coming (a slow walk, a pipe): a result does not wait for it.
      const either = [next, first].filter((promise) => promise !== undefined);
      const came = await unlessAborted(Promise.race(either), end.signal);
      if ('result' in came) {
        begun.shift();
        yield came.result;
      } else {
        next = undefined;
        if (came.entry.done) ended = true;
        else begun.push(begin(came.entry.value));
      }
    }
  } finally {
    forget();
    end.abort();
    // Not awaited: a walk that hangs would hang this too.
    Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/**
 * `job` with every error as one of its file, which stands in its place, unless work has been
 * aborted.
 * @param job is given valid options
 * @param what a file, in words
 */
export const errorsInPlace =
  <File, T>(job: (file: File, signal: AbortSignal) => Promise<T>, what: string): typeof job =>
  async (file, signal) => {
    try {
      return await job(file, signal);
    } catch (error) {
      // The signal's reason is of this batch, an AbortError of all work at once.
      const { name } = Object(error) as Partial<Error>;
      if (error instanceof DecodeError || signal.aborted || name === 'AbortError') throw error;
      const message =
        error instanceof TypeError ? `expected ${what}` : 'the picture could not be hashed';
      throw new DecodeError('unreadable', message, { cause: error });
    }
  };

/**
 * Checks what a batch is asked for.
 * @param what the files, in words
 * @throws {TypeError | RangeError} if an argument is invalid
 */
export function checkBatch(
  files: unknown,
  what: string,
  options: { concurrency?: unknown; onProgress?: unknown; signal?: unknown },
): void {
  checkOptions(options);
  const { concurrency, onProgress, signal } = options;
  if (concurrency !== undefined) checkInteger('concurrency', concurrency, 1);
  checkTypeOf('onProgress', onProgress, 'function');
  checkSignal(signal);
  checkAsyncIterable(files, what);
  if (files instanceof Uint8Array) throw new TypeError(`expected ${what}`);
}
