import type { ImageHeader } from '../formats/image-format.js';
import type { CheckedPixels, Orientation } from '../pixels.js';
import { isGrey, isOpaque } from '../variants/forms.js';
import { sampledPixels, viewOf } from '../variants/view.js';

/** What a file's header says of its pixels. */
export type Coding = Pick<ImageHeader, 'orientation' | 'exif' | 'alpha'>;

/** A decoded picture, as its file stores it, of which only what is asked for is read. */
export interface DecodedPicture extends Coding {
  /** as stored */
  readonly width: number;
  readonly height: number;
  /**
   * The 512 x 512 pixels that PDQ takes once the picture is turned by `orientation`: column
   * floor(x · width / 512) and row floor(y · height / 512) of the turned picture.
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
  const { width, height } = pixels;
  const { orientation, exif, alpha } = coding;
  return {
    width,
    height,
    orientation,
    exif,
    alpha,
    sampled: (turnedBy) => sampledPixels(viewOf(pixels, turnedBy)),
    whole: () => pixels,
    facts: () => ({ opaque: !alpha || isOpaque(pixels), grey: isGrey(pixels) }),
  };
}
