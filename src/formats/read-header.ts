/*
 * The header of an image file, read before a decoder allocates anything: format, sides in pixels,
 * orientation, alpha. Each format has a file of its own, with its magic number in
 * `image-format.ts`.
 */

import { DecodeError } from '../errors.js';
import { type ImageHeader, imageFormatOf } from './image-format.js';
import { jpegHeader } from './jpeg.js';
import { pngHeader } from './png.js';
import { webpHeader } from './webp.js';

/**
 * The longest side, as in JPEG, or a 1024th of a higher limit. A file of a few kB could otherwise
 * have a line of so many pixels that a decoder needs seconds and a GB for it.
 */
const longestSide = (maxPixels: number): number => Math.max(65_535, maxPixels / 1024);

/**
 * Reads the header of an image file. The readers of the rarer formats are loaded on demand.
 *
 * It is our own code because Node and every browser must reject the same files and turn the others
 * alike, before a decoder allocates anything. PNG pixels are ours, too, as a canvas would lose
 * colours: the format is lossless, and browsers inflate. JPEG, WebP and HEIC are not: their pixels
 * depend on how a decoder rounds, so they come from the common libraries.
 * @param bytes the whole file; only read
 * @param maxPixels width x height; a side may have 65,535, or a 1024th of it if that is more
 * @throws {DecodeError} `not-a-picture`, `unsupported`, `too-many-pixels`, or `corrupt` if no
 *   decoder could read a picture
 */
export async function readHeader(bytes: Uint8Array, maxPixels: number): Promise<ImageHeader> {
  const header = await headerOf(bytes);
  if (header.width * header.height > maxPixels) {
    throw new DecodeError('too-many-pixels', `expected at most ${maxPixels} pixels`);
  }
  const longest = longestSide(maxPixels);
  if (Math.max(header.width, header.height) > longest) {
    throw new DecodeError('too-many-pixels', `expected at most ${longest} pixels a side`);
  }
  return header;
}

async function headerOf(bytes: Uint8Array): Promise<ImageHeader> {
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
      throw await unreadable(bytes);
  }
}

/** The error for a file of no format that is read here. */
async function unreadable(bytes: Uint8Array): Promise<DecodeError> {
  const { beginsAsPicture, HEAD_BYTES, notAPicture } = await import('./picture-magic.js');
  if (!beginsAsPicture(bytes.subarray(0, HEAD_BYTES))) return notAPicture();
  const message = 'expected a JPEG, PNG, WebP, GIF, TIFF, AVIF or HEIC image';
  return new DecodeError('unsupported', message);
}
