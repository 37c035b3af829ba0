/*
 * Blind cuts, guesses and found edges place a photo approximately, and a hash forgives little: a
 * cut of 8 % undone as 10 % is 40 bits off. So the places near an entry are moved, side by side, to
 * where they are nearest. Most pictures are near none and pay nothing. A picture that shows
 * something else gets no nearer by that: see bench/robustness, which decides so.
 */

import type { Near, Point, Rectangle, VariantGeometry } from '../variant.js';
import type { Placement } from './detect/detector.js';

/** A place and the entries near it. */
export interface NearPlace<Place extends Placement> extends Near {
  readonly placement: Place;
}

/** The most places that are moved, the nearest first, and the most moves of each. */
const MOST_PLACES = 3;
const MOST_TRIES = 120;
/**
 * Places farther than this are not moved, and stay for review. The figure was fitted to a single
 * pair and is unproven: two photos of two fish each were moved from 60 bits to 26. It has no
 * derivation. With every four bits, pictures that show something else are 3.4 times as many, and
 * moves that bring one closer by so much more are a third as many (of 304, half by 8 bits, one by
 * 26). So about as many wrong matches by moves come from 57 bits as from 40. It costs half a point
 * of the matches of the tuned photos.
 */
export const FARTHEST = 50;
/** Places near an entry with parts are moved from farther: their parts must agree in the end. */
const FARTHEST_WITH_PARTS = 60;
/** The step by which a side moves, as a share of it: halved when nothing gets nearer. */
const FIRST_STEP = 0.06;
const LAST_STEP = 0.003;
/** Degrees of turn for each hundredth of a side. */
const DEGREES = 0.5;

/**
 * Moves the nearest places to where their hashes are nearest to the entries.
 * @param distanceAt hashes a place, and returns its distance from the nearest of its entries
 * @returns each place that is now near enough, or nearer than before, and what it was near to
 */
export function* refined<Place extends Placement>(
  places: readonly NearPlace<Place>[],
  distanceAt: (placement: Place, near: NearPlace<Place>) => number,
): Generator<readonly [Place, NearPlace<Place>], void, undefined> {
  const nearest = places
    .filter(
      ({ distance, nearestParts }) =>
        distance <= (nearestParts === undefined ? FARTHEST : FARTHEST_WITH_PARTS),
    )
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST_PLACES);
  for (const near of nearest) {
    let best = near.placement;
    let least = near.distance;
    let tries = MOST_TRIES;
    let step = FIRST_STEP;
    while (step >= LAST_STEP && tries > 0 && least > near.enough) {
      const before = least;
      for (const move of movesOf(best.geometry)) {
        for (const sign of [1, -1]) {
          if (tries-- <= 0 || least <= near.enough) break;
          const moved = { ...best, geometry: move(best.geometry, sign * step) };
          const distance = distanceAt(moved, near);
          if (distance >= least) continue;
          [best, least] = [moved, distance];
          break;
        }
      }
      if (least === before) step /= 2;
    }
    if (least < near.distance) yield [best, near];
    // One from farther away is a match only if its parts are near.
    if (least <= near.enough && near.distance <= FARTHEST) return;
  }
}

type Move = (geometry: VariantGeometry, by: number) => VariantGeometry;

/** Moves of a rectangle's sides, of all of them together, and of its angle; or of corners. */
function movesOf({ corners, angle }: VariantGeometry): readonly Move[] {
  if (corners !== undefined) return CORNER_MOVES;
  return angle === undefined ? SIDE_MOVES : [turned, ...SIDE_MOVES];
}

const sideMove =
  (left: number, top: number, right: number, bottom: number): Move =>
  (geometry, by) => {
    const { rectangle } = geometry;
    const across = by * rectangle.width;
    const down = by * rectangle.height;
    const sides: Rectangle = {
      left: Math.round(rectangle.left + left * across),
      top: Math.round(rectangle.top + top * down),
      width: Math.max(1, Math.round(rectangle.width + (right - left) * across)),
      height: Math.max(1, Math.round(rectangle.height + (bottom - top) * down)),
    };
    return { ...geometry, rectangle: sides };
  };

const SIDE_MOVES: readonly Move[] = [
  sideMove(-1, -1, 1, 1),
  sideMove(1, 0, 1, 0),
  sideMove(0, 1, 0, 1),
  sideMove(-1, 0, 0, 0),
  sideMove(0, 0, 1, 0),
  sideMove(0, -1, 0, 0),
  sideMove(0, 0, 0, 1),
];

const turned: Move = (geometry, by) => ({
  ...geometry,
  angle: (geometry.angle ?? 0) + 100 * DEGREES * by,
});

/** Each corner along either side, in shares of the rectangle around the corners. */
const CORNER_MOVES: readonly Move[] = [0, 1, 2, 3].flatMap((which) =>
  [0, 1].map(
    (axis): Move =>
      (geometry, by) => {
        const { corners, rectangle } = geometry;
        const side = axis === 0 ? rectangle.width : rectangle.height;
        const moved = corners!.map(
          ([x, y], i): Point =>
            i !== which ? [x, y] : axis === 0 ? [x + by * side, y] : [x, y + by * side],
        ) as [Point, Point, Point, Point];
        return { ...geometry, corners: moved, rectangle: around(moved) };
      },
  ),
);

/** The rectangle around points. */
export function around(corners: readonly Point[]): Rectangle {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}
