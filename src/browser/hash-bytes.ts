import { type HashedFile, variantsOfPicture } from '../picture/hash-picture.js';
import { hashedImage } from '../variants/forms.js';
import { decodeBytes, type Page } from './decode-bytes.js';
import type { HashingOptions } from './message.js';

/**
 * Hashes of an image file.
 * @param bytes the whole file; overwritten
 * @param decoded called when its pixels are there
 * @throws {DecodeError} whose code says why there are no pixels
 */
export async function hashBytes(
  bytes: Uint8Array<ArrayBuffer>,
  options: HashingOptions,
  page: Page,
  decoded: () => void,
): Promise<HashedFile> {
  const { variants, width, height } = await decodeBytes(bytes, options.maxPixels, page, (picture) =>
    variantsOfPicture(picture, options),
  );
  decoded();
  return { ...hashedImage(variants), width, height };
}
