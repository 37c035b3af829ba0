import type { Hashed } from '../hashing/algorithms.js';
import { pdq } from '../hashing/pdq.js';
import type { CheckedPixels } from '../pixels.js';
import type { HashedVariant } from '../variant.js';
import { isOpaque, onBackdrop } from '../variants/backdrop.js';
import { withoutColour } from '../variants/grey.js';
import { orient } from '../variants/orient.js';
import type { HashedFile, HashingOptions } from './message.js';
import { type Header, type Raster, SIDE } from './raster.js';

/** What is hashed of a picture: the pixels themselves, or the 512 x 512 of them that the size convention takes. */
export interface Forms {
  readonly displayed: CheckedPixels;
  /** the raster before EXIF orientation, where that is another */
  readonly stored: CheckedPixels | undefined;
  readonly opaque: boolean;
  /** of the displayed picture */
  readonly width: number;
  readonly height: number;
}

/** The forms of a picture whose pixels are all there. */
function formsOfPixels(
  pixels: CheckedPixels,
  { orientation, exif }: Pick<Header, 'orientation' | 'exif'>,
): Forms {
  const stored = withoutColour(pixels);
  const displayed = orient(stored, orientation);
  const { width, height } = displayed;
  const before = orientation !== 1 && exif ? stored : undefined;
  return { displayed, stored: before, opaque: isOpaque(stored), width, height };
}

/**
 * The forms of a picture of which no more than needed is read: for PDQ at 512 and the variants that the file itself may be
 * taken for, a sample of it. Whether it is opaque, and all grey, holds of the whole picture.
 */
export function formsOfRaster(
  raster: Raster,
  header: Header,
  { algorithm = 'pdq', resample = 512, variants = 'orientation' }: HashingOptions,
): Forms {
  const { orientation, exif, alpha } = header;
  const few = variants === 'none' || variants === 'orientation';
  const resampled = raster.width > SIDE || raster.height > SIDE;
  if (algorithm !== 'pdq' || resample !== 512 || !few || !resampled) {
    return formsOfPixels(raster.all(alpha), header);
  }
  const sample = raster.sampled(orientation);
  let opaque = !alpha || isOpaque(sample);
  let grey = withoutColour(sample) !== sample;
  if (grey || (alpha && opaque)) ({ opaque, grey } = raster.facts());
  const form = (pixels: CheckedPixels) => (grey ? withoutColour(pixels) : pixels);
  const turned = orientation >= 5;
  return {
    displayed: orient(form(sample), orientation),
    stored: orientation !== 1 && exif ? form(raster.sampled(1)) : undefined,
    opaque,
    width: turned ? raster.height : raster.width,
    height: turned ? raster.width : raster.height,
  };
}

/** Hashes pixels by the algorithm that was asked for. */
export type Hasher = (pixels: CheckedPixels) => Hashed;

/**
 * The hasher that `options` ask for. The other algorithms than PDQ come from a script loaded on demand.
 * @throws {TypeError | RangeError} for an option that is none
 */
export async function hasherOf(options: HashingOptions): Promise<Hasher> {
  const { algorithm = 'pdq', bits, resample = 512, exact = false } = options;
  if (algorithm === 'pdq' && bits === undefined)
    return (pixels) => pdq(pixels, { resample, exact });
  const { checkHashOptions, hashOf } = await import('../hashing/algorithms.js');
  checkHashOptions(options);
  return (pixels) => hashOf(pixels, options);
}

/** Hashes of the forms, as `hashFile` gives them in Node. More than a few variants come from a script loaded on demand. */
export async function hashForms(
  { displayed, stored, opaque, width, height }: Forms,
  options: HashingOptions,
  hash: Hasher,
): Promise<HashedFile> {
  const { orientation = 'display', variants = 'orientation' } = options;
  if (orientation === 'stored')
    return { ...hash(stored ?? displayed), variants: [], width, height };
  if (variants === 'dihedral' || variants === 'thorough') {
    const { eachVariant, hashedImage } = await import('../variants/each-variant.js');
    const all = eachVariant(displayed, { ...options, stored }, hash);
    return { ...hashedImage(all), width, height };
  }
  const others: HashedVariant[] = [];
  if (variants === 'orientation') {
    if (stored) others.push({ name: 'stored', ...hash(stored) });
    if (!opaque) {
      others.push({ name: 'onWhite', ...hash(onBackdrop(displayed, 255)) });
      others.push({ name: 'onBlack', ...hash(onBackdrop(displayed, 0)) });
    }
  }
  return { ...hash(displayed), variants: others, width, height };
}
