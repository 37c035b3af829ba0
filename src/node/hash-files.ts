import { availableParallelism } from 'node:os';
import {
  checkAsyncIterable,
  checkInteger,
  checkOptions,
  checkSignal,
  checkTypeOf,
} from '../door.js';
import { DecodeError } from '../errors.js';
import { settleWithin } from './deadline.js';
import {
  checkHashFileOptions,
  type HashedFile,
  type HashFileOptions,
  hashFile,
} from './hash-file.js';
import { onAbort } from './on-abort.js';
import { Turns } from './turns.js';

/** How many files are read, decoded and hashed, and who is told. */
export interface HashFilesOptions extends HashFileOptions {
  /**
   * files at work at a time; default one more than the cores: one is hashed while the others decode
   */
  concurrency?: number;
  /** called when a file is done, in whatever order they end */
  onProgress?: (progress: HashProgress) => void;
}

/** How far a batch has come. */
export interface HashProgress {
  /** the file that is done */
  file: string;
  /** files done so far, this one included */
  done: number;
  /** those of them that gave an error */
  failed: number;
  /** all files, where `paths` was an array */
  total: number | undefined;
}

/** One file of a batch: its hash, or why it has none. */
export type HashFilesResult =
  | { readonly file: string; readonly image: HashedFile; readonly error?: undefined }
  | { readonly file: string; readonly image?: undefined; readonly error: DecodeError };

/**
 * Files begun beyond the one whose result is due, per file at work: a slow one then holds up none
 * behind it.
 */
const LOOK_AHEAD = 16;

/**
 * Hashes of many files, in the order of `paths`, decoded on all cores. If a file cannot be decoded,
 * or an item is not a path, its error stands in its place and the others go on. Paths are taken and
 * files read only so far ahead of the reader of the results (16 times `concurrency`); when it stops
 * (`break`) or `signal` aborts, so does the work.
 * @param paths in any iterable, asynchronous too (a directory being walked)
 * @returns throws `signal.reason` on abort
 * @throws {TypeError | RangeError} at the first result, if an option is invalid
 * @example
 * for await (const { file, image, error } of hashFiles(paths, { signal })) …
 */
export async function* hashFiles(
  paths: Iterable<string> | AsyncIterable<string>,
  options: HashFilesOptions = {},
): AsyncGenerator<HashFilesResult, void, undefined> {
  checkHashFileOptions(options);
  const job = async (file: string, signal: AbortSignal) => {
    try {
      return await hashFile(file, { ...options, signal });
    } catch (error) {
      throw signal.aborted ? error : asDecodeError(error);
    }
  };
  for await (const { file, value: image, error } of eachFile(paths, job, options)) {
    yield error ? { file, error } : { file, image };
  }
}

/** The options are valid, so whatever is thrown is about this one file. */
function asDecodeError(error: unknown): DecodeError {
  if (error instanceof DecodeError) return error;
  const message =
    error instanceof TypeError
      ? 'expected a path, bytes or a stream of bytes'
      : 'the picture could not be hashed';
  return new DecodeError('unreadable', message, { cause: error });
}

/** One file of a batch: what its job gave, or why it gave nothing. */
export type FileResult<T> =
  | { readonly file: string; readonly value: T; readonly error?: undefined }
  | { readonly file: string; readonly value?: undefined; readonly error: DecodeError };

/**
 * As `hashFiles`, with a job of the caller's for each file, in the order of `paths`: to match a
 * file at once, say, so that its pixels are held no longer than that. What it rejects with stands
 * in the file's place if it is a DecodeError, and ends the batch otherwise.
 * @param job gets a signal that aborts when the batch ends
 * @throws {TypeError | RangeError} at the first result, if an argument is invalid
 * @example
 * const job = async (file, signal) => {
 *   const { variants } = await variantsOfFile(file, { signal });
 *   return blocklist.decide(variants);
 * };
 * for await (const { file, value: decision, error } of eachFile(paths, job)) …
 */
export async function* eachFile<T>(
  paths: Iterable<string> | AsyncIterable<string>,
  job: (file: string, signal: AbortSignal) => Promise<T>,
  options: Pick<HashFilesOptions, 'concurrency' | 'onProgress' | 'signal'> = {},
): AsyncGenerator<FileResult<T>, void, undefined> {
  checkOptions(options);
  const { concurrency = availableParallelism() + 1, onProgress, signal } = options;
  checkInteger('concurrency', concurrency, 1);
  if (typeof job !== 'function') throw new TypeError('expected job to be a function');
  checkTypeOf('onProgress', onProgress, 'function');
  checkSignal(signal);
  checkAsyncIterable(paths, 'an iterable of paths');
  if (paths instanceof Uint8Array) throw new TypeError('expected an iterable of paths');
  signal?.throwIfAborted();
  // Ends the work when the caller's signal does, and when the caller wants no more results.
  const end = new AbortController();
  const forget = onAbort(signal, () => end.abort(signal?.reason));
  const turns = new Turns(concurrency);
  const total = Array.isArray(paths) ? paths.length : undefined;
  let done = 0;
  let failed = 0;

  const begin = (file: string) => {
    const result = turns.run(() => resultOf(file), end.signal).then((result) => ({ result }));
    // Its error is thrown when it is due, if that comes.
    result.catch(() => {});
    return result;
  };

  async function resultOf(file: string): Promise<FileResult<T>> {
    let result: FileResult<T>;
    try {
      result = { file, value: await job(file, end.signal) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      result = { file, error };
      failed++;
    }
    onProgress?.({ file, done: ++done, failed, total });
    return result;
  }

  const iterator: Iterator<string> | AsyncIterator<string> =
    Symbol.asyncIterator in paths ? paths[Symbol.asyncIterator]() : paths[Symbol.iterator]();
  /** results that are due, in order */
  const begun: Promise<{ result: FileResult<T> }>[] = [];
  let next: Promise<{ entry: IteratorResult<string> }> | undefined;
  let ended = false;
  try {
    for (;;) {
      if (next === undefined && !ended && begun.length < concurrency * LOOK_AHEAD) {
        next = Promise.resolve(iterator.next()).then((entry) => ({ entry }));
        next.catch(() => {});
      }
      const first = begun[0];
      if (next === undefined && first === undefined) return;
      // A path may be long in coming (a slow walk, a pipe): a result that is there does not wait
      // for it.
      const came = await settleWithin(
        Promise.race([next, first].filter((promise) => promise !== undefined)),
        { signal: end.signal },
      );
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
