import { checkLimits, checkOptions, checkSignal } from '../door.js';
import { DecodeError } from '../errors.js';
import { checkWorkers, type WorkerOptions } from './pools.js';

/** How an image file is read, and who decodes it. */
export interface ReadFileOptions extends WorkerOptions {
  /**
   * bytes of the file
   * @defaultValue 64 MiB
   */
  maxBytes?: number;
  /**
   * width x height
   * @defaultValue 2^26, 8192 x 8192
   */
  maxPixels?: number;
  /**
   * for all work on the file once its turn has come; at most 3600
   * @defaultValue 60
   */
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

const MAX_BYTES = 64 * 2 ** 20;

/** Seconds for a file where the caller names none. */
export const TIMEOUT_SECONDS = 60;

/**
 * @throws {DecodeError} `empty`, `too-many-bytes` or `unreadable`
 */
export async function bytesOf(file: Blob, maxBytes = MAX_BYTES): Promise<Uint8Array<ArrayBuffer>> {
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

/** The page's part, where a Worker cannot decode a file. */
export const bitmapOf = (bytes: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | undefined> =>
  createImageBitmap(new Blob([bytes]), { colorSpaceConversion: 'none' }).catch(() => undefined);

/** @throws {TypeError | RangeError} if an option is invalid */
export function checkReadFileOptions(options: ReadFileOptions): void {
  checkOptions(options);
  checkLimits(options);
  checkSignal(options.signal);
  checkWorkers(options);
}
