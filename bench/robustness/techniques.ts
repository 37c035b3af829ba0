import { checkedPixels, type Pixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES, type HashedVariant } from '../../src/variant.js';
import { THOROUGH, thoroughVariants } from '../../src/variants/thorough.js';
import { viewOf } from '../../src/variants/view.js';
import { planeOf } from '../../src/variants/working-plane.js';

/** What a variant is, in words: its name, and `mirrored` if its part is hashed mirrored or turned. */
export function calledAs({ name, geometry }: HashedVariant): string {
  const form = geometry?.dihedral ?? 'original';
  const isForm = (DIHEDRAL_NAMES as readonly string[]).includes(name);
  return isForm || form === 'original' ? name : `${name}, mirrored`;
}

/** How each variant was found: by a row of the profile, or as the picture itself in some form. */
export function techniquesOf(pixels: Pixels, variants: readonly HashedVariant[]): string[] {
  const places = [...thoroughVariants(planeOf(viewOf(checkedPixels(pixels))))];
  // Before the first row are the picture itself and its other forms. The last rows may be cut off.
  const itself = variants.findIndex(({ name }) => name === 'flipY');
  return variants.map((variant, at) =>
    at < itself ? calledAs(variant) : TECHNIQUES[THOROUGH.indexOf(places[at - itself]!.row)]!,
  );
}

/** The rows of `thorough`, in its order, as the report names them. */
export const TECHNIQUES = [
  'mirrored',
  'inverted',
  'borders',
  'boxes',
  'inside boxes',
  'blurred bars',
  'cells of boxes',
  'turned on a ground',
  'turned by quarters, flipped',
  'edge rectangles',
  'parts, mirrored',
  'quadrilaterals',
  'shapes',
  'cuts and turns',
  'shapes of parts',
  'cuts and turns, mirrored',
] as const;
