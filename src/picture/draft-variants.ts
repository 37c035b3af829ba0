import { layoutOf, type Orientation } from '../pixels.js';
import type { Near, Point, VariantGeometry, Variants } from '../variant.js';
import type { PictureVariants } from './hash-picture.js';

/** The sides of a picture. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/**
 * The variants of a draft, marked so, and placed in pixels of the full picture.
 * @param opened those of the draft as a picture of its own
 * @param draft sides of the draft, as stored
 * @param full those of the picture, as stored
 * @param orientations how the picture is displayed, and how it was turned for hashing
 */
export function asDraft(
  opened: PictureVariants,
  draft: Sides,
  full: Sides,
  orientations: { displayed: Orientation; hashed: Orientation },
): PictureVariants {
  const from = turned(draft, orientations.hashed);
  const to = turned(full, orientations.hashed);
  const variants = enlargedVariants(
    opened.variants,
    to.width / from.width,
    to.height / from.height,
  );
  return { ...turned(full, orientations.displayed), decoding: 'draft', variants };
}

const turned = ({ width, height }: Sides, orientation: Orientation): Sides =>
  layoutOf(orientation).turned ? { width: height, height: width } : { width, height };

function* enlargedVariants(variants: Variants, across: number, down: number): Variants {
  let near: Near | undefined;
  try {
    for (;;) {
      const { value, done } = variants.next(near);
      if (done) return;
      const { geometry, ...variant } = value;
      const placed = geometry && { geometry: enlarged(geometry, across, down) };
      near = yield { ...variant, decoding: 'draft', ...placed };
    }
  } finally {
    // Whoever stops early lets the pixels go.
    variants.return();
  }
}

/** Sides come to lie between pixels, so that what was the whole picture is so still. */
function enlarged(geometry: VariantGeometry, across: number, down: number): VariantGeometry {
  const { rectangle, corners } = geometry;
  const left = Math.round(rectangle.left * across);
  const top = Math.round(rectangle.top * down);
  const width = Math.round((rectangle.left + rectangle.width) * across) - left;
  const height = Math.round((rectangle.top + rectangle.height) * down) - top;
  const moved = { ...geometry, rectangle: { left, top, width, height } };
  if (corners === undefined) return moved;
  const at = ([x, y]: Point): Point => [x * across, y * down];
  const [a, b, c, d] = corners;
  return { ...moved, corners: [at(a), at(b), at(c), at(d)] };
}
