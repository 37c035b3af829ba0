import type { ImageHeader } from '../formats/image-format.js';
import type { CheckedPixels, Orientation } from '../pixels.js';

/** Sides of PDQ's raster in the size convention 512. */
export const SIDE = 512;

/** How a picture's pixels are to be understood. */
export type Header = Pick<ImageHeader, 'orientation' | 'exif' | 'alpha'>;

/** A decoded picture, as stored, of which only what is asked for is read. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /**
   * The 512 x 512 pixels of the stored raster that PDQ's size convention 512 takes once the picture is turned: column
   * floor(x · width / 512) and row floor(y · height / 512) of the displayed picture. `orient` then turns them.
   */
  sampled(orientation: Orientation): CheckedPixels;
  /** All pixels, with their alpha unless that is known to say nothing. */
  all(alpha: boolean): CheckedPixels;
  /** Whether no pixel is transparent, and whether all have red, green and blue alike. */
  facts(): { opaque: boolean; grey: boolean };
}

/** Orientations whose displayed picture begins at the stored one's right, and at its bottom (EXIF 2.32, tag 0x0112). */
const FROM_RIGHT: readonly Orientation[] = [2, 3, 7, 8];
const FROM_BOTTOM: readonly Orientation[] = [3, 4, 6, 7];

/** Columns and rows of the stored raster that `sampled` takes, ascending. */
export function sampledPlaces(
  { width, height }: { width: number; height: number },
  orientation: Orientation,
): { columns: Int32Array; rows: Int32Array } {
  return {
    columns: places(width, FROM_RIGHT.includes(orientation)),
    rows: places(height, FROM_BOTTOM.includes(orientation)),
  };
}

/** Where 512 places lie on a side, counted from its start or its end, and ascending. */
function places(length: number, fromEnd: boolean): Int32Array {
  const at = new Int32Array(SIDE);
  for (let i = 0; i < SIDE; i++) {
    const place = Math.floor((i * length) / SIDE);
    if (fromEnd) at[SIDE - 1 - i] = length - 1 - place;
    else at[i] = place;
  }
  return at;
}

/** RGBA of one word a pixel, in the order of its bytes. */
export function pixelsOfWords(words: Uint32Array, width: number, height: number): CheckedPixels {
  const data = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  return { data, width, height, channels: 4 };
}

// Words are of the machine's byte order; browsers run on little-endian ones alone.

/** Whether every one of RGBA's words has full alpha. */
export function isOpaque(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) if (words[i]! < 0xff000000) return false;
  return true;
}

/** Whether every one of RGBA's words has red, green and blue alike. */
export function isGrey(words: Uint32Array): boolean {
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (((word ^ (word >>> 8)) & 0xffff) !== 0) return false;
  }
  return true;
}
