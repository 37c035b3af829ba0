import { checkInteger, checkObject } from '../door.js';
import { DecodeError } from '../errors.js';
import type { HashedFile } from '../picture/hash-picture.js';
import {
  checkHashImageFileOptions,
  type HashImageFileOptions,
  hashImageFile,
} from './hash-image-file.js';

/** How many files are hashed, and who is told. */
export interface HashImageFilesOptions extends Omit<HashImageFileOptions, 'onProgress'> {
  /** called when a file is done, in whatever order they end */
  onProgress?: (progress: HashProgress) => void;
}

/** How far a batch has come. */
export interface HashProgress {
  /** the file that is done */
  file: Blob;
  /** files done so far, this one included */
  done: number;
  /** those of them that gave an error */
  failed: number;
  /** all files */
  total: number;
}

/** One file of a batch: its hash, or why it has none. */
export type HashImageFilesResult =
  | { readonly file: Blob; readonly image: HashedFile; readonly error?: undefined }
  | { readonly file: Blob; readonly image?: undefined; readonly error: DecodeError };

/** Files begun beyond the one whose result is due: a slow one then holds up none behind it. */
const LOOK_AHEAD = 32;

/**
 * Hashes of many files, in their order. A file that cannot be hashed gives its error in its place, and the others go on.
 * When the reader of the results stops (`break`) or `signal` aborts, so does the work.
 * @param files a `FileList`, an array of files
 * @returns throws `signal.reason` on abort
 * @throws {TypeError | RangeError} at the first result, for files or options that are none
 * @example
 * for await (const { file, image, error } of hashImageFiles(input.files, { signal })) …
 */
export async function* hashImageFiles(
  files: ArrayLike<Blob>,
  options: HashImageFilesOptions = {},
): AsyncGenerator<HashImageFilesResult, void, undefined> {
  checkHashImageFileOptions(options);
  const { onProgress, signal, ...rest } = options;
  checkObject(files, 'a list of files');
  checkInteger('length', files.length, 0);
  signal?.throwIfAborted();
  // Ends the work when the caller's signal does, and when the caller wants no more results.
  const end = new AbortController();
  const onAbort = () => end.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const all = Array.from(files);
  let done = 0;
  let failed = 0;
  const resultOf = async (file: Blob): Promise<HashImageFilesResult> => {
    let result: HashImageFilesResult;
    try {
      result = { file, image: await hashImageFile(file, { ...rest, signal: end.signal }) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      result = { file, error };
      failed++;
    }
    onProgress?.({ file, done: ++done, failed, total: all.length });
    return result;
  };
  const begun: Promise<HashImageFilesResult>[] = [];
  try {
    for (let next = 0; next < all.length || begun.length > 0; ) {
      while (next < all.length && begun.length < LOOK_AHEAD) {
        const result = resultOf(all[next++]!);
        // Its error is thrown when it is due, if that comes.
        result.catch(() => {});
        begun.push(result);
      }
      const result = await begun.shift()!;
      // One that was ready before the abort, too.
      signal?.throwIfAborted();
      yield result;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    end.abort();
  }
}
