import type { ImageHeader } from '../formats/image-format.js';
import { type CheckedPixels, layoutOf, type Orientation } from '../pixels.js';
import { isOpaque } from '../variants/backdrop.js';
import { isGrey } from '../variants/grey.js';

/** A side of the raster that PDQ takes in its size convention 512. */
export const SIDE = 512;

/** What a file's header says of its pixels. */
export type Coding = Pick<ImageHeader, 'orientation' | 'exif' | 'alpha'>;

/** A decoded picture, as its file stores it, of which only what is asked for is read. */
export interface DecodedPicture extends Coding {
  /** as stored */
  readonly width: number;
  readonly height: number;
  /**
   * The 512 x 512 pixels of the stored raster that PDQ takes once the picture is turned by
   * `orientation`: column floor(x · width / 512) and row floor(y · height / 512) of the turned
   * picture. They still have to be turned.
   */
  sampled(orientation: Orientation): CheckedPixels;
  /** All pixels, as stored. */
  whole(): CheckedPixels;
  /** Whether no pixel is transparent, and whether all have red, green and blue alike. */
  facts(): { opaque: boolean; grey: boolean };
}

/**
 * A picture whose pixels are in memory.
 * @param pixels as stored; borrowed
 */
export function pictureOf(pixels: CheckedPixels, coding: Coding): DecodedPicture {
  const { data, width, height, channels } = pixels;
  const { orientation, exif, alpha } = coding;
  return {
    width,
    height,
    orientation,
    exif,
    alpha,
    sampled(turnedBy) {
      const { columns, rows } = sampledPlaces(pixels, turnedBy);
      const out = new Uint8Array(SIDE * SIDE * channels);
      for (let y = 0, to = 0; y < SIDE; y++) {
        const row = rows[y]! * width;
        for (let x = 0; x < SIDE; x++) {
          const from = (row + columns[x]!) * channels;
          for (let sample = 0; sample < channels; sample++) out[to++] = data[from + sample]!;
        }
      }
      return { data: out, width: SIDE, height: SIDE, channels };
    },
    whole: () => pixels,
    facts: () => ({ opaque: !alpha || isOpaque(pixels), grey: isGrey(pixels) }),
  };
}

/** Columns and rows of the stored raster that `sampled` takes, ascending. */
export function sampledPlaces(
  { width, height }: { width: number; height: number },
  orientation: Orientation,
): { columns: Int32Array; rows: Int32Array } {
  const { fromRight, fromBottom } = layoutOf(orientation);
  return { columns: places(width, fromRight), rows: places(height, fromBottom) };
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
