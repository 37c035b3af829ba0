import { checkInteger } from '../door.js';
import { TIMEOUT_SECONDS } from '../picture/options.js';
import type { DecodingOptions, DisplayedPixels } from './message.js';
import { poolOf } from './pools.js';
import { bitmapOf, bytesOf, checkReadFileOptions, type ReadFileOptions } from './read-file.js';
import { pixelsIn } from './reply.js';

/** How an image file is read and decoded. */
export interface DecodeImageFileOptions extends DecodingOptions, ReadFileOptions {}

/**
 * The picture in an image file as people see it, turned as the file says, in every engine and of every format alike: what
 * `hashImageFile` hashes. Browsers' own decoding turns JPEG and PNG, and not WebP. It is decoded in the same Workers, off
 * the page's thread; nothing of it leaves the device.
 * @returns fresh pixels; rejects with `signal.reason` on abort, and the decoding stops
 * @throws {DecodeError} whose code says why there is no picture: `poisoned` where the pixels would not be its own
 * @throws {TypeError | RangeError} if `file` is no Blob or an option is invalid
 * @example
 * const { data, width, height } = await decodeImageFile(file, { longestSide: 1024 });
 * context.putImageData(new ImageData(data, width, height), 0, 0);
 */
export async function decodeImageFile(
  file: Blob,
  options: DecodeImageFileOptions = {},
): Promise<DisplayedPixels> {
  checkReadFileOptions(options);
  const { maxBytes, maxPixels, longestSide, signal } = options;
  if (longestSide !== undefined) checkInteger('longestSide', longestSide, 1);
  if (!(file instanceof Blob)) throw new TypeError('expected a File or Blob');
  return await poolOf(options).run<DisplayedPixels>({
    signal,
    timeoutSeconds: options.timeoutSeconds ?? TIMEOUT_SECONDS,
    request: async () => ({
      bytes: await bytesOf(file, maxBytes),
      decoding: {
        ...(maxPixels !== undefined && { maxPixels }),
        ...(longestSide !== undefined && { longestSide }),
      },
    }),
    result: (reply) => pixelsIn(reply, options),
    bitmapOf,
  });
}
