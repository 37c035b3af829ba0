import type { VariantGeometry } from '../../src/variant.js';
import type { Raster } from './raster.js';

/** The kind of an edit, for the report's rows. */
export type Family =
  | 're-encoding'
  | 'resizing'
  | 'tone'
  | 'overlay'
  | 'flip or quarter turn'
  | 'border'
  | 'blurred bars'
  | 'caption'
  | 'screenshot'
  | 'collage'
  | 'turned, canvas grown'
  | 'turned, corners cut'
  | 'crop'
  | 'orientation tag'
  | 'chain'
  | 'viewer screenshot';

/** A photo as somebody shares it again. */
export interface Edited {
  readonly pixels: Raster;
  /** the raster as its file stores it, if the file has an orientation tag */
  readonly stored?: Raster;
  /**
   * the place of the whole photo in the edited picture, which it may exceed, with its angle and
   * dihedral form
   */
  readonly truth: VariantGeometry;
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
  readonly family: Family;
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
