import type { Orientation } from '../pixels.js';

/** What a file's header tells before anything is decoded. */
export interface ImageHeader {
  /**
   * the file without what makes one decoder's pixels differ from another's: EXIF orientation, which some apply and some
   * do not, and colour profiles, which some apply even when told not to. A part of the bytes that were given.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** as stored; 0 where the header does not say */
  readonly width: number;
  readonly height: number;
  /** taken out of `bytes`; 1 where the file does not say */
  readonly orientation: Orientation;
  /** whether that is EXIF's: then the raster before it is a variant, `stored`, and not only a way of coding */
  readonly exif: boolean;
  /** whether a pixel may be transparent */
  readonly alpha: boolean;
  /** whether it is of a kind that our own decoder of that format reads: not CMYK, not animated */
  readonly plain: boolean;
  /** the same file without its alpha plane, where that is one of its own: what a canvas loses are the colours under it */
  readonly withoutAlpha?: () => Uint8Array<ArrayBuffer>;
}

/** How a picture's pixels are to be understood. */
export type Header = Pick<ImageHeader, 'orientation' | 'exif' | 'alpha'>;
