import type * as Utif from 'utif2';
import { DecodeError } from '../../errors.js';
import { corrupt, type ImageHeader } from '../../formats/image-format.js';
import { type DecodedPicture, pictureOf } from '../../picture/hash-picture.js';
import { checkedPixels } from '../../pixels.js';
import { missingDecoder } from './load-decoder.js';

/**
 * The first page of a TIFF file as stored, by the optional package utif2. The package is imported
 * on the first call.
 * @throws {DecodeError} `decoder-missing`, `corrupt`, or `unsupported` (inks, planes, wide
 *   samples, BigTIFF)
 */
export async function decodeTiff(
  bytes: Uint8Array<ArrayBuffer>,
  header: ImageHeader,
): Promise<DecodedPicture> {
  let utif: Partial<typeof Utif>;
  try {
    const module = (await import('utif2')) as typeof Utif & { default?: typeof Utif };
    utif = module.default ?? module;
  } catch (cause) {
    throw missingDecoder('utif2', 'TIFF', cause);
  }
  const { decode, decodeImage, toRGBA8 } = utif;
  // A development server that serves a CommonJS file unchanged makes an empty module of it.
  if (!decode || !decodeImage || !toRGBA8) throw missingDecoder('utif2', 'TIFF');
  if (!header.plain) {
    throw new DecodeError('unsupported', 'expected a TIFF in RGB or grey; save it as PNG');
  }
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  try {
    const page = decode(file)[0]!;
    decodeImage(file, page);
    const { width, height } = page;
    if (width !== header.width || height !== header.height) throw new Error('other sides');
    return pictureOf(checkedPixels({ data: toRGBA8(page), width, height, channels: 4 }), header);
  } catch (cause) {
    throw corrupt('tiff', cause);
  }
}
