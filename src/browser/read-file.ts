import { DecodeError } from '../errors.js';
import { checkLimits, type Limits, MAX_BYTES } from '../picture/options.js';
import { checkWorkers, type WorkerOptions } from './pools.js';

/** How an image file is read, and who decodes it. */
export interface ReadFileOptions extends Limits, WorkerOptions {}

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
  checkLimits(options);
  checkWorkers(options);
}
