import type { ImageHeader } from '../formats/image-format.js';
import { newHash } from '../hash.js';
import { type CheckedPixels, layoutOf, type Orientation } from '../pixels.js';
import type { HashedVariant, Point, VariantGeometry } from '../variant.js';
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

/** The sides of a picture. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** How a picture is displayed, and how it was turned for hashing. */
export interface DraftOrientations {
  readonly displayed: Orientation;
  readonly hashed: Orientation;
}

/**
 * The full picture of a draft. Its variants are marked so, and placed in pixels of the full one.
 * @param draft sides of the draft, as stored
 * @param full those of the picture, as stored
 */
export function placingOf(
  draft: Sides,
  full: Sides,
  { displayed, hashed }: DraftOrientations,
): FullPicture {
  const from = turned(draft, hashed);
  const to = turned(full, hashed);
  const across = to.width / from.width;
  const down = to.height / from.height;
  return {
    ...turned(full, displayed),
    placed({ geometry, hash, ...variant }) {
      const place = geometry && { geometry: enlarged(geometry, across, down) };
      const marked = newHash(hash.algorithm, hash.bytes, 'draft');
      return { ...variant, hash: marked, decoding: 'draft', ...place };
    },
  };
}

const turned = ({ width, height }: Sides, orientation: Orientation): Sides =>
  layoutOf(orientation).turned ? { width: height, height: width } : { width, height };

/** A place in a picture of other sides. What was the whole picture is so still. */
export function enlarged(geometry: VariantGeometry, across: number, down: number): VariantGeometry {
  const { rectangle, corners } = geometry;
  const left = Math.round(rectangle.left * across);
  const top = Math.round(rectangle.top * down);
  const width = Math.round((rectangle.left + rectangle.width) * across) - left;
  const height = Math.round((rectangle.top + rectangle.height) * down) - top;
  const moved = { ...geometry, rectangle: { left, top, width, height } };
  if (corners === undefined) return moved;
  const at = ([x, y]: Point): Point => [x * across, y * down];
  const [a, b, c, d] = corners;
  return { ...moved, corners: [at(a), at(b), at(c), at(d)] };
}
