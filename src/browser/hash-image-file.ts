import { checkTypeOf } from '../door.js';
import type { HashedFile } from '../picture/hash-picture.js';
import { checkFileOptions, TIMEOUT_SECONDS } from '../picture/options.js';
import type { HashingOptions, Stage } from './message.js';
import { poolOf } from './pools.js';
import { bitmapOf, bytesOf, checkReadFileOptions, type ReadFileOptions } from './read-file.js';
import { imageIn } from './reply.js';

/** How an image file is read and hashed. */
export interface HashImageFileOptions extends HashingOptions, ReadFileOptions {
  /** called when the file is being read, decoded and hashed */
  onProgress?: (stage: Stage) => void;
}

/**
 * Hash of an image file that a person chose: the same as `hashFile` gives in Node. It is decoded and hashed in a Worker,
 * off the page's thread; nothing of it leaves the device. Call it for as many files as there are: they wait, unread, for
 * one of a few Workers.
 * @returns rejects with `signal.reason` on abort, and the decoding stops
 * @throws {DecodeError} whose code says why there is no hash; the message says what to do
 * @throws {TypeError | RangeError} if `file` is no Blob or an option is invalid
 * @example
 * const { hash, quality, variants } = await hashImageFile(input.files[0], { signal });
 */
export async function hashImageFile(
  file: Blob,
  options: HashImageFileOptions = {},
): Promise<HashedFile> {
  checkHashImageFileOptions(options);
  if (!(file instanceof Blob)) throw new TypeError('expected a File or Blob');
  const { maxBytes, timeoutSeconds = TIMEOUT_SECONDS, signal, onProgress } = options;
  return await poolOf(options).run<HashedFile>({
    signal,
    timeoutSeconds,
    async request() {
      onProgress?.('reading');
      const bytes = await bytesOf(file, maxBytes);
      onProgress?.('decoding');
      return { bytes, options: hashingOptions(options) };
    },
    result: (reply) => imageIn(reply, options),
    bitmapOf,
    onStage: (stage) => onProgress?.(stage),
  });
}

/** Those of the options that go to the Worker: functions and signals cannot. */
function hashingOptions(options: HashingOptions): HashingOptions {
  const { algorithm, bits, resample, exact, variants, orientation, maxPixels } = options;
  const given = { algorithm, bits, resample, exact, variants, orientation, maxPixels };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** @throws {TypeError | RangeError} if an option is invalid */
export function checkHashImageFileOptions(
  options: Omit<HashImageFileOptions, 'onProgress'> & { onProgress?: unknown },
): void {
  checkFileOptions(options);
  checkReadFileOptions(options);
  checkTypeOf('onProgress', options.onProgress, 'function');
}
