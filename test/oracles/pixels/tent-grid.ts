import { sampleAt } from './plane.js';

interface Plane {
  readonly luma: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
}

/** A sample between pixels: a tent of a pixel to either side over all of them, border repeated. */
export function between(plane: Plane, x: number, y: number): number {
  const inside = (place: number, length: number) => Math.max(0, Math.min(place, length - 1));
  const [nearX, nearY] = [inside(x, plane.width), inside(y, plane.height)];
  let sum = 0;
  for (let row = 0; row < plane.height; row++) {
    for (let column = 0; column < plane.width; column++) {
      const u = Math.max(0, 1 - Math.abs(nearX - column));
      const v = Math.max(0, 1 - Math.abs(nearY - row));
      sum += u * v * plane.luma[row * plane.width + column]!;
    }
  }
  return sum;
}

/** A pixel as the mean of 25, weighted by their distance in either direction; border repeated. */
export function softened(
  plane: Plane,
  across: readonly number[],
  down: readonly number[],
  x: number,
  y: number,
): number {
  let sum = 0;
  for (let dy = -2; dy <= 2; dy++) {
    for (let dx = -2; dx <= 2; dx++) {
      const weight = across[Math.abs(dx)]! * down[Math.abs(dy)]!;
      sum += weight * sampleAt(plane.luma, plane, x + dx, y + dy);
    }
  }
  return sum;
}
