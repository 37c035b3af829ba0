import type { VariantGeometry } from '../../src/variant.js';
import type { Raster } from './raster.js';

export type Point = readonly [x: number, y: number];

/** Four corners, clockwise from the top left one. */
export type Quad = readonly [Point, Point, Point, Point];

/** Where the whole photo lies in an edited picture. */
export interface Truth extends VariantGeometry {
  /** the photo's corners, if its place is not a rectangle; the rectangle then encloses them */
  readonly corners?: Quad;
}

/** A photo as somebody shares it again. */
export interface Edited {
  readonly pixels: Raster;
  /** the raster as its file stores it, if the file has an orientation tag */
  readonly stored?: Raster;
  /**
   * the place of the whole photo in the edited picture, which it may exceed, with its angle and
   * dihedral form; absent where it has no exact place
   */
  readonly truth?: Truth;
}

/** What an edit may use besides the photo. */
export interface Materials {
  /** a seeded random integer from 0 to `below` - 1 */
  random(below: number): number;
  /** another photo, which is on no list */
  filler(): Promise<Raster>;
}

/** One named edit. */
export interface Transform {
  readonly name: string;
  /** its kind, for the report's rows */
  readonly family: string;
  /** false of a photo that the edit would leave as it is: no copy is made of it; true if absent */
  applies?(photo: Raster): boolean;
  apply(photo: Raster, materials: Materials): Promise<Edited>;
}

/** The place of a photo that fills the edited picture. */
export const whole = ({ width, height }: Raster): VariantGeometry => at(0, 0, width, height);

/** The place of a photo that is an upright rectangle of the edited picture. */
export const at = (
  left: number,
  top: number,
  width: number,
  height: number,
  more: Pick<VariantGeometry, 'angle' | 'dihedral'> = {},
): VariantGeometry => ({ rectangle: { left, top, width, height }, ...more });

/** Makes a copy of a photo. */
export type Make = (photo: Raster, materials: Materials) => Promise<Edited>;

/** The edits of a family, by name, and the photos that all of them apply to. */
export const copies = (
  family: string,
  makes: Readonly<Record<string, Make>>,
  applies?: Transform['applies'],
): Transform[] =>
  Object.entries(makes).map(([name, apply]) => ({
    name,
    family,
    ...(applies && { applies }),
    apply,
  }));
