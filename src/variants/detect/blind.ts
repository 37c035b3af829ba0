import type { LumaPlane } from '../../hashing/pdq-region.js';
import { extendLine } from '../../kernels/plane.js';
import type { DihedralName, VariantGeometry } from '../../variant.js';
import type { WorkingPlane } from '../working-plane.js';
import type { Detector, Placement } from './detector.js';

/** The picture mirrored or turned by quarters, in the order given. */
export const laid =
  (...forms: DihedralName[]): Detector =>
  ({ fullWidth: width, fullHeight: height }) =>
    forms.map((dihedral) => ({
      name: dihedral,
      geometry: { rectangle: { left: 0, top: 0, width, height }, dihedral },
    }));

/** Turns are undone up to this ratio of sides: a strip would be cut out of a far larger picture. */
const LONGEST = 10;

/**
 * Undoes cuts and turns blindly, in the order given.
 * @param edits separated by spaces. A cut is four digits: eightieths of the photo's sides that were
 *   cut off at the left, top, right and bottom. A signed number is an angle in degrees, clockwise:
 *   the photo was turned by it before its corners were cut away
 */
export const uncut = (edits: string): Detector =>
  function* (plane): Generator<Placement> {
    const { fullWidth: width, fullHeight: height } = plane;
    const wide = withMargins(plane);
    const isStrip = Math.max(width / height, height / width) > LONGEST;
    for (const edit of edits.split(' ')) {
      if (/^\d{4}$/.test(edit)) {
        const [left, top, right, bottom] = Array.from(edit, (digit) => Number(digit) / 80);
        const geometry = uncropped(width, height, [left!, top!, right!, bottom!]);
        yield { name: 'uncrop', geometry, plane: wide };
      } else if (!isStrip) {
        const geometry = unturnedCropped(width, height, Number(edit));
        yield { name: 'unturnCropped', geometry, plane: wide };
      }
    }
  };

/** What was cut off a photo: parts of its width left and right, of its height above and below. */
type Cut = readonly [left: number, top: number, right: number, bottom: number];

/** Where the photo lay of which a picture of these sides was left. */
export function uncropped(
  width: number,
  height: number,
  [left, top, right, bottom]: Cut,
): VariantGeometry {
  const before = { width: width / (1 - left - right), height: height / (1 - top - bottom) };
  const x = Math.round(left * before.width);
  const y = Math.round(top * before.height);
  return {
    rectangle: {
      left: -x,
      top: -y,
      width: width + x + Math.round(right * before.width),
      height: height + y + Math.round(bottom * before.height),
    },
  };
}

/**
 * Where the photo lay that was turned clockwise by `angle` degrees and of which the largest upright
 * rectangle of its own shape was kept, as straightening tools do. That is smaller by
 * cos a + p sin a, where p is its longer side by the shorter.
 */
export function unturnedCropped(width: number, height: number, angle: number): VariantGeometry {
  const radians = (Math.abs(angle) * Math.PI) / 180;
  const longer = Math.max(width / height, height / width);
  const scale = Math.cos(radians) + longer * Math.sin(radians);
  const cut = (1 - 1 / scale) / 2;
  return { ...uncropped(width, height, [cut, cut, cut, cut]), angle };
}

/** The share of a side that is added at either end: enough for the largest cut that is undone. */
const MARGIN = 0.1;

/**
 * Beyond the picture its border is repeated, blurred along itself as far as it lies away, and fades
 * to the picture's mean: to 1 / e over this share of the side. Bits left after undoing a crop by
 * the right amounts, of 5 % on one side and of random ones: 14.6 and 17.9. Not blurred: 14.7 and
 * 18.2. Fading over 0.08: 15.1 and 18.5; not fading: 16.5 and 18.7. Mirrored instead: 19.2 and
 * 22.8.
 */
const FADE = 0.12;

/** The plane with what may have lain around it before it was cut out. */
export function withMargins(plane: WorkingPlane): LumaPlane {
  const { width, height, luma, scale } = plane;
  const marginX = Math.ceil(MARGIN * width);
  const marginY = Math.ceil(MARGIN * height);
  const stride = width + 2 * marginX;
  const wide = new Float32Array(stride * (height + 2 * marginY));
  const first = marginY * stride + marginX;
  for (let y = 0; y < height; y++) {
    wide.set(luma.subarray(y * width, (y + 1) * width), first + y * stride);
  }
  const column = { along: stride, count: height };
  const fadeX = FADE * width;
  extendLine(wide, { start: first, ...column }, -1, marginX, fadeX);
  extendLine(wide, { start: first + width - 1, ...column }, 1, marginX, fadeX);
  const row = { along: 1, count: stride };
  const fadeY = FADE * height;
  extendLine(wide, { start: marginY * stride, ...row }, -stride, marginY, fadeY);
  extendLine(wide, { start: (marginY + height - 1) * stride, ...row }, stride, marginY, fadeY);
  return { luma: wide, width: stride, height: height + 2 * marginY, scale, marginX, marginY };
}
