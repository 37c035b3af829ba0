import { newHash } from '../hash.js';
import { layoutOf, type Orientation } from '../pixels.js';
import type { HashedVariant, Near, Point, VariantGeometry, Variants } from '../variant.js';
import type { PictureVariants } from './hash-picture.js';

/** The sides of a picture. */
export interface Sides {
  readonly width: number;
  readonly height: number;
}

/** How a picture is displayed, and how it was turned for hashing. */
export interface DraftOrientations {
  readonly displayed: Orientation;
  readonly hashed: Orientation;
}

/**
 * The variants of a draft, marked so, and placed in pixels of the full picture.
 * @param opened those of the draft as a picture of its own
 * @param draft sides of the draft, as stored
 * @param full those of the picture, as stored
 */
export function asDraft(
  opened: PictureVariants,
  draft: Sides,
  full: Sides,
  orientations: DraftOrientations,
): PictureVariants {
  const { variants } = opened;
  const { placed, ...sides } = placingOf(draft, full, orientations);
  const { looksCloser = false } = variants;
  const drafts = Object.assign(placedVariants(variants, placed), { looksCloser });
  return { ...sides, decoding: 'draft', variants: drafts };
}

/**
 * The sides of the full picture as displayed, and what marks a variant of its draft and places it
 * there.
 */
export function placingOf(
  draft: Sides,
  full: Sides,
  { displayed, hashed }: DraftOrientations,
): Sides & { placed(variant: HashedVariant): HashedVariant } {
  const from = turned(draft, hashed);
  const to = turned(full, hashed);
  const across = to.width / from.width;
  const down = to.height / from.height;
  return {
    ...turned(full, displayed),
    placed({ geometry, hash, ...variant }) {
      const place = geometry && { geometry: enlarged(geometry, across, down) };
      const marked = newHash(hash.algorithm, hash.bytes, 'draft');
      return { ...variant, hash: marked, decoding: 'draft', ...place };
    },
  };
}

const turned = ({ width, height }: Sides, orientation: Orientation): Sides =>
  layoutOf(orientation).turned ? { width: height, height: width } : { width, height };

function* placedVariants(
  variants: Variants,
  placed: (variant: HashedVariant) => HashedVariant,
): Variants {
  let near: Near | undefined;
  try {
    for (;;) {
      const { value, done } = variants.next(near);
      if (done) return;
      near = yield placed(value);
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
