import { beside, freeing, kernelsOf } from '../../kernels/simd/arena.js';
import { EDGE_KERNELS } from '../../kernels/simd/edges.js';
import type { Rectangle } from '../../variant.js';
import type { WorkingPlane } from '../working-plane.js';
import type { Placement } from './detector.js';
import { snapToEdges } from './snap-to-edges.js';

/** A second difference counts no more than this: one sharp line is no texture. */
const CLIP = 20;
/** The share of a side that a bar may take. */
const LEAST = 0.03;
const MOST = 0.46;
/** The most texture of the bars, as a share of the texture between them, and in total. */
const RATIO = 0.45;
const ENERGY = 2.2;

/**
 * Finds the picture between two blurred bars of equal width, left and right or above and below.
 * Some programs fill a screen so, with a blurred enlargement of the picture. The sharpest come
 * first.
 */
export function* betweenBlurredBars(plane: WorkingPlane): Generator<Placement> {
  const { width, height } = plane;
  const found = freeing(plane.luma, () => {
    const { rows, columns } = texture(plane);
    return [
      ...pairs(columns, (left, end) => ({ left, top: 0, width: end - left, height })),
      ...pairs(rows, (top, end) => ({ left: 0, top, width, height: end - top })),
    ].sort((a, b) => b.strength - a.strength);
  });
  for (const { between } of found) {
    yield { name: 'unblurBars', geometry: { rectangle: snapToEdges(plane, between) } };
  }
}

/** Texture of each line of one direction. */
interface Texture {
  /** mean second difference of the pixels of a line, clipped */
  readonly bends: Float64Array;
  /** mean difference of the pixels of a line from the line before */
  readonly steps: Float64Array;
}

/** Samples every other pixel, like the squares of one colour on a chessboard: half the time. */
function texture({ width, height, luma }: WorkingPlane): { rows: Texture; columns: Texture } {
  // Bends of the even columns and of the odd ones, then their steps; bends and steps of each row.
  const half = (width + 5) >> 1;
  const byColumn = beside(luma, Float64Array, 4 * half);
  const byRow = beside(luma, Float64Array, 2 * height);
  const kernels = kernelsOf(luma, EDGE_KERNELS, byColumn, byRow);
  kernels?.texture(
    ...([luma.byteOffset, width, height, CLIP] as const),
    ...([byColumn.byteOffset, half, byRow.byteOffset] as const),
  );
  for (let y = kernels ? height : 1; y < height - 1; y++) {
    let row = 0;
    let rowStep = 0;
    let column = y & 1 ? 1 : half;
    for (let x = 1 + (y & 1), at = y * width + x; x < width - 1; x += 2, at += 2, column++) {
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
      byColumn[column]! += bend;
      byColumn[column + 2 * half]! += Math.abs(middle - left);
      rowStep += Math.abs(middle - above);
    }
    byRow[2 * y] = row;
    byRow[2 * y + 1] = rowStep;
  }
  const rows = {
    bends: beside(luma, Float64Array, height),
    steps: beside(luma, Float64Array, height),
  };
  for (let y = 0; y < height; y++) {
    rows.bends[y] = (2 * byRow[2 * y]!) / width;
    rows.steps[y] = (2 * byRow[2 * y + 1]!) / width;
  }
  const columns = {
    bends: beside(luma, Float64Array, width),
    steps: beside(luma, Float64Array, width),
  };
  for (let x = 0; x < width; x++) {
    const at = (x >> 1) + (x & 1) * half;
    columns.bends[x] = byColumn[at]! * (2 / height);
    columns.steps[x] = byColumn[at + 2 * half]! * (2 / height);
  }
  return { rows, columns };
}

/** Symmetric pairs of lines with little texture outside, at most two, the sharpest first. */
function pairs({ bends, steps }: Texture, between: (first: number, last: number) => Rectangle) {
  const length = bends.length;
  const sums = beside(bends, Float64Array, length + 1);
  for (let i = 0; i < length; i++) sums[i + 1] = sums[i]! + bends[i]!;
  // Three pairs for each first line, whose last lines are neighbours; -1 if there is no pair.
  const strengths = beside(bends, Float64Array, 3 * length).fill(-1);
  for (let first = Math.max(4, Math.round(LEAST * length)); first <= MOST * length; first++) {
    for (let at = 3 * first; at < 3 * first + 3; at++) {
      const last = length - 4 * first - 1 + at;
      // A few lines have no inside.
      if (last - first <= 4) continue;
      // The line or two that the edge itself roughens count on neither side.
      const outside =
        (sums[first - 2]! + sums[length]! - sums[last + 2]!) / (first - 2 + length - last - 2);
      if (outside >= ENERGY) continue;
      const inside = (sums[last - 2]! - sums[first + 2]!) / (last - first - 4);
      if (outside >= RATIO * inside) continue;
      // A line of the picture itself may be as sharp, but leaves some of its texture outside.
      strengths[at] = Math.min(steps[first]!, steps[last]!) * (1 - outside / ENERGY);
    }
  }
  const found: { strength: number; between: Rectangle }[] = [];
  while (found.length < 2) {
    let at = 0;
    for (let i = 1; i < strengths.length; i++) if (strengths[i]! > strengths[at]!) at = i;
    const strength = strengths[at]!;
    if (strength < 0) break;
    const first = Math.floor(at / 3);
    found.push({ strength, between: between(first, length - 4 * first - 1 + at) });
    // Its neighbours are no other pair.
    strengths.fill(-1, Math.max(0, 3 * first - 9), 3 * first + 12);
  }
  return found;
}
