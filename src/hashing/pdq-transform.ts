import { dctInOrder, dctMatrix } from '../kernels/dct.js';
import { dctFolded } from '../kernels/dct-folded.js';
import { filteredPlane, lumaPlane } from './pdq-exact.js';
import { tentPlane } from './pdq-fast.js';
import { qualityOf, qualityWithin } from './pdq-quality.js';
import type { Raster } from './pdq-raster.js';

export const COEFFICIENT_BAND = 0.02;
export const DIFFERENCE_BAND = 0.002;

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
