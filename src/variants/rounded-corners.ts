import type { Rectangle } from '../variant.js';
import { colourAt, isOf } from './colour.js';
import type { WorkingPlane } from './working-plane.js';

/** How far a channel may be from the background's colour. */
const TOLERANCE = 24;
/** Of a side that a rounded corner takes at most; in pixels of the plane, at least. */
const MOST = 0.15;
const LEAST = 3;
/** Pixels between background and photo that are a mixture of both. */
const MIXED = 2;

/**
 * The plane with the rounded corners of a photo filled up: where the background reaches into the corners of a box, each
 * row is continued by the photo's pixel next to it. In a phone's screenshot they cost up to a third of the matches.
 * @param box a rectangle in pixels of the picture
 * @returns a plane with another luma, or `undefined` unless at least two corners are rounded
 */
export function withoutRoundedCorners(
  plane: WorkingPlane,
  box: Rectangle,
): WorkingPlane | undefined {
  const { scale, width, height } = plane;
  const left = Math.round(box.left / scale);
  const top = Math.round(box.top / scale);
  const right = Math.min(width, Math.round((box.left + box.width) / scale)) - 1;
  const bottom = Math.min(height, Math.round((box.top + box.height) / scale)) - 1;
  const corners = [
    [left, top, 1, 1],
    [right, top, -1, 1],
    [left, bottom, 1, -1],
    [right, bottom, -1, -1],
  ] as const;
  const luma = plane.luma.slice();
  let rounded = 0;
  for (const [x, y, inX, inY] of corners) {
    if (fillCorner(plane, luma, x, y, inX, inY, right - left + 1, bottom - top + 1)) rounded++;
  }
  return rounded >= 2 ? { ...plane, luma } : undefined;
}

/** Continues the rows of one corner into it, if it is rounded. */
function fillCorner(
  plane: WorkingPlane,
  luma: Float32Array,
  x: number,
  y: number,
  inX: 1 | -1,
  inY: 1 | -1,
  boxWidth: number,
  boxHeight: number,
): boolean {
  const { width, height } = plane;
  const corner = y * width + x;
  // The background is what lies diagonally outside; over, where the box reaches the picture's border.
  const outX = x - 2 * inX;
  const outY = y - 2 * inY;
  const isOutX = outX >= 0 && outX < width;
  const isOutY = outY >= 0 && outY < height;
  if (!isOutX && !isOutY) return false;
  const background = colourAt(plane, (isOutY ? outY : y) * width + (isOutX ? outX : x));
  const runs: number[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (let row = 0; row < MOST * boxHeight; row++) {
    const start = corner + row * inY * width;
    let run = 0;
    while (run < MOST * boxWidth && isOf(plane, start + run * inX, background, TOLERANCE)) run++;
    // A curve recedes from row to row; what does not is content of the background's colour.
    if (run >= MOST * boxWidth || run > last + MIXED) return false;
    if (run === 0) break;
    last = run;
    runs.push(run);
  }
  if (runs.length < LEAST || runs.length >= MOST * boxHeight || runs[0]! < LEAST) return false;
  for (let row = 0; row < runs.length; row++) {
    const start = corner + row * inY * width;
    const end = runs[row]! + MIXED;
    const value = luma[start + end * inX]!;
    for (let i = 0; i < end; i++) luma[start + i * inX] = value;
  }
  return true;
}
