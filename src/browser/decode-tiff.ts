import type * as Utif from 'utif2';
import { DecodeError } from '../errors.js';
import { corrupt } from '../formats/corrupt.js';
import type { Orientation } from '../pixels.js';
import { missingDecoder } from './missing-decoder.js';
import { PixelRaster } from './pixel-raster.js';
import type { Raster } from './raster.js';

/** Tags of TIFF 6.0 by which a directory is checked before it is decoded. */
const ORIENTATION = 't274';
const BITS = 't258';
const PHOTOMETRIC = 't262';
const PLANAR = 't284';
/** Offsets of strips and of tiles, each with the tag of their lengths. */
const PARTS = [
  ['t273', 't279'],
  ['t324', 't325'],
] as const;

/**
 * The first page of a TIFF file as stored, by the optional package utif2, which is imported on the first call.
 * @throws {DecodeError} `decoder-missing`, `too-many-pixels`, `unsupported` (CMYK, planes) or `corrupt`
 */
export async function decodeTiff(
  bytes: Uint8Array<ArrayBuffer>,
  maxPixels: number,
): Promise<{ raster: Raster; orientation: Orientation }> {
  let utif: Partial<typeof Utif>;
  try {
    const module = (await import('utif2')) as typeof Utif & { default?: typeof Utif };
    utif = module.default ?? module;
  } catch (cause) {
    throw missingDecoder('utif2', 'TIFF', cause);
  }
  const { decode, decodeImage, toRGBA8 } = utif;
  // A development server that gives out a CommonJS file as it is makes an empty module of it.
  if (!decode || !decodeImage || !toRGBA8) throw missingDecoder('utif2', 'TIFF');
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  let page: Utif.Directory | undefined;
  try {
    page = decode(file)[0];
  } catch (cause) {
    throw corrupt('tiff', cause);
  }
  const numbers = (tag: string) => (page?.[tag] as number[] | undefined) ?? [];
  const across = numbers('t256')[0] ?? 0;
  const down = numbers('t257')[0] ?? 0;
  if (page === undefined || across < 1 || down < 1) throw corrupt('tiff');
  if (across * down > maxPixels) {
    throw new DecodeError('too-many-pixels', `expected at most ${maxPixels} pixels`);
  }
  // Grey, RGB and palettes; utif2 reads CMYK, separate planes and wide samples wrongly or not at all.
  const read = (numbers(PHOTOMETRIC)[0] ?? 4) <= 3 && numbers(PLANAR)[0] !== 2;
  if (!read || numbers(BITS).some((bits) => bits > 16)) {
    throw new DecodeError('unsupported', 'expected a TIFF in RGB or grey; save it as PNG');
  }
  for (const [offsets, lengths] of PARTS) {
    const long = numbers(lengths);
    if (numbers(offsets).some((offset, i) => offset + (long[i] ?? 0) > bytes.length)) {
      throw corrupt('tiff');
    }
  }
  try {
    decodeImage(file, page);
    const { width, height } = page;
    const raster = new PixelRaster({ data: toRGBA8(page), width, height });
    const orientation = numbers(ORIENTATION)[0] ?? 1;
    const known = orientation >= 1 && orientation <= 8;
    return { raster, orientation: known ? (orientation as Orientation) : 1 };
  } catch (cause) {
    throw corrupt('tiff', cause);
  }
}
