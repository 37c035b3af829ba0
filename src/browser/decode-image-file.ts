import { checkInteger } from '../door.js';
import { checkLimits, type Limits, TIMEOUT_SECONDS } from '../picture/options.js';
import { within } from '../picture/waiting.js';
import type { DisplayedPixels } from './worker/message.js';
import { pixelsIn } from './worker/reply.js';
import {
  answerTo,
  bytesOf,
  checkWorkerOptions,
  poolOf,
  type WorkerOptions,
} from './worker/workers.js';

/** How an image file is read and decoded. */
export interface DecodeOptions extends Limits, WorkerOptions {
  /** longest side of the picture in pixels; a larger one is reduced by the mean of its pixels */
  longestSide?: number;
}

/**
 * The picture in an image file as people see it: what `hash` hashes, turned as the file
 * says, alike in every engine and for every format. (Browsers themselves turn JPEG and PNG, but not
 * WebP.) It is decoded in the same Workers, off the page's thread; nothing of it leaves the device.
 * @returns fresh pixels; rejects with `signal.reason` on abort, and the decoding stops
 * @throws {DecodeError} whose code says why there is no picture: `poisoned` if the pixels would not
 *   be its own
 * @throws {TypeError | RangeError} if `file` is no Blob or an option is invalid
 * @example
 * const { data, width, height } = await decode(file, { longestSide: 1024 });
 * context.putImageData(new ImageData(data, width, height), 0, 0);
 */
export async function decode(file: Blob, options: DecodeOptions = {}): Promise<DisplayedPixels> {
  checkLimits(options);
  checkWorkerOptions(options);
  const { maxBytes, maxPixels, longestSide, timeoutSeconds = TIMEOUT_SECONDS, signal } = options;
  if (longestSide !== undefined) checkInteger('longestSide', longestSide, 1);
  if (!(file instanceof Blob)) throw new TypeError('expected a File or Blob');
  const decoding = {
    ...(maxPixels !== undefined && { maxPixels }),
    ...(longestSide !== undefined && { longestSide }),
  };
  return await within(timeoutSeconds, signal, (end) =>
    poolOf(options).use(async (worker) => {
      const bytes = await bytesOf(file, maxBytes);
      return await answerTo(worker, { bytes, decoding }, (reply) => pixelsIn(reply, decoding));
    }, end),
  );
}
