import type { DihedralName, VariantGeometry } from '../../variant.js';
import type { Detector, Placement } from './detector.js';
import { wholeWithMargins } from './margins.js';

/** The picture mirrored or turned by quarters, in the order given. */
export const dihedral =
  (...forms: DihedralName[]): Detector =>
  ({ fullWidth: width, fullHeight: height }) =>
    forms.map((dihedral) => ({
      name: dihedral,
      geometry: { rectangle: { left: 0, top: 0, width, height }, dihedral },
    }));

/** The picture with its brightness inverted. */
export const inverted: Detector = ({ fullWidth: width, fullHeight: height }) => [
  { name: 'inverted', geometry: { rectangle: { left: 0, top: 0, width, height } } },
];

/** Turns are undone up to this ratio of sides: a strip would be cut out of a far larger picture. */
const LONGEST = 10;

/**
 * Undoes cuts and turns blindly, in the order given.
 * @param edits space-separated. A cut is four hexadecimal digits: eightieths of the photo's sides
 *   that were cut off at the left, top, right and bottom. A signed number is an angle in degrees,
 *   clockwise: the photo was turned by it before its corners were cut away
 */
export const uncroppedBy = (edits: string): Detector =>
  function* (plane): Generator<Placement> {
    const { fullWidth: width, fullHeight: height } = plane;
    const wide = wholeWithMargins(plane);
    const isStrip = Math.max(width / height, height / width) > LONGEST;
    for (const edit of edits.split(' ')) {
      if (/^[\da-f]{4}$/.test(edit)) {
        const [left, top, right, bottom] = Array.from(edit, (digit) => parseInt(digit, 16) / 80);
        const geometry = uncropped(width, height, [left!, top!, right!, bottom!]);
        yield { name: 'uncrop', geometry, plane: wide };
      } else if (!isStrip) {
        const geometry = unturnedCropped(width, height, Number(edit));
        yield { name: 'unturnCropped', geometry, plane: wide };
      }
    }
  };

/** The parts cut off a photo: shares of its width left and right, of its height above and below. */
export type Cut = readonly [left: number, top: number, right: number, bottom: number];

/** The place of the uncropped photo of which a picture of these sides is left. */
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
      left: 0 - x,
      top: 0 - y,
      width: width + x + Math.round(right * before.width),
      height: height + y + Math.round(bottom * before.height),
    },
  };
}

/**
 * The place of a photo that was turned clockwise by `angle` degrees and then cropped to the largest
 * upright rectangle of its own shape, as straightening tools do. The rectangle is smaller by cos a
 * + p sin a, where p is its longer side by the shorter.
 */
export function unturnedCropped(width: number, height: number, angle: number): VariantGeometry {
  const radians = (Math.abs(angle) * Math.PI) / 180;
  const longer = Math.max(width / height, height / width);
  const scale = Math.cos(radians) + longer * Math.sin(radians);
  const cut = (1 - 1 / scale) / 2;
  return { ...uncropped(width, height, [cut, cut, cut, cut]), angle };
}
