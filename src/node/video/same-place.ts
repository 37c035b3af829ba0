import type { Rectangle } from '../../variant.js';

/** Places whose sides differ by less than this share of the frame are one. */
const SAME_PLACE = 0.02;

/** True if two rectangles are one place in frames of these sides. */
export function isSamePlace(
  a: Rectangle,
  b: Rectangle,
  { width, height }: { readonly width: number; readonly height: number },
): boolean {
  const isNear = (one: number, other: number, side: number) =>
    Math.abs(one - other) <= SAME_PLACE * side;
  return (
    isNear(a.left, b.left, width) &&
    isNear(a.top, b.top, height) &&
    isNear(a.left + a.width, b.left + b.width, width) &&
    isNear(a.top + a.height, b.top + b.height, height)
  );
}
