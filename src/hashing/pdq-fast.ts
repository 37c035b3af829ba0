/*
 * The short cut through PDQ. Luma, filter, decimation and DCT are linear, so their results can be
 * computed in float64, only where they are needed, and in any order: the true values, from which
 * the reference's differ by its own roundings. If such a difference might change a bit or the
 * quality, the short cut reports a doubt, and `pdq` takes the reference's path.
 */

import { dctFolded } from '../kernels/pdq/dct-folded.js';
import type { Raster } from '../kernels/pixels/luma.js';
import { tentsByKernels } from '../kernels/pixels/tent-plane.js';
import { makeTentRow } from '../kernels/pixels/tent-rows.js';
import { type TentTaps, tentTaps } from '../kernels/pixels/tent-taps.js';
import { tentWords } from '../kernels/pixels/tent-words.js';
import { type Arena, keptBeside, kernelsOf } from '../kernels/simd/arena.js';
import { RANK_KERNELS } from '../kernels/simd/ranks.js';

/**
 * The distance from the median within which another coefficient of the short cut leaves a bit in
 * doubt. Measured, not proved: over five times the largest distance at which fast and exact
 * coefficients ever set a bit differently, on 200,000 pictures that are sensitive to rounding
 * (noise, gradients, flats, checkers and stripes of every period, text, waves, blocks, mirrored
 * noise, crops of photos; sides 1 to 700), in both size conventions, by `onlyhashes bench pdq-band
 * --large`:
 *
 * | up to | hashings by largest error | forms that differ, by distance |
 * |-------|---------------------------|--------------------------------|
 * | 1e-6  | 19457                     | 504261                         |
 * | 1e-5  | 7175                      | 1353                           |
 * | 1e-4  | 31174                     | 1684                           |
 * | 3e-4  | 54008                     | 605                            |
 * | 1e-3  | 69485                     | 350                            |
 * | 2e-3  | 11589                     | 66                             |
 * | 3e-3  | 844                       | 38                             |
 * | 4e-3  | 168                       | 16                             |
 * | 5e-3  | 84                        | 2                              |
 * | 1e-2  | 134                       | 0                              |
 * | 2e-2  | 29                        | 0                              |
 * | 5e-2  | 2                         | 0                              |
 *
 * The largest error was 0.033 and the largest such distance 0.0047, of 1.55 million forms. With the
 * band, not one hash and not one quality differed; 20,000 of the pictures are a test.
 *
 * The provable bound is far wider. The short cut is within 1e-9 of the true values. The reference's
 * running sums keep every rounding, and error analysis (bench/hash/pdq-bound.ts) bounds their
 * effect on a coefficient of 512 x 512 pixels by 1.31, and on its distance from the median by 2.62.
 * A band that wide would send every photo down the exact path. A picture made to drift has an error
 * of 0.06, so one made for it may differ in a bit that is as near to the median as that. `exact`
 * leaves no such doubt.
 */
export const COEFFICIENT_BAND = 0.025;

/**
 * The same for a difference of neighbours in the 64 x 64 plane, whose hundredths give the quality.
 * Fast and exact ones were truncated to different hundredths up to 0.00078 from a whole one (20,523
 * hashings, 25 of them beyond 0.0003). This is measured, too; the proved bound is 0.097 for 512 x
 * 512.
 */
export const DIFFERENCE_BAND = 0.004;

/**
 * Luma, filter and decimation by the short cut.
 * @param out 64 x 64; overwritten
 * @returns the quality, or -1 if it is in doubt
 */
export function fastPlane(raster: Raster, out: Float64Array): number {
  tentPlane(raster, out);
  return qualityWithin(out, DIFFERENCE_BAND);
}

/**
 * The true values of PDQ's 64 x 64 plane, up to the last bits of a float64. Of at most 512 x 512
 * pixels they are quotients of exact sums: the same numbers with kernels and without.
 */
export function tentPlane(raster: Raster, out: Float64Array): void {
  const width = raster.columns.length;
  const height = raster.rows.length;
  const areWhole = width <= 512 && height <= 512;
  const across = tapsOf(width, areWhole);
  const down = tapsOf(height, areWhole);
  if (areWhole && tentsByKernels(raster, across, down, out)) return;
  tentRow ??= makeTentRow();
  const line = new Float64Array(width);
  const byWords = raster.words !== null && width === 512 && height === 512;
  if (byWords) tentWords(raster.words, raster, out);
  for (let i = 0; i < 64; i++) {
    const from = byWords && i < 63 ? 63 : 0;
    const same = i > 0 && down.room === 1 && down.starts[i] === down.starts[i - 1];
    if (same) out.copyWithin(64 * i, 64 * (i - 1), 64 * i);
    else tentRow(raster, { across, down }, i, from, line, out);
  }
}

let tentRow: ReturnType<typeof makeTentRow> | undefined;

/** Taps for a line; those of 512, the length to which larger ones are resampled, are kept. */
function tapsOf(length: number, areWhole: boolean): TentTaps {
  if (length !== 512 || !areWhole) return tentTaps(length, areWhole);
  taps512 ??= tentTaps(512, true);
  return taps512;
}

let taps512: TentTaps | undefined;

/**
 * PDQ's quality of a plane whose differences are each within `band` of the reference's, or -1 if
 * that leaves more than one quality possible.
 */
export function qualityWithin(plane: Float64Array, band: number): number {
  const least = hundredths(plane, -band);
  if (least >= 9000) return 100;
  const quality = Math.floor(least / 90);
  return band === 0 || Math.floor(hundredths(plane, band) / 90) === quality ? quality : -1;
}

/**
 * The sum of the hundredths of all differences of neighbours, each with `more` added; 9000 and more
 * is enough.
 */
function hundredths(plane: Float64Array, more: number): number {
  const kernels = kernelsOf(plane, RANK_KERNELS);
  if (kernels) {
    const { numbers } = keptBeside(plane, scratch);
    numbers[0] = more;
    return kernels.hundredths(plane.byteOffset, numbers.byteOffset);
  }
  let sum = 0;
  // Row by row: in most photos the first few rows hold enough gradients for 100.
  for (let i = 0; i < 64 && sum < 9000; i++) {
    for (let at = 64 * i; at < 64 * i + 64; at++) {
      const value = plane[at]!;
      if (i < 63) sum += ((Math.abs(value - plane[at + 64]!) + more) * (100 / 255)) | 0;
      if ((at & 63) < 63) sum += ((Math.abs(value - plane[at + 1]!) + more) * (100 / 255)) | 0;
    }
  }
  return sum;
}

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
const scratch = (take: Arena['take']) => ({
  folds: take(Float64Array, 64 * 64),
  middle: take(Float64Array, 64 * 16),
  coefficients: take(Float64Array, 16 * 16),
  numbers: take(Float64Array, 1),
});

/**
 * The 16 x 16 coefficients of a plane, in float64.
 * @returns scratch, overwritten by the next call; clear it after reading
 */
export function fastCoefficients(plane: Float64Array): Float64Array {
  const { folds, middle, coefficients } = keptBeside(plane, scratch);
  dctFolded(plane, folds, middle, coefficients);
  folds.fill(0);
  middle.fill(0);
  return coefficients;
}
