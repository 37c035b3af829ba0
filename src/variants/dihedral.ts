import type { Resample } from '../hash.js';
import { isResampled } from '../hashing/pdq-raster.js';
import type { CheckedPixels } from '../pixels.js';
import type { DihedralName } from '../variant.js';
import { DIHEDRAL_ORIENTATIONS, layOf } from '../variant.js';
import { orient } from './orient.js';

/** The picture mirrored or turned as PDQ's dihedral forms are: pixels are moved, never changed. */
export const dihedral = (pixels: CheckedPixels, name: DihedralName): CheckedPixels =>
  orient(pixels, DIHEDRAL_ORIENTATIONS[name]);

/**
 * What PDQ, in the given size convention, hashes as it hashes `dihedral(pixels, name)`: where it brings the picture to
 * 512 x 512 first, those pixels alone are moved.
 */
export function dihedralForPdq(
  pixels: CheckedPixels,
  name: DihedralName,
  resample: Resample,
): CheckedPixels {
  const { data, width, height } = pixels;
  if (!isResampled(width, height, resample)) return dihedral(pixels, name);
  const { channels } = pixels;
  const { turned, fromRight, fromBottom } = layOf(name);
  const small = new Uint8Array(512 * 512 * channels);
  let to = 0;
  for (let y = 0; y < 512; y++) {
    const nearest = Math.floor((y * height) / 512);
    const row = (fromBottom ? height - 1 - nearest : nearest) * width;
    for (let x = 0; x < 512; x++) {
      const column = Math.floor((x * width) / 512);
      const from = (row + (fromRight ? width - 1 - column : column)) * channels;
      for (let sample = 0; sample < channels; sample++) small[to++] = data[from + sample]!;
    }
  }
  const upright: CheckedPixels = { data: small, width: 512, height: 512, channels };
  // What is left to do for a quarter turn, now that rows and columns run the right way, is to exchange them.
  return turned ? orient(upright, 5) : upright;
}
