import { dctInOrder, dctMatrix } from '../kernels/dct.js';
import { dctFolded } from '../kernels/dct-folded.js';
import { filteredPlane, lumaPlane } from './pdq-exact.js';
import { tentPlane } from './pdq-fast.js';
import { qualityOf, qualityWithin } from './pdq-quality.js';
import type { Raster } from './pdq-raster.js';

/**
 * How near to the median another coefficient of the fast path leaves a bit in doubt. Measured, not
 * proved: over five times the largest distance at which fast and exact coefficients ever set a bit
 * differently, on 200,000 pictures that are hard on roundings (noise, gradients, flats, checkers
 * and stripes of every period, text, waves, blocks, mirrored noise, crops of photos; sides 1 to
 * 700), in both size conventions, by `onlyhashes bench pdq-band --large`:
 *
 * | up to                         | 1e-6    | 1e-5 | 1e-4  | 3e-4  | 1e-3  | 2e-3  | 3e-3 | 4e-3 | 5e-3 | 1e-2 | 2e-2 | 5e-2 |
 * |-------------------------------|---------|------|-------|-------|-------|-------|------|------|------|------|------|------|
 * | hashings by largest error     | 19457   | 7175 | 31174 | 54008 | 69485 | 11589 | 844  | 168  | 84   | 134  | 29   | 2    |
 * | forms that differ, by distance| 504261  | 1353 | 1684  | 605   | 350   | 66    | 38   | 16   | 2    | 0    | 0    | 0    |
 *
 * The largest error was 0.033 and the largest such distance 0.0047, of 1.55 million forms. With the
 * band not one hash and not one quality differed; 20,000 of the pictures are a test.
 *
 * What can be proved is far wider. The fast path is within 1e-9 of the true values; the reference's
 * running sums keep every rounding, and forward error analysis (bench/pdq-bound.ts) bounds what
 * that does to a coefficient of 512 x 512 pixels by 1.31, and to its distance from the median by
 * 2.62. A band that wide would send every photo down the exact path. A picture made to drift has an
 * error of 0.06, so one made for it may differ in a bit that lies as near to the median as that.
 * `exact` leaves no such doubt.
 */
export const COEFFICIENT_BAND = 0.025;

/**
 * The same for a difference of neighbours in the 64 x 64 plane, whose hundredths make the quality:
 * there fast and exact ones were cut to different hundredths up to 0.00078 from a whole one (20,523
 * hashings, 25 of them beyond 0.0003). Measured too; the proved bound is 0.097 for 512 x 512.
 */
export const DIFFERENCE_BAND = 0.004;

/**
 * Reads bits off a raster's 16 x 16 coefficients, and gives its quality: first those of the fast path, then, where `read`
 * or the quality is in doubt or `exact` is asked for, those of the reference.
 * @param filtered whether the picture is filtered and decimated; `false` for 64 x 64 pixels as they are
 * @param read gets the coefficients and the band around the median within which a bit is in doubt (negative: none), and
 *   returns `undefined` where one is; runs once or twice and keeps nothing
 */
export function transform<T>(
  raster: Raster,
  filtered: boolean,
  exact: boolean,
  read: (coefficients: Float64Array, band: number) => T | undefined,
): { bits: T; quality: number } {
  scratch ??= newScratch();
  const { matrix, plane, folds, middle, coefficients } = scratch;
  let quality = -1;
  if (!filtered) {
    lumaPlane(raster, plane);
    quality = qualityOf(plane);
  }
  if (!exact) {
    if (filtered) {
      tentPlane(raster, plane);
      quality = qualityWithin(plane, DIFFERENCE_BAND);
    }
    if (quality >= 0) {
      dctFolded(matrix, plane, folds, middle, coefficients);
      const bits = read(coefficients, COEFFICIENT_BAND);
      if (bits !== undefined) return { bits, quality };
    }
  }
  if (filtered) filteredPlane(raster, plane);
  dctInOrder(matrix, plane, middle, coefficients);
  return { bits: read(coefficients, -1)!, quality: quality < 0 ? qualityOf(plane) : quality };
}

// Made at the first hash: nothing of ours can run between its first write and its last read.
let scratch: ReturnType<typeof newScratch> | undefined;

function newScratch() {
  return {
    matrix: dctMatrix(),
    plane: new Float64Array(64 * 64),
    folds: new Float64Array(64 * 64),
    middle: new Float64Array(64 * 16),
    coefficients: new Float64Array(16 * 16),
  };
}
