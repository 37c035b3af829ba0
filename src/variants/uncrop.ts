import type { VariantGeometry } from '../variant.js';

/** Parts of the original photo that were cut off: of its width left and right, of its height above and below. */
type Cut = readonly [left: number, top: number, right: number, bottom: number];

/** Where the photo lay of which a picture of these sides is what was left. */
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
 * Where the photo lay that was turned clockwise by `angle` degrees, and of which the largest upright rectangle of its
 * own shape was kept, as straightening tools do: smaller by cos a + p sin a, p being its longer side by the shorter.
 */
export function unturnedCropped(width: number, height: number, angle: number): VariantGeometry {
  const radians = (Math.abs(angle) * Math.PI) / 180;
  const longer = Math.max(width / height, height / width);
  const scale = Math.cos(radians) + longer * Math.sin(radians);
  const cut = (1 - 1 / scale) / 2;
  return { ...uncropped(width, height, [cut, cut, cut, cut]), angle };
}
