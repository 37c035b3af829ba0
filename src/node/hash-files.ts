import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { callback, checkedOptions, integer, type OptionTable, tableOf } from '../door.js';
import type { HashedFile } from '../picture/hash-picture.js';
import {
  BATCH_OPTIONS,
  type BatchOptions,
  type BatchProgress,
  type BatchResult,
  checkFiles,
  errorsInPlace,
  inOrder,
} from '../picture/waiting.js';
import { HASH_FILE_OPTIONS, type HashFileOptions, hash as hashFile } from './hash-file.js';

/** Options for hashing many files, with progress reports. */
export interface HashFilesOptions<T = HashedFile>
  extends HashFileOptions,
    BatchOptions<BatchProgress<string, T>> {
  /**
   * hashes a file, for example in a pool: on two cores its processes are twice as fast where many
   * variants are hashed, and a file that crashes a decoder crashes nothing else. It may do anything
   * else with the file, such as matching it at once. A DecodeError that it rejects with becomes the
   * file's result; any other error ends the batch. Its signal aborts when the batch ends
   * @defaultValue `hash`
   */
  hash?:
    | ((file: string, options: HashFileOptions & { signal: AbortSignal }) => Promise<T>)
    | undefined;
}

export const HASH_FILES_OPTIONS = tableOf(HASH_FILE_OPTIONS, BATCH_OPTIONS, {
  // One more than the cores: one picture is hashed while the others decode.
  concurrency: { is: integer, least: 1, default: availableParallelism() + 1 },
  hash: { is: callback },
}) satisfies OptionTable<HashFilesOptions<unknown>>;

/** One file of a batch: its hash, or why it has none. */
export type HashFilesResult<T = HashedFile> = BatchResult<string, T>;

/**
 * Hashes of many files, in the order of `paths`, decoded on all cores. If a file cannot be decoded,
 * or an item is not a path, its result is the error and the others go on. Paths are taken and files
 * read only so far ahead of the reader of the results (16 times `concurrency`, by default one more
 * than the cores); when it stops (`break`) or `signal` aborts, so does the work.
 * @param paths in any iterable, asynchronous too (a directory being walked)
 * @returns throws `signal.reason` on abort
 * @throws {TypeError | RangeError} at the first result, if an option is invalid
 * @example
 * for await (const { file, image, error } of hashAll(paths, { signal })) …
 * @example
 * const hash = (file, options) => pool.hash(file, options);
 * for await (const { file, image, error } of hashAll(paths, { hash })) …
 */
export async function* hashAll<T = HashedFile>(
  paths: Iterable<string> | AsyncIterable<string>,
  options: HashFilesOptions<T> = {},
): AsyncGenerator<HashFilesResult<T>, void, undefined> {
  checkFiles(paths, 'an iterable of paths');
  const { concurrency } = checkedOptions(options as HashFilesOptions<unknown>, HASH_FILES_OPTIONS);
  const { concurrency: _, onProgress, signal, hash, ...rest } = options;
  // Without the option, `hash` of this package hashes them, and `T` is its result.
  const hashed = hash ?? (hashFile as unknown as NonNullable<typeof hash>);
  const job = (file: string, end: AbortSignal) => {
    // Node warns of a leak from the eleventh listener, and each file may add one.
    setMaxListeners(0, end);
    return hashed(file, { ...rest, signal: end });
  };
  const what = 'a path, bytes, a Blob, a stream, a Request or a Response';
  const batch = { concurrency, onProgress, signal };
  yield* inOrder(paths, hash ? job : errorsInPlace(job, what), batch);
}
