import { checkedBriefly, integer, type OptionTable, tableOf, wrongKind } from '../door.js';
import { LIMITS, type Limits } from '../picture/options.js';
import { within } from '../picture/waiting.js';
import type { DisplayedPixels } from './worker/message.js';
import { pixelsIn } from './worker/reply.js';
import { answerTo, bytesOf, poolOf, WORKER_OPTIONS, type WorkerOptions } from './worker/workers.js';

/** Options for reading and decoding an image file. */
export interface DecodeOptions extends Limits, WorkerOptions {
  /** longest side of the picture in pixels; a larger one is reduced by the mean of its pixels */
  longestSide?: number;
}

export const DECODE_OPTIONS = /* @__PURE__ */ tableOf(LIMITS, WORKER_OPTIONS, {
  longestSide: { is: integer, least: 1 },
}) satisfies OptionTable<DecodeOptions>;

/**
 * The picture in an image file as people see it: the one that `hash` hashes, turned as the file
 * states, alike in every engine and format. (Browsers themselves turn JPEG and PNG, but not WebP.)
 * It is decoded in the same Workers, off the page's thread; nothing of it leaves the device.
 * @param file of an input or a drop, or any other `Blob`; only read
 * @returns fresh pixels; rejects with `signal.reason` on abort, and the decoding stops
 * @throws {DecodeError} whose code says why there is no picture: `poisoned` if the pixels would not
 *   be its own
 * @throws {TypeError | RangeError} if `file` is no Blob or an option is invalid
 * @example
 * const { data, width, height } = await decode(file, { longestSide: 1024 });
 * context.putImageData(new ImageData(data, width, height), 0, 0);
 */
export async function decode(file: Blob, options: DecodeOptions = {}): Promise<DisplayedPixels> {
  const checked = checkedBriefly(options, DECODE_OPTIONS);
  const { timeoutSeconds, signal, maxBytes, maxPixels, longestSide } = checked;
  if (!(file instanceof Blob)) wrongKind('a File or Blob');
  const decoding = { maxPixels, longestSide };
  return await within(timeoutSeconds, signal, (end) =>
    poolOf(options).use(async (worker) => {
      const bytes = await bytesOf(file, maxBytes);
      return await answerTo(worker, { bytes, decoding }, (reply) => pixelsIn(reply, decoding));
    }, end),
  );
}
