import { isResampled } from '../hashing/pdq-raster.js';
import { pdqRegion } from '../hashing/pdq-region.js';
import type { CheckedPixels } from '../pixels.js';
import { DIHEDRAL_NAMES, type HashedVariant, type VariantName } from '../variant.js';
import { isOpaque } from './backdrop.js';
import type { Placement } from './detect/detector.js';
import { dihedralForPdq, dihedral as laid } from './dihedral.js';
import { cropsOf } from './list-crops.js';
import { type Hasher, ownVariants } from './own-variants.js';
import { thoroughVariants } from './thorough.js';
import { MOST_HASHES, type VariantOptions } from './variant-profile.js';
import { planePixels, workingPlane } from './working-plane.js';

/**
 * The variants of a picture, as `variantsOf` gives them, by a hash that the caller brings.
 * @param options checked by the caller
 * @param hash of the algorithm that `options` name
 */
export function* eachVariant(
  pixels: CheckedPixels,
  options: Omit<VariantOptions, 'stored'> & { stored?: CheckedPixels | undefined },
  hash: Hasher,
): Generator<HashedVariant, void, undefined> {
  const { variants = 'orientation', stored, algorithm = 'pdq', resample = 512 } = options;
  let hashed = 1;
  yield { name: 'original', ...hash(pixels) };
  if (variants !== 'none') {
    // Of PDQ's sample where it takes one: a copy of the whole is 36 MB at 12 megapixels.
    const form = () =>
      algorithm === 'pdq' ? dihedralForPdq(pixels, 'original', resample) : pixels;
    const transparent = isOpaque(pixels) ? undefined : form();
    for (const variant of ownVariants({ stored, transparent }, hash)) {
      hashed++;
      yield variant;
    }
  }
  yield* furtherVariants(pixels, options, hash, hashed);
}

/**
 * The variants that follow those that the file itself may be taken for: crops, mirrored and turned
 * forms, and what undoes edits.
 * @param pixels the whole picture as displayed
 * @param already hashes that it has: there are `MOST_HASHES` in all
 */
export function* furtherVariants(
  pixels: CheckedPixels,
  options: Pick<VariantOptions, 'variants' | 'algorithm' | 'resample' | 'crops'>,
  hash: Hasher,
  already: number,
): Generator<HashedVariant, void, undefined> {
  const { variants = 'orientation', algorithm = 'pdq', resample = 512 } = options;
  let room = MOST_HASHES - already;
  const hashed = (name: VariantName, of: CheckedPixels): HashedVariant => {
    room--;
    return { name, ...hash(of) };
  };
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
    { name, geometry, plane: from = plane }: Placement,
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
