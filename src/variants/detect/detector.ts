import type { LumaPlane } from '../../hashing/pdq-region.js';
import type { VariantGeometry, VariantName } from '../../variant.js';
import type { WorkingPlane } from '../working-plane.js';

/** A place where the photo before an edit may be in a picture: a variant before it is hashed. */
export interface Placement {
  readonly name: VariantName;
  readonly geometry: VariantGeometry;
  /** the plane that PDQ samples, if not the searched one */
  readonly plane?: LumaPlane | undefined;
}

/**
 * Looks for one kind of edit and returns the places where the photo may be, the likeliest first.
 *
 * - It only reads the plane. The same plane gives the same placements.
 * - Rectangles are in pixels of the picture, not of the plane: `snapToEdges` converts them and
 *   moves each side to the strongest line within two pixels of the plane. If another line may be
 *   stronger there, measure in `plane.view` instead. Rectangles are inside the picture, unless the
 *   edit cut the photo: then they reach as far as it did.
 * - A place within a pixel, or a 400th of a side, of one from an earlier row is dropped, whatever
 *   its name.
 * - It returns few placements or none if there is no such edit, and takes pictures of any size.
 * - It is a generator if it has work to do, so that its row's limit also ends the work.
 *
 * A new detector is a file here, its row in `thorough.ts`, and the row of a picture that it is for
 * in test/variants/detect/exam.test.ts.
 */
export type Detector = (plane: WorkingPlane) => Iterable<Placement>;
