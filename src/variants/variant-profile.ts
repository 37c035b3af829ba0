import { checkTypeOf } from '../door.js';
import { checkHashOptions, type HashOptions } from '../hashing/hash-options.js';
import type { Pixels } from '../pixels.js';

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
 * Checks `options` before there are pixels.
 * @throws {TypeError | RangeError} if one is invalid
 */
export function checkVariantOptions(options: VariantOptions): void {
  checkHashOptions(options);
  const { variants = 'orientation', crops } = options;
  checkTypeOf('crops', crops, 'boolean');
  if (!VARIANT_PROFILES.includes(variants)) {
    throw new RangeError(`expected variants to be one of ${VARIANT_PROFILES.join(', ')}`);
  }
}
