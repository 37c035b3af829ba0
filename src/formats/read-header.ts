import type { ImageFormat } from './image-format.js';
import type { ImageHeader } from './image-header.js';
import { jpegHeader } from './jpeg.js';
import { pngHeader } from './png.js';
import { webpHeader } from './webp.js';

/**
 * Header of a JPEG, PNG, WebP, GIF, AVIF or HEIC file; TIFF's is read by its decoder.
 * @param bytes the whole file; overwritten
 * Those of the rarer formats are read by scripts loaded on demand.
 * @throws {DecodeError} `corrupt`, also where a file breaks off: browsers would make a picture of what there is
 */
export async function readHeader(
  bytes: Uint8Array<ArrayBuffer>,
  format: Exclude<ImageFormat, 'tiff'>,
): Promise<ImageHeader> {
  switch (format) {
    case 'jpeg':
      return jpegHeader(bytes);
    case 'png':
      return pngHeader(bytes);
    case 'webp':
      return webpHeader(bytes);
    case 'gif':
      return (await import('./gif.js')).gifHeader(bytes);
    case 'avif':
    case 'heic':
      return (await import('./heif.js')).heifHeader(bytes, format);
  }
}
