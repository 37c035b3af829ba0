import { perspectiveOf } from '../kernels/pixels/perspective.js';
import { type DihedralName, layOf, type VariantGeometry } from '../variant.js';

/** The corners of a four-sided part: top left, top right, bottom right, bottom left. */
export type Corners = NonNullable<VariantGeometry['corners']>;

/** The placement of a plane over its picture. */
interface Placed {
  /** pixels of the picture that one pixel of the plane covers, along either side */
  readonly scale: number;
  /** pixels of the plane beyond each border of the picture */
  readonly marginX: number;
  readonly marginY: number;
}

/**
 * The perspective of a part's corners on a plane, as a map of the unit square in which the part is
 * upright or in one of its dihedral forms.
 */
export function quadrilateralOn(
  { scale, marginX, marginY }: Placed,
  corners: Corners,
  dihedral: DihedralName = 'original',
): Float64Array {
  const { turned, fromRight, fromBottom } = layOf(dihedral);
  // Corner n of the form is corner n of the part, mirrored, then with rows and columns exchanged.
  const placed = new Float64Array(8);
  for (let to = 0; to < 4; to++) {
    const of = turned ? (4 - to) & 3 : to;
    const across = fromRight ? of ^ 1 : of;
    const [x, y] = corners[fromBottom ? 3 - across : across]!;
    placed[2 * to] = x / scale + marginX;
    placed[2 * to + 1] = y / scale + marginY;
  }
  return perspectiveOf(placed);
}
