import type { HashedImage, HashedVariant, VariantName } from '../hash.js';
import { checkHashOptions, type HashOptions, hashOf } from '../hashing/algorithms.js';
import type { Pixels } from '../pixels.js';
import { isOpaque, onBackdrop } from '../variants/backdrop.js';
import { orient } from '../variants/orient.js';
import { checkDecodeOptions, type DecodedImage, type DecodeOptions, decode } from './decode.js';
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
   * they differ: `stored` before EXIF orientation, `onWhite` and `onBlack` its transparent parts on a colour; or `none`
   */
  variants?: 'none' | 'orientation';
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
  checkHashFileOptions(options);
  const decoded = await decode(await readBytes(source, options), options);
  const { orientation = 'display', variants = 'orientation' } = options;
  const sidesway = decoded.orientation >= 5;
  const { width, height } = decoded.pixels;
  const sides = sidesway ? { width: height, height: width } : { width, height };
  if (orientation === 'stored') {
    return { ...hashOf(decoded.pixels, options), variants: [], ...sides };
  }
  const displayed = orient(decoded.pixels, decoded.orientation);
  const others: HashedVariant[] = [];
  if (variants === 'orientation') {
    for (const { name, pixels } of othersOf(decoded, displayed)) {
      others.push({ name, ...hashOf(pixels, options) });
    }
  }
  return { ...hashOf(displayed, options), variants: others, ...sides };
}

/** The other pictures that a file may be taken for, made one at a time. */
function* othersOf(
  { pixels, orientation }: DecodedImage,
  displayed: Pixels,
): Generator<{ name: VariantName; pixels: Pixels }> {
  if (orientation !== 1) yield { name: 'stored', pixels };
  if (isOpaque(displayed)) return;
  yield { name: 'onWhite', pixels: onBackdrop(displayed, 255) };
  yield { name: 'onBlack', pixels: onBackdrop(displayed, 0) };
}

/**
 * Checks the values of `options` before anything is read.
 * @throws {TypeError | RangeError} for one that is none
 */
export function checkHashFileOptions(options: HashFileOptions): void {
  const { orientation = 'display', variants = 'orientation' } = options;
  checkDecodeOptions(options);
  checkHashOptions(options);
  if (orientation !== 'display' && orientation !== 'stored') {
    throw new RangeError("expected orientation 'display' or 'stored'");
  }
  if (variants !== 'none' && variants !== 'orientation') {
    throw new RangeError("expected variants 'none' or 'orientation'");
  }
}
