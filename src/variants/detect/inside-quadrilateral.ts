import { type Corners, quadrilateralOn } from '../../hashing/quadrilateral.js';
import { perspectivePoint } from '../../kernels/pixels/perspective.js';
import { uprightPixels, type WorkingPlane, workingPlane } from '../working-plane.js';
import { backgroundBoxes } from './background-boxes.js';
import { trim } from './trim.js';

/** The longer side of the upright picture in pixels: 320 and 400 found no more. */
const SIDE = 256;

/**
 * Parts of a four-sided picture that is itself a screen, a page or a print with a border: found in
 * it once it is upright, one without its borders and one on a background.
 *
 * Of 65 photos of screens and 39 tilted prints and stories these brought 12 more within 31 bits, at
 * one to two hashes for each quadrilateral that is searched.
 */
export function* partsInside(plane: WorkingPlane, corners: Corners): Generator<Corners> {
  const upright = workingPlane(uprightPixels(plane, corners, SIDE));
  const { fullWidth, fullHeight } = upright;
  const numbers = quadrilateralOn({ scale: 1, marginX: 0, marginY: 0 }, corners);
  const place = (x: number, y: number) => perspectivePoint(numbers, x / fullWidth, y / fullHeight);
  for (const detect of [trim, backgroundBoxes]) {
    for (const { geometry } of detect(upright)) {
      const { left, top, width, height } = geometry.rectangle;
      const [right, bottom] = [left + width, top + height];
      yield [place(left, top), place(right, top), place(right, bottom), place(left, bottom)];
      break;
    }
  }
}
