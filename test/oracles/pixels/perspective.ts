import { sampleAt } from './plane.js';

type Point = readonly [number, number];

/**
 * Where the point (u, v) of the unit square lies in a quadrilateral: the lines through u on the
 * upper and the lower side and through v on the other two cross there. A line through u meets both
 * sides at the same cross-ratio with the points where the sides meet the horizon, so that the
 * weights of the four corners are their shares of a flat square divided by their depths.
 */
export function pointIn(corners: readonly Point[], u: number, v: number): Point {
  const depths = depthsOf(corners);
  const shares = [(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v];
  const weights = shares.map((share, i) => share * depths[i]!);
  const sum = weights.reduce((a, b) => a + b, 0);
  const at = (axis: 0 | 1) =>
    corners.reduce((total, corner, i) => total + weights[i]! * corner[axis], 0) / sum;
  return [at(0), at(1)];
}

/**
 * Of each corner, the inverse of its depth: such that the diagonals' weighted ends have one sum.
 * Each is the area of the triangle that the other three corners make, over that opposite.
 */
function depthsOf([a, b, c, d]: readonly Point[]): number[] {
  const area = (p: Point, q: Point, r: Point) =>
    Math.abs((q[0] - p[0]) * (r[1] - p[1]) - (r[0] - p[0]) * (q[1] - p[1]));
  return [area(b!, c!, d!), area(a!, c!, d!), area(a!, b!, d!), area(a!, b!, c!)];
}

/**
 * The least and the most that a sample of the grid may be if no tap lies further than `slack` from
 * where perspective puts it: 25 taps that weigh as a tent.
 */
export function sampleWithin(
  plane: { luma: ArrayLike<number>; width: number; height: number },
  corners: readonly Point[],
  middle: Point,
  apart: number,
  slack: number,
): [number, number] {
  let least = 0;
  let most = 0;
  for (let k = -2; k <= 2; k++) {
    for (let l = -2; l <= 2; l++) {
      const [x, y] = pointIn(corners, middle[0] + l * apart, middle[1] + k * apart);
      const weight = ((5 - 2 * Math.abs(k)) * (5 - 2 * Math.abs(l))) / 169;
      const near = [-slack, slack].flatMap((dx) =>
        [-slack, slack].map((dy) =>
          sampleAt(plane.luma, plane, Math.floor(x + dx), Math.floor(y + dy)),
        ),
      );
      least += weight * Math.min(...near);
      most += weight * Math.max(...near);
    }
  }
  return [least, most];
}
