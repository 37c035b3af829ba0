import type { Hash, Resample } from '../hash.js';
import { bitsAbove } from '../hashing/pdq-bits.js';
import { qualityOf } from '../hashing/pdq-quality.js';
import { dctMatrix } from '../kernels/dct.js';
import { dctFolded } from '../kernels/dct-folded.js';
import type { VariantGeometry } from '../variant.js';
import { sampleGrid } from './sample.js';
import type { WorkingPlane } from './working-plane.js';

/**
 * PDQ hash and quality of a part of a picture, sampled from the working plane: that of the part's real pixels, up to
 * ties, where the plane has them and nothing is turned; else within a few bits of it (test/variants/plane-hash.test.ts
 * has the figures).
 */
export function planeHash(
  plane: WorkingPlane,
  geometry: VariantGeometry,
  resample: Resample,
): { hash: Hash; quality: number; resample: Resample } {
  scratch ??= newScratch();
  const { matrix, grid, folds, middle, coefficients } = scratch;
  sampleGrid(plane, geometry, resample, grid);
  dctFolded(matrix, grid, folds, middle, coefficients);
  // No band: there is no reference whose roundings could differ.
  return { hash: bitsAbove(coefficients, -1)!, quality: qualityOf(grid), resample };
}

// Made at the first hash: nothing of ours can run between its first write and its last read.
let scratch: ReturnType<typeof newScratch> | undefined;

function newScratch() {
  return {
    matrix: dctMatrix(),
    grid: new Float64Array(64 * 64),
    folds: new Float64Array(64 * 64),
    middle: new Float64Array(64 * 16),
    coefficients: new Float64Array(16 * 16),
  };
}
