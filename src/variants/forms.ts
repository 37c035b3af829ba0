/*
 * Forms of one and the same picture: turned, without colour, without alpha, or the pixels that PDQ
 * takes of it. Forms in which viewers may show the file itself are hashed first.
 */

import type { Hashed } from '../hashing/hash-options.js';
import { allGrey, allOpaque, layOn, takeGrey } from '../kernels/pixels/pixels.js';
import type { CheckedPixels, Orientation } from '../pixels.js';
import {
  DIHEDRAL_ORIENTATIONS,
  type DihedralName,
  type HashedImage,
  type HashedVariant,
  type LookName,
  type NearAt,
  type VariantName,
  type Variants,
  type VariantsThenCloser,
} from '../variant.js';
import { movedPixels, viewOf } from './view.js';

/** True if nothing shows through: there is no alpha, or it is at least 250 everywhere. */
export const isOpaque = ({ data, channels }: CheckedPixels): boolean =>
  channels === 1 || channels === 3 || allOpaque(data, channels);

/** True if red, green and blue are equal in every pixel. */
export const isGrey = ({ data, channels }: CheckedPixels): boolean =>
  channels < 3 || allGrey(data, channels);

/**
 * The picture with one sample a pixel instead of three, two instead of four, if red, green and blue
 * are equal in every pixel; otherwise `pixels` itself. The PDQ reference's decoder does so: the
 * luma of a grey pixel is then its value, not a sum of three roundings.
 */
export function withoutColour(pixels: CheckedPixels): CheckedPixels {
  const { data, width, height, channels } = pixels;
  if (channels < 3 || !isGrey(pixels)) return pixels;
  const left = channels === 4 ? 2 : 1;
  const out = new Uint8Array(width * height * left);
  takeGrey(data, channels, out);
  return { data: out, width, height, channels: left };
}

/**
 * The picture laid on a grey of value `backdrop` (0 black, 255 white), without alpha. Stored values
 * are mixed (no gamma), as screens and browsers do.
 * @returns new pixels of one sample or three; `pixels` itself if it has no alpha
 */
export function onBackdrop(pixels: CheckedPixels, backdrop: number): CheckedPixels {
  const { data, width, height, channels } = pixels;
  if (channels === 1 || channels === 3) return pixels;
  const colours = channels === 2 ? 1 : 3;
  const out = new Uint8Array(width * height * colours);
  layOn(data, channels, backdrop, out);
  return { data: out, width, height, channels: colours };
}

/**
 * The picture as displayed, from its stored raster and its EXIF orientation. Pixels are moved,
 * never changed.
 * @returns `pixels` itself for orientation 1, else new ones
 * @throws {RangeError} unless `orientation` is 1 to 8
 */
export function orient(pixels: CheckedPixels, orientation: Orientation): CheckedPixels {
  if (![1, 2, 3, 4, 5, 6, 7, 8].includes(orientation)) {
    throw new RangeError('expected orientation 1 to 8');
  }
  return orientation === 1 ? pixels : movedPixels(viewOf(pixels, orientation));
}

/** The picture mirrored or turned by quarters. Pixels are moved, never changed. */
export const dihedral = (pixels: CheckedPixels, name: DihedralName): CheckedPixels =>
  orient(pixels, DIHEDRAL_ORIENTATIONS[name]);

/** Hashes pixels by one algorithm and its options. */
export type Hasher = (pixels: CheckedPixels) => Hashed;

/** Forms in which viewers may show the file of a picture. */
export interface OwnForms {
  /** the pixels that are hashed as displayed */
  readonly displayed: CheckedPixels;
  /** before EXIF orientation, if that is another picture */
  readonly stored: CheckedPixels | undefined;
  /** whether it is hashed on white and on black: its hidden colours are never visible */
  readonly isTransparent: boolean;
  /** converts a variant before it is returned: to a draft, perhaps */
  readonly given: (variant: HashedVariant) => HashedVariant;
}

/** A raster that a browser may show of a file instead of the stored one. */
export interface OtherLook {
  readonly look: LookName;
  readonly frame?: number | undefined;
  /** before `orientation` */
  readonly pixels: CheckedPixels;
  readonly orientation: Orientation;
  /** converts its variants before they are returned: to drafts, if its pixels are reduced */
  readonly given: OwnForms['given'];
}

/**
 * `original`, then those of `stored`, `onWhite`, `onBlack` that exist, and `stored` on both.
 * @returns the same variants, before `given` converted them
 */
export function* ownVariants(
  { displayed, stored, isTransparent, given }: OwnForms,
  hash: Hasher,
): Generator<HashedVariant, readonly HashedVariant[], unknown> {
  const own: HashedVariant[] = [];
  const give = (name: VariantName, pixels: CheckedPixels, look?: LookName) => {
    const variant = { name, ...hash(pixels), ...(look && { look }) };
    own.push(variant);
    return given(variant);
  };
  yield give('original', displayed);
  if (stored) yield give('stored', stored);
  if (!isTransparent) return own;
  yield give('onWhite', onBackdrop(displayed, 255));
  yield give('onBlack', onBackdrop(displayed, 0));
  // No browser turns a WebP.
  if (stored) yield give('stored', onBackdrop(stored, 255), 'onWhite');
  if (stored) yield give('stored', onBackdrop(stored, 0), 'onBlack');
  return own;
}

/** A picture's hash with its variants, from all of them in their order. */
export function hashedImage(all: Iterable<HashedVariant>): HashedImage {
  const [original, ...variants] = all;
  const { name: _, ...hashed } = original!;
  return { ...hashed, variants };
}

/**
 * Notifies `variants`, at their end, of the entries near each.
 * @param looksCloser whether any place is refined
 */
export const lookingCloser = (variants: VariantsThenCloser, looksCloser: boolean): Variants =>
  Object.assign(notifiedAtEnd(variants), { looksCloser });

function* notifiedAtEnd(variants: VariantsThenCloser): Variants {
  const nears: NearAt[] = [];
  try {
    for (let at = 0; ; at++) {
      const { done, value } = variants.next(nears);
      if (done) return;
      const near = value && (yield value);
      if (near) nears.push({ ...near, at });
    }
  } finally {
    variants.return();
  }
}
