import type { WorkingPlane } from './working-plane.js';

/** Red, green, blue. */
export type Colour = readonly [number, number, number];

/** The colour of a pixel of the plane. */
export const colourAt = ({ red, green, blue }: WorkingPlane, at: number): Colour => [
  red[at]!,
  green[at]!,
  blue[at]!,
];

/** Whether a pixel of the plane is of a colour: no channel further from it than `tolerance`. */
export const isOf = (
  { red, green, blue }: WorkingPlane,
  at: number,
  colour: Colour,
  tolerance: number,
): boolean =>
  Math.abs(red[at]! - colour[0]) <= tolerance &&
  Math.abs(green[at]! - colour[1]) <= tolerance &&
  Math.abs(blue[at]! - colour[2]) <= tolerance;
