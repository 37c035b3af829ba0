import { newHash } from '../hash.js';
import { layoutOf, type Orientation } from '../pixels.js';
import type { Point, VariantGeometry } from '../variant.js';
import type { FullPicture } from './decoded-picture.js';

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
 * The full picture of a draft. Its variants are marked so, and placed in pixels of the full one.
 * @param draft sides of the draft, as stored
 * @param full those of the picture, as stored
 */
export function placingOf(
  draft: Sides,
  full: Sides,
  { displayed, hashed }: DraftOrientations,
): FullPicture {
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

/** A place in a picture of other sides. What was the whole picture is so still. */
export function enlarged(geometry: VariantGeometry, across: number, down: number): VariantGeometry {
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
