import type { VariantGeometry } from '../../src/variant.js';
import type { Raster } from './raster.js';

/** What is done to a photo, for the report's rows. */
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

/** A photo as a re-sharer passes it on. */
export interface Edited {
  readonly pixels: Raster;
  /** the raster as its file stores it, where the file has an orientation tag */
  readonly stored?: Raster;
  /** where the whole photo lies in the edited picture (it may reach beyond it), and how it was laid and turned */
  readonly truth: VariantGeometry;
}

/** What an edit may draw on. */
export interface Materials {
  /** a whole number from 0 to `below` - 1, seeded */
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

/** The truth of a photo that fills the edited picture. */
export const whole = ({ width, height }: Raster): VariantGeometry => at(0, 0, width, height);

/** The truth of a photo that is an upright rectangle of the edited picture. */
export const at = (
  left: number,
  top: number,
  width: number,
  height: number,
  more: Pick<VariantGeometry, 'angle' | 'dihedral'> = {},
): VariantGeometry => ({ rectangle: { left, top, width, height }, ...more });
