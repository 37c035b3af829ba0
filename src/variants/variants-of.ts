import { DIHEDRAL_NAMES, type HashedVariant, type VariantName } from '../hash.js';
import { checkHashOptions, type HashOptions, hashOf } from '../hashing/algorithms.js';
import { channelsOf, type Pixels } from '../pixels.js';
import { isOpaque, onBackdrop } from './backdrop.js';
import { dihedralForPdq, dihedral as laid } from './dihedral.js';
import { listCrops } from './list-crops.js';
import { isResampled } from './placed-taps.js';
import { planeHash } from './plane-hash.js';
import { planePixels } from './plane-pixels.js';
import { type PlacedVariant, thoroughVariants } from './thorough.js';
import { workingPlane } from './working-plane.js';

/**
 * Which variants of a picture are hashed.
 * - `none`: the picture as displayed alone.
 * - `orientation`: also what the file itself may be taken for, where that differs: `stored`, `onWhite`, `onBlack`.
 * - `dihedral`: also the picture mirrored and turned by quarters: 8 hashes, those of really turned pixels.
 * - `thorough`: also what undoes borders, bars, captions, screenshots, collages, turns and crops, and PDQ's other size
 *   convention where the two differ: at most 40 hashes, the others sampled from one reduced plane.
 */
export type VariantProfile = 'none' | 'orientation' | 'dihedral' | 'thorough';

/** The profiles, from the cheapest on. */
export const VARIANT_PROFILES: readonly VariantProfile[] = [
  'none',
  'orientation',
  'dihedral',
  'thorough',
];

/** Hashes a query of the profile `thorough` has at most. */
export const MOST_HASHES = 40;

/** Which hash, and of which variants. */
export interface VariantOptions extends HashOptions {
  /** `orientation` unless told */
  variants?: VariantProfile;
  /** also the nine crops that a list may hold beside a photo (see `listCrops`), after the others that are no guesses */
  crops?: boolean;
  /** the raster before EXIF orientation, where that is not the picture as displayed */
  stored?: Pixels | undefined;
}

/**
 * A picture's hash and those of its variants, one at a time: each is looked for and hashed only when it is asked for, the
 * cheapest and likeliest first. The first is always `original`, the picture as displayed.
 * @param pixels as displayed; borrowed until the last variant was taken, never written
 * @throws {TypeError | RangeError} at once, for options or pixels that are none
 * @example
 * for (const { name, hash } of variantsOf(imageData, { variants: 'thorough' })) if (isListed(hash)) return name;
 */
export function variantsOf(
  pixels: Pixels,
  options: VariantOptions = {},
): Generator<HashedVariant, void, undefined> {
  checkVariantOptions(options);
  channelsOf(pixels);
  return generate(pixels, options);
}

/**
 * Checks `options` before there are pixels.
 * @throws {TypeError | RangeError} for one that is none
 */
export function checkVariantOptions(options: VariantOptions): void {
  checkHashOptions(options);
  const { variants = 'orientation' } = options;
  if (!VARIANT_PROFILES.includes(variants)) {
    throw new RangeError(`expected variants to be one of ${VARIANT_PROFILES.join(', ')}`);
  }
}

function* generate(
  pixels: Pixels,
  options: VariantOptions,
): Generator<HashedVariant, void, undefined> {
  const { variants = 'orientation', stored, algorithm = 'pdq', resample = 512 } = options;
  let room = MOST_HASHES;
  const hashed = (name: VariantName, of: Pixels): HashedVariant => {
    room--;
    return { name, ...hashOf(of, options) };
  };
  yield hashed('original', pixels);
  if (variants !== 'none') {
    if (stored !== undefined) yield hashed('stored', stored);
    if (!isOpaque(pixels)) {
      yield hashed('onWhite', onBackdrop(pixels, 255));
      yield hashed('onBlack', onBackdrop(pixels, 0));
    }
  }
  if (options.crops) {
    for (const { pixels: part, geometry } of listCrops(pixels)) {
      yield { ...hashed('crop', part), geometry };
    }
  }
  const { width, height } = pixels;
  const frame = { left: 0, top: 0, width, height };
  if (variants === 'dihedral') {
    for (const name of DIHEDRAL_NAMES) {
      if (name === 'original') continue;
      const form =
        algorithm === 'pdq' ? dihedralForPdq(pixels, name, resample) : laid(pixels, name);
      yield { ...hashed(name, form), geometry: { rectangle: frame, dihedral: name } };
    }
  }
  if (variants !== 'thorough') return;
  const plane = workingPlane(pixels);
  const placed = (
    { name, geometry, plane: from = plane }: PlacedVariant,
    convention = resample,
  ): HashedVariant => {
    room--;
    const hash =
      algorithm === 'pdq'
        ? planeHash(from, geometry, convention)
        : hashOf(planePixels(plane, geometry), options);
    return { name, ...hash, geometry };
  };
  if (algorithm === 'pdq' && isResampled(width, height, 512)) {
    const other = { name: 'otherResample', geometry: { rectangle: frame } } as const;
    yield placed(other, resample === 512 ? 'none' : 512);
  }
  for (const variant of thoroughVariants(plane)) {
    if (room === 0) return;
    yield placed(variant);
  }
}
