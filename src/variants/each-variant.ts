import type { Hashed } from '../hashing/algorithms.js';
import { isResampled } from '../hashing/pdq-raster.js';
import { pdqRegion } from '../hashing/pdq-region.js';
import type { CheckedPixels } from '../pixels.js';
import {
  DIHEDRAL_NAMES,
  type HashedImage,
  type HashedVariant,
  type VariantName,
} from '../variant.js';
import { isOpaque, onBackdrop } from './backdrop.js';
import { dihedralForPdq, dihedral as laid } from './dihedral.js';
import { cropsOf } from './list-crops.js';
import { planePixels } from './plane-pixels.js';
import { type PlacedVariant, thoroughVariants } from './thorough.js';
import { MOST_HASHES, type VariantOptions } from './variant-profile.js';
import { workingPlane } from './working-plane.js';

/**
 * The variants of a picture, as `variantsOf` gives them, by a hash that the caller brings: whoever needs PDQ alone, as the
 * browser's Worker mostly does, need not load the other algorithms.
 * @param options checked by the caller
 * @param hash of the algorithm that `options` name
 */
export function* eachVariant(
  pixels: CheckedPixels,
  options: Omit<VariantOptions, 'stored'> & { stored?: CheckedPixels | undefined },
  hash: (pixels: CheckedPixels) => Hashed,
): Generator<HashedVariant, void, undefined> {
  const { variants = 'orientation', stored, algorithm = 'pdq', resample = 512 } = options;
  let room = MOST_HASHES;
  const hashed = (name: VariantName, of: CheckedPixels): HashedVariant => {
    room--;
    return { name, ...hash(of) };
  };
  yield hashed('original', pixels);
  if (variants !== 'none') {
    if (stored !== undefined) yield hashed('stored', stored);
    if (!isOpaque(pixels)) {
      // Of PDQ's sample where it takes one: a copy of the whole is 36 MB at 12 megapixels.
      const form = algorithm === 'pdq' ? dihedralForPdq(pixels, 'original', resample) : pixels;
      yield hashed('onWhite', onBackdrop(form, 255));
      yield hashed('onBlack', onBackdrop(form, 0));
    }
  }
  if (options.crops) {
    for (const { pixels: part, geometry } of cropsOf(pixels)) {
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
    const placedHash =
      algorithm === 'pdq'
        ? pdqRegion(from, geometry, convention)
        : hash(planePixels(plane, geometry));
    return { name, ...placedHash, geometry };
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

/** A picture's hash with its variants, of all of them in their order. */
export function hashedImage(all: Iterable<HashedVariant>): HashedImage {
  const [original, ...variants] = all;
  const { name: _, ...hashed } = original!;
  return { ...hashed, variants };
}
