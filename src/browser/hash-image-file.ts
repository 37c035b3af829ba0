import { DecodeError } from '../errors.js';
import type { HashedFile, HashingOptions, Stage } from './message.js';
import { poolOf, type WorkerOptions } from './pools.js';

/** How an image file is read and hashed. */
export interface HashImageFileOptions extends HashingOptions, WorkerOptions {
  /** bytes of the file; 64 MiB unless told */
  maxBytes?: number;
  /** of reading, decoding and hashing, from when its turn comes; 60 unless told, at most 3600 */
  timeoutSeconds?: number;
  signal?: AbortSignal;
  /** called when the file is being read, decoded and hashed */
  onProgress?: (stage: Stage) => void;
}

const MAX_BYTES = 64 * 2 ** 20;
const MAX_TIMEOUT_SECONDS = 3600;

/**
 * Hash of an image file that a person chose: the same as `hashFile` gives in Node. It is decoded and hashed in a Worker,
 * off the page's thread; nothing of it leaves the device. Call it for as many files as there are: they wait, unread, for
 * one of a few Workers.
 * @returns rejects with `signal.reason` on abort, and the decoding stops
 * @throws {DecodeError} whose code says why there is no hash; the message says what to do
 * @throws {TypeError | RangeError} for a file or an option that is none
 * @example
 * const { hash, quality, variants } = await hashImageFile(input.files[0], { signal });
 */
export async function hashImageFile(
  file: Blob,
  options: HashImageFileOptions = {},
): Promise<HashedFile> {
  checkHashImageFileOptions(options);
  if (!(file instanceof Blob)) throw new TypeError('expected a File or Blob');
  const { maxBytes = MAX_BYTES, timeoutSeconds = 60, signal, onProgress } = options;
  return await poolOf(options).run<HashedFile>({
    signal,
    timeoutSeconds,
    async request() {
      onProgress?.('reading');
      const bytes = await bytesOf(file, maxBytes);
      onProgress?.('decoding');
      return { bytes, options: hashingOptions(options) };
    },
    result: (reply) => (reply as { image: HashedFile }).image,
    bitmapOf: (bytes) =>
      createImageBitmap(new Blob([bytes]), { colorSpaceConversion: 'none' }).catch(() => undefined),
    onStage: (stage) => onProgress?.(stage),
  });
}

async function bytesOf(file: Blob, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (file.size === 0) throw new DecodeError('empty', 'expected an image, got no bytes');
  if (file.size > maxBytes) {
    throw new DecodeError('too-many-bytes', `expected at most ${maxBytes} bytes`);
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    // The browser's error may name the file.
    throw new DecodeError('unreadable', 'the file cannot be read: it may have been moved');
  }
}

/** Those of the options that go to the Worker: functions and signals cannot. */
function hashingOptions(options: HashingOptions): HashingOptions {
  const { algorithm, bits, resample, exact, variants, orientation, maxPixels } = options;
  const given = { algorithm, bits, resample, exact, variants, orientation, maxPixels };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * Checks the values of `options` but those of the hash itself, which the Worker checks.
 * @throws {TypeError | RangeError} for one that is none
 */
export function checkHashImageFileOptions(options: HashImageFileOptions): void {
  const { orientation = 'display', variants = 'none' } = options;
  const { maxBytes = 1, maxPixels = 1, timeoutSeconds = 1 } = options;
  if (orientation !== 'display' && orientation !== 'stored') {
    throw new RangeError("expected orientation 'display' or 'stored'");
  }
  if (!['none', 'orientation', 'dihedral', 'thorough'].includes(variants)) {
    throw new RangeError("expected variants 'none', 'orientation', 'dihedral' or 'thorough'");
  }
  if (!(maxBytes >= 1)) throw new RangeError(`expected maxBytes >= 1, got ${maxBytes}`);
  if (!(Number.isSafeInteger(maxPixels) && maxPixels >= 1)) {
    throw new RangeError(`expected maxPixels to be an integer >= 1, got ${maxPixels}`);
  }
  if (!(timeoutSeconds > 0 && timeoutSeconds <= MAX_TIMEOUT_SECONDS)) {
    throw new RangeError(
      `expected timeoutSeconds above 0 and at most ${MAX_TIMEOUT_SECONDS}, got ${timeoutSeconds}`,
    );
  }
}
