import type { CheckedPixels } from '../pixels.js';
import type { VariantGeometry } from '../variant.js';
import { dihedral } from './dihedral.js';
import type { WorkingPlane } from './working-plane.js';

/**
 * The pixels of a variant, at the working plane's size: for hashes other than PDQ, and to show. The nearest pixel where
 * it is turned; the nearest border pixel beyond the picture.
 * @returns fresh pixels, one sample each where the picture is grey, else RGB
 */
export function planePixels(
  plane: WorkingPlane,
  { rectangle, angle = 0, dihedral: form = 'original' }: VariantGeometry,
): CheckedPixels {
  const { scale, red, green, blue } = plane;
  const width = Math.max(1, Math.round(rectangle.width / scale));
  const height = Math.max(1, Math.round(rectangle.height / scale));
  const cosine = Math.cos((angle * Math.PI) / 180);
  const sine = Math.sin((angle * Math.PI) / 180);
  const centreX = (rectangle.left + rectangle.width / 2) / scale;
  const centreY = (rectangle.top + rectangle.height / 2) / scale;
  const planes = red === green ? [red] : [red, green, blue];
  const data = new Uint8Array(width * height * planes.length);
  let to = 0;
  for (let y = 0; y < height; y++) {
    const fromCentreY = y + 0.5 - height / 2;
    for (let x = 0; x < width; x++) {
      const fromCentreX = x + 0.5 - width / 2;
      const column = Math.floor(centreX + fromCentreX * cosine - fromCentreY * sine);
      const row = Math.floor(centreY + fromCentreX * sine + fromCentreY * cosine);
      const at =
        Math.max(0, Math.min(row, plane.height - 1)) * plane.width +
        Math.max(0, Math.min(column, plane.width - 1));
      for (const samples of planes) data[to++] = samples[at]!;
    }
  }
  return dihedral({ data, width, height, channels: planes.length === 1 ? 1 : 3 }, form);
}
