import { DecodeError } from '../errors.js';
import { type ImageHeader, imageFormatOf } from './image-format.js';
import { jpegHeader } from './jpeg.js';
import { pngHeader } from './png.js';
import { webpHeader } from './webp.js';

/**
 * What an image file says of its picture. The readers of the rarer formats are loaded on demand.
 *
 * Headers are read by our own code so that Node and every browser refuse the same files and turn the
 * others alike, before a decoder has allocated anything. PNG is decoded by our own code too where a canvas
 * would lose colours: it is lossless, and browsers inflate. The bits of a JPEG, WebP or HEIC picture depend
 * on how a decoder rounds, so these come from the libraries that everybody uses.
 * @param bytes the whole file; only read
 * @throws {DecodeError} `unsupported`, or `corrupt` where there is no header of a picture
 */
export async function readHeader(bytes: Uint8Array): Promise<ImageHeader> {
  const format = imageFormatOf(bytes);
  switch (format) {
    case 'jpeg':
      return jpegHeader(bytes);
    case 'png':
      return pngHeader(bytes);
    case 'webp':
      return webpHeader(bytes);
    case 'gif':
      return (await import('./gif.js')).gifHeader(bytes);
    case 'tiff':
      return (await import('./tiff.js')).tiffHeader(bytes);
    case 'avif':
    case 'heic':
      return (await import('./heif.js')).heifHeader(bytes, format);
    default:
      throw new DecodeError(
        'unsupported',
        'expected a JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC image',
      );
  }
}
