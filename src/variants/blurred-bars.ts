import type { Rectangle } from '../variant.js';
import { snapToEdges } from './snap-to-edges.js';
import type { WorkingPlane } from './working-plane.js';

/** A second difference counts no more than this: one sharp line is no texture. */
const CLIP = 20;
/** Of a side that a bar may take. */
const LEAST = 0.03;
const MOST = 0.46;
/** Texture of the bars against that between them, and at all. */
const RATIO = 0.45;
const ENERGY = 2.2;

/**
 * What lies between two bars of equal width that are blurred, as programs fill a screen with an enlargement of the
 * picture itself: left and right, or above and below.
 * @returns at most two rectangles, the sharpest borders first
 */
export function betweenBlurredBars(plane: WorkingPlane): Rectangle[] {
  const { width, height, luma } = plane;
  const columns = new Float64Array(width);
  const rows = new Float64Array(height);
  // How much each column differs from the one to its left, each row from the one above.
  const columnSteps = new Float64Array(width);
  const rowSteps = new Float64Array(height);
  for (let y = 1; y < height - 1; y++) {
    let row = 0;
    let rowStep = 0;
    for (let x = 1, at = y * width + 1; x < width - 1; x++, at++) {
      const middle = luma[at]!;
      const left = luma[at - 1]!;
      const above = luma[at - width]!;
      const bend = Math.min(
        CLIP,
        0.5 *
          (Math.abs(left - 2 * middle + luma[at + 1]!) +
            Math.abs(above - 2 * middle + luma[at + width]!)),
      );
      row += bend;
      columns[x]! += bend;
      columnSteps[x]! += Math.abs(middle - left);
      rowStep += Math.abs(middle - above);
    }
    rows[y] = row / width;
    rowSteps[y] = rowStep / width;
  }
  for (let x = 0; x < width; x++) {
    columns[x]! /= height;
    columnSteps[x]! /= height;
  }
  const found = [
    ...pairs(columns, columnSteps, (left, right) => ({
      left,
      top: 0,
      width: right - left,
      height,
    })),
    ...pairs(rows, rowSteps, (top, bottom) => ({ left: 0, top, width, height: bottom - top })),
  ];
  found.sort((a, b) => b.strength - a.strength);
  return found.slice(0, 2).map(({ rectangle }) => snapToEdges(plane, rectangle));
}

/** Symmetric pairs of lines, at most two, outside which there is little texture. */
function pairs(
  energy: Float64Array,
  steps: Float64Array,
  between: (first: number, last: number) => Rectangle,
) {
  const length = energy.length;
  const sums = new Float64Array(length + 1);
  for (let i = 0; i < length; i++) sums[i + 1] = sums[i]! + energy[i]!;
  const found: { first: number; strength: number; rectangle: Rectangle }[] = [];
  for (let bar = Math.max(4, Math.round(LEAST * length)); bar <= MOST * length; bar++) {
    for (const last of [length - bar - 1, length - bar, length - bar + 1]) {
      // Of a few lines there is no inside.
      if (last - bar <= 4) continue;
      // A line or two at the border, which the edge itself roughens, are left out on both sides.
      const outside =
        (sums[bar - 2]! + sums[length]! - sums[last + 2]!) / (bar - 2 + length - last - 2);
      if (outside >= ENERGY) continue;
      const inside = (sums[last - 2]! - sums[bar + 2]!) / (last - bar - 4);
      if (outside >= RATIO * inside) continue;
      // A line of the picture itself may be as sharp, but leaves some of its texture outside.
      const strength = Math.min(steps[bar]!, steps[last]!) * (1 - outside / ENERGY);
      found.push({ first: bar, strength, rectangle: between(bar, last) });
    }
  }
  found.sort((a, b) => b.strength - a.strength);
  return found
    .filter(({ first }, at) => at === 0 || Math.abs(first - found[0]!.first) > 3)
    .slice(0, 2);
}
