import { decodeBytes, type Page } from './decode-bytes.js';
import { formsOfRaster, hasherOf, hashForms } from './forms.js';
import type { HashedFile, HashingOptions } from './message.js';

/**
 * Hashes of an image file.
 * @param bytes the whole file; overwritten
 * @param decoded called when its pixels are there
 * @throws {DecodeError} whose code says why there are no pixels
 * @throws {TypeError | RangeError} if an option of the hash is invalid
 */
export async function hashBytes(
  bytes: Uint8Array<ArrayBuffer>,
  options: HashingOptions,
  page: Page,
  decoded: () => void,
): Promise<HashedFile> {
  const hash = await hasherOf(options);
  const forms = await decodeBytes(bytes, options.maxPixels, page, (raster, header) =>
    formsOfRaster(raster, header, options),
  );
  decoded();
  return await hashForms(forms, options, hash);
}
