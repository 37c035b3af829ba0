import { checkedBriefly, type OptionTable } from '../door.js';
import {
  type BatchOptions,
  type BatchProgress,
  type BatchResult,
  checkFiles,
  errorsInPlace,
  inOrder,
} from '../picture/waiting.js';
import { HASH_FILE_OPTIONS, type HashFileOptions, hash } from './hash-image-file.js';
import { poolOf } from './worker/workers.js';

/** Options for hashing many files, with progress reports. */
export interface HashFilesOptions
  extends Omit<HashFileOptions, 'onProgress'>,
    BatchOptions<HashProgress> {}

/** A file that is done, with its hashes or its error, and the progress of the batch. */
export type HashProgress = BatchProgress<Blob>;

/** One file of a batch: its hash, or why it has none. */
export type HashImageFilesResult = BatchResult<Blob>;

/**
 * Hashes of many files, in their order. If a file cannot be hashed, its result is the error, and
 * the others go on. Files are taken only so far ahead of the reader of the results (16 times
 * `concurrency`). When the reader stops (`break`) or `signal` aborts, so does the work.
 * @param files a `FileList`, an array or any other iterable, asynchronous ones too
 * @returns throws `signal.reason` on abort
 * @throws {TypeError | RangeError} at the first result, if an option is invalid
 * @example
 * for await (const { file, image, error } of hashAll(input.files, { signal })) …
 */
export async function* hashAll(
  files: Iterable<Blob> | AsyncIterable<Blob>,
  options: HashFilesOptions = {},
): AsyncGenerator<HashImageFilesResult, void, undefined> {
  checkFiles(files, 'a list of files');
  checkedBriefly(options, HASH_FILE_OPTIONS as unknown as OptionTable<HashFilesOptions>);
  const { onProgress, signal, ...rest } = options;
  const job = (file: Blob, end: AbortSignal) => hash(file, { ...rest, signal: end });
  const batch = { onProgress, signal, concurrency: poolOf(options).size };
  // Copied, because a page that sets `input.value` to '' empties `input.files`.
  const all = Symbol.iterator in files && 'length' in files ? Array.from(files) : files;
  yield* inOrder(all, errorsInPlace(job, 'a File or Blob'), batch);
}
