import type { HashOptions } from '../hashing/algorithms.js';
import type { HashedImage, HashedVariant } from '../variant.js';
import { hashedImage } from '../variants/each-variant.js';
import { orient } from '../variants/orient.js';
import type { VariantProfile } from '../variants/variant-profile.js';
import { checkVariantOptions, variantsOf } from '../variants/variants-of.js';
import { checkDecodeOptions, type DecodeOptions, decode } from './decode.js';
import { type ImageSource, readBytes } from './read-bytes.js';

/** How a file is read and hashed. */
export interface HashFileOptions extends DecodeOptions, HashOptions {
  /**
   * `display` (the default) hashes the picture as people see it; `stored` the raster before EXIF orientation, as the
   * PDQ reference does, and nothing else
   */
  orientation?: 'display' | 'stored';
  /**
   * what else is hashed: `orientation` (the default) the other pictures that the file itself may be taken for, where
   * they differ: `stored` before EXIF orientation, `onWhite` and `onBlack` its transparent parts on a colour; `none`;
   * `dihedral` also its mirrored and turned forms; `thorough` also what undoes the edits of re-sharers
   */
  variants?: VariantProfile;
  /** also nine crops of the picture, for a list that is to catch cropped copies: it gives away more of the picture */
  crops?: boolean;
}

/** A hashed image file; its sides in pixels as displayed. */
export interface HashedFile extends HashedImage {
  readonly width: number;
  readonly height: number;
}

/**
 * Hash of an image file: a path, its bytes, or a stream of them. The picture is decoded once, alpha is dropped (not
 * composited), as in the PDQ reference; what else it may be taken for is in `variants`.
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} whose code says why there are no pixels
 * @throws {TypeError | RangeError} for a source or an option that is none
 * @example
 * const { hash, quality, variants } = await hashFile('photo.jpg');
 */
export async function hashFile(
  source: ImageSource,
  options: HashFileOptions = {},
): Promise<HashedFile> {
  const { variants, width, height } = await variantsOfFile(source, options);
  return { ...hashedImage(variants), width, height };
}

/** The variants of an image file, still to be hashed; its sides in pixels as displayed. */
export interface FileVariants {
  readonly width: number;
  readonly height: number;
  /** can be gone through once; holds the pixels until it ends */
  readonly variants: Iterable<HashedVariant>;
}

/**
 * The variants of an image file, each hashed only when it is asked for, the likeliest first: a matcher that stops at the
 * first match pays for no more. The file is read and decoded at once. The first is the picture itself, `original`.
 * @returns rejects with `signal.reason` on abort
 * @throws {DecodeError} whose code says why there are no pixels
 * @throws {TypeError | RangeError} for a source or an option that is none
 * @example
 * const { variants } = await variantsOfFile('upload.jpg', { variants: 'thorough' });
 * const decision = blocklist.decide(variants);
 */
export async function variantsOfFile(
  source: ImageSource,
  options: HashFileOptions = {},
): Promise<FileVariants> {
  checkHashFileOptions(options);
  const decoded = await decode(await readBytes(source, options), options);
  const { width, height } = decoded.pixels;
  const sides = decoded.orientation >= 5 ? { width: height, height: width } : { width, height };
  if (options.orientation === 'stored') {
    return { variants: variantsOf(decoded.pixels, { ...options, variants: 'none' }), ...sides };
  }
  const stored = decoded.orientation === 1 ? undefined : decoded.pixels;
  const displayed = orient(decoded.pixels, decoded.orientation);
  return { variants: variantsOf(displayed, { ...options, stored }), ...sides };
}

/**
 * Checks the values of `options` before anything is read.
 * @throws {TypeError | RangeError} for one that is none
 */
export function checkHashFileOptions(options: HashFileOptions): void {
  checkDecodeOptions(options);
  checkVariantOptions(options);
  const { orientation = 'display' } = options;
  if (orientation !== 'display' && orientation !== 'stored') {
    throw new RangeError("expected orientation 'display' or 'stored'");
  }
}
