import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import {
  type BatchOptions,
  type BatchProgress,
  type BatchResult,
  checkBatch,
  type HashProgress as FileHashProgress,
  type HashResult,
  hashesInOrder,
  inOrder,
} from '../picture/batch.js';
import { checkHashFileOptions, type HashFileOptions, hashFile } from './hash-file.js';
import { checkPool, type HashPool } from './hash-pool.js';

/** How many files are read, decoded and hashed, and who is told. */
export interface HashFilesOptions extends HashFileOptions, BatchOptions<HashProgress> {
  /**
   * where files are decoded and hashed: a pool of processes is twice as fast on two cores where
   * many variants are hashed, and a file that breaks a decoder breaks no more. `concurrency` is
   * then one more than its workers by default; if it is more than those and its queue, files are
   * `busy`
   * @defaultValue this process
   */
  pool?: HashPool | undefined;
}

/** A file that is done, with its hashes or its error, and how far the batch has come. */
export type HashProgress = FileHashProgress<string>;

/** One file of a batch: its hash, or why it has none. */
export type HashFilesResult = HashResult<string>;

/** One file of a batch: what its job gave, or why it gave nothing. */
export type FileResult<T> = BatchResult<string, T>;

/** One more than the cores: one picture is hashed while the others decode. */
const concurrencyOf = ({
  concurrency = availableParallelism() + 1,
}: {
  concurrency?: number | undefined;
}) => concurrency;

/**
 * Hashes of many files, in the order of `paths`, decoded on all cores. If a file cannot be decoded,
 * or an item is not a path, its error stands in its place and the others go on. Paths are taken and
 * files read only so far ahead of the reader of the results (16 times `concurrency`, by default one
 * more than the cores); when it stops (`break`) or `signal` aborts, so does the work.
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
  checkBatch(paths, 'an iterable of paths', options);
  checkHashFileOptions(options);
  const { onProgress, signal, pool, concurrency: wanted, ...rest } = options;
  if (pool !== undefined) checkPool(pool);
  const concurrency = wanted ?? (pool && pool.workers + 1);
  const hash = (file: string, end: AbortSignal) => {
    const hashing = { ...rest, signal: end };
    return pool === undefined ? hashFile(file, hashing) : pool.hash(file, hashing);
  };
  const batch = { onProgress, signal, concurrency: concurrencyOf({ concurrency }) };
  yield* hashesInOrder(
    paths,
    hash,
    'a path, bytes, a Blob, a stream, a Request or a Response',
    batch,
  );
}

/**
 * As `hashFiles`, with a job of the caller's for each file, in the order of `paths`: to match a
 * file at once, say, so that its pixels are held no longer than that. What it rejects with stands
 * in the file's place if it is a DecodeError, and ends the batch otherwise.
 * @param job begins when its file's turn has come; its signal aborts when the batch ends
 * @throws {TypeError | RangeError} at the first result, if an argument is invalid
 * @example
 * const job = async (file, signal) => {
 *   const { variants } = await variantsOfFile(file, { signal });
 *   return match(variants, blocklist);
 * };
 * for await (const { file, value: decision, error } of eachFile(paths, job)) …
 */
export async function* eachFile<T>(
  paths: Iterable<string> | AsyncIterable<string>,
  job: (file: string, signal: AbortSignal) => Promise<T>,
  options: BatchOptions<BatchProgress<string, T>> = {},
): AsyncGenerator<FileResult<T>, void, undefined> {
  checkBatch(paths, 'an iterable of paths', options);
  if (typeof job !== 'function') throw new TypeError('expected job to be a function');
  const begun = (file: string, end: AbortSignal) => {
    // Node warns of a leak from the eleventh listener on: each job may have one.
    setMaxListeners(0, end);
    return job(file, end);
  };
  yield* inOrder(paths, begun, { ...options, concurrency: concurrencyOf(options) });
}
