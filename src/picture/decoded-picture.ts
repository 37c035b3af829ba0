import type { ImageHeader } from '../formats/image-format.js';
import type { CheckedPixels, Orientation } from '../pixels.js';
import type { HashedVariant } from '../variant.js';
import { isGrey, isOpaque, type OtherLook } from '../variants/forms.js';
import { sampledPixels, viewOf } from '../variants/view.js';

/** What a file's header says of its pixels. */
export type Coding = Pick<ImageHeader, 'orientation' | 'exif' | 'alpha'>;

/** What holds of every pixel of a picture: none is transparent; all have their colours alike. */
export interface Facts {
  readonly opaque: boolean;
  readonly grey: boolean;
}

/** The sides of a full picture as displayed, and what marks and places variants of its draft. */
export interface FullPicture {
  readonly width: number;
  readonly height: number;
  placed(variant: HashedVariant): HashedVariant;
}

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
  /** found out by looking at every pixel, unless they are known */
  facts(): Facts;
  /** if they are known beforehand */
  readonly known?: Facts | undefined;
  /** of a draft: the full picture */
  readonly full?: FullPicture | undefined;
  /** what else a browser shows of the file */
  readonly looks?: readonly OtherLook[] | undefined;
}

/**
 * A picture whose pixels are in memory.
 * @param pixels as stored; borrowed
 * @param known what holds of every pixel, if somebody has looked
 */
export function pictureOf(pixels: CheckedPixels, coding: Coding, known?: Facts): DecodedPicture {
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
    known,
    facts: () => known ?? { opaque: !alpha || isOpaque(pixels), grey: isGrey(pixels) },
  };
}
