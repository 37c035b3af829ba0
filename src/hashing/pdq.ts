/*
 * PDQ step by step, as ThreatExchange's hashing.pdf describes it and its C++ code computes it:
 *
 * 1. raster: the pixels to hash; a large picture is first resampled to 512 x 512
 * 2. luma: the brightness of each
 * 3. Jarosz filter: a blur that spans a 64th of each side
 * 4. decimation: 64 x 64 samples of the blurred luma
 * 5. quality: the differences of these from their neighbours
 * 6. DCT: their 16 x 16 lowest frequencies, without the constant ones
 * 7. median of the 256 coefficients
 * 8. bits: one for each coefficient, set if it is above the median
 *
 * To give the reference's bits, each operation of steps 2 to 6 is rounded to float32, and their
 * order matters. `pdq-fast.ts` is a short cut through steps 2 to 6 that is taken unless it leaves a
 * bit or the quality in doubt.
 */

import { boolean, checkedBriefly, type OptionTable } from '../door.js';
import { checkResample, type Hash, newHash, type Resample } from '../hash.js';
import {
  boxColumns,
  boxPad,
  boxRows,
  boxRowsAt,
  columnBoxes,
  nextRows,
  tileCentres,
} from '../kernels/pdq/box-filter.js';
import { dctInOrder } from '../kernels/pdq/dct.js';
import { dctByKernels, filterByKernels } from '../kernels/pdq/exact.js';
import { bitsByKernels, rankByDistance } from '../kernels/pdq/ranks.js';
import { lumaRows, type Raster } from '../kernels/pixels/luma.js';
import { inArena } from '../kernels/simd/arena.js';
import { type CheckedPixels, checkedPixels, type Pixels, wordsOf } from '../pixels.js';
import { COEFFICIENT_BAND, fastCoefficients, fastPlane } from './pdq-fast.js';

/** Options of PDQ. */
export interface PdqOptions {
  /**
   * `512`: a picture with a side over 512 is first resampled to 512 x 512, as by the reference's
   * C++ program. `'none'`: it is not, as by its Python binding. Both are in use; on large pictures
   * they differ by a few bits.
   * @defaultValue 512
   */
  resample?: Resample;
  /**
   * Do every rounding of the reference, in its order. By default, this is done only if a bit or the
   * quality is within a guard band. The band is measured, not proved: the default gave the same
   * answer on each of 200,000 hard pictures, and is faster.
   * @defaultValue false
   */
  exact?: boolean;
}

export const RESAMPLE = { is: checkResample, default: 512 } as const;
export const EXACT = { is: boolean, default: false } as const;
export const PDQ_OPTIONS = {
  resample: RESAMPLE,
  exact: EXACT,
} satisfies OptionTable<PdqOptions>;

/**
 * PDQ hash of an image: 256 bits, one for each low-frequency 16 x 16 DCT coefficient, set where it
 * exceeds their median. Algorithm: ThreatExchange, hashing/hashing.pdf; the same bits as its C++
 * code for the same pixels (fixtures/pdq).
 *
 * Alpha is ignored, not composited. One sample a pixel is luma itself; equal red, green and blue
 * are still three products and two roundings.
 * @returns `hash`; `quality`, 0…100: the amount of gradient in the image (below 50, a match means
 *   little); and `resample`, the size convention of the hash, for its record. An image with a side
 *   under 5 pixels has an all-zero hash of quality 0, as in the reference.
 * @throws {RangeError} if `resample` is neither 512 nor 'none', or the pixels' shape contradicts
 *   itself
 * @throws {TypeError} if `pixels` or `options` is invalid
 * @example
 * const { hash, quality } = pdq(imageData);
 */
export function pdq(
  pixels: Pixels,
  options: PdqOptions = {},
): { hash: Hash; quality: number; resample: Resample } {
  const { bits, quality, resample } = pdqBy(pixels, options, bitsAbove);
  return { hash: bits, quality, resample };
}

/** `pdq`, with `read` for steps 7 and 8, as in `transform`. */
export function pdqBy<T>(
  pixels: Pixels,
  options: PdqOptions,
  read: (coefficients: Float64Array, band: number) => T | undefined,
): { bits: T; quality: number; resample: Resample } {
  const { resample, exact } = checkedBriefly(options, PDQ_OPTIONS);
  const raster = rasterOf(checkedPixels(pixels), resample);
  // The reference takes 64 x 64 pixels unfiltered: frames that a video decoder has scaled.
  const filtered = raster.columns.length !== 64 || raster.rows.length !== 64;
  return { ...transform(raster, { filtered, exact }, read), resample };
}

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
const middle = /* @__PURE__ */ new Float64Array(64 * 16);
const sorted = /* @__PURE__ */ new Float64Array(16 * 16);

/**
 * Steps 2 to 8: first by the short cut; then, if anything is in doubt or `exact` is set, as the
 * reference does.
 * @param filtered false for 64 x 64 pixels that are taken unfiltered
 * @param read does steps 7 and 8. It gets the coefficients and the band around the median within
 *   which a bit is in doubt (negative: none is), and returns `undefined` if one is. It runs once or
 *   twice and keeps nothing.
 */
export function transform<T>(
  raster: Raster,
  { filtered, exact }: { filtered: boolean; exact: boolean },
  read: (coefficients: Float64Array, band: number) => T | undefined,
): { bits: T; quality: number } {
  if (raster.columns.length < 5 || raster.rows.length < 5) {
    return { bits: read(new Float64Array(16 * 16), -1)!, quality: 0 };
  }
  return inArena((arena) => {
    const plane = arena.take(Float64Array, 64 * 64);
    if (!filtered) lumaPlane(raster, plane);
    if (!exact) {
      const quality = filtered ? fastPlane(raster, plane) : qualityOf(plane);
      const fast = quality < 0 ? undefined : fastCoefficients(plane);
      const bits = fast && read(fast, COEFFICIENT_BAND);
      fast?.fill(0);
      if (bits !== undefined) return { bits, quality };
    }
    if (filtered) jaroszFilter(raster, plane);
    const coefficients = arena.take(Float64Array, 16 * 16);
    dct(plane, coefficients);
    return { bits: read(coefficients, -1)!, quality: qualityOf(plane) };
  });
}

/**
 * Step 1: the pixels to hash. With `resample: 512` and a side over 512, they are 512 x 512, taken
 * at column floor(x · width / 512) and row floor(y · height / 512), as by the reference's C++
 * program; otherwise all of them. Nothing is copied.
 */
export function rasterOf(pixels: CheckedPixels, resample: Resample): Raster {
  const { data, width, height, channels } = pixels;
  const isShrunk = isResampled(width, height, resample);
  return {
    bytes: data,
    words: wordsOf(pixels),
    channels,
    stride: width,
    columns: nearest(width, isShrunk ? 512 : width),
    rows: nearest(height, isShrunk ? 512 : height),
  };
}

/** True if PDQ, in this size convention, resamples a picture of these sides to 512 x 512. */
export const isResampled = (width: number, height: number, resample: Resample): boolean =>
  resample === 512 && (width > 512 || height > 512);

/** The places of `count` pixels in a line of `length`. Exact: the products stay under 2^53. */
function nearest(length: number, count: number): Int32Array {
  const places = new Int32Array(count);
  for (let x = 0; x < count; x++) places[x] = Math.floor((x * length) / count);
  return places;
}

/**
 * Step 2: luma, (0.299 R + 0.587 G) + 0.114 B, by `lumaRows`, four rows at a time. This is for
 * 64 x 64 pixels, which are not filtered; for others, `jaroszFilter` takes luma as it goes.
 */
export function lumaPlane(raster: Raster, out: Float64Array): void {
  const lines = new Float64Array(4 * 64);
  for (let top = 0; top < 64; top += 4) {
    lumaRows(raster, top, lines, 0, 4);
    for (let r = 0; r < 4; r++) decimate(lines, r, out, top + r);
  }
}

/**
 * Step 3, with 2 and 4: a box filter along rows, down columns, and once more along rows and down
 * columns. In a line of n samples, a box holds w = floor((n + 127) / 128) of them: those from x - w
 * + a to x + a - 1 for sample x, a being floor((w + 2) / 2). So it is half as wide as one of 64
 * tiles, and two of them make a tent. A box gives the mean of its samples, fewer at the ends, from
 * a running sum: the newest sample in, then the oldest out, then the quotient.
 *
 * Order matters within a row and within a column, not among them. So all four passes run at once,
 * four rows a turn, over the last few rows of each, and memory grows with the width alone: 100 kB
 * for 512 x 512, 2 MB instead of 96 for 12 megapixels.
 */
export function jaroszFilter(raster: Raster, out: Float64Array): void {
  if (filterByKernels(raster, out)) return;
  const width = raster.columns.length;
  const height = raster.rows.length;
  const centresX = tileCentres(width);
  const centresY = tileCentres(height);
  // Four rows side by side, with zeros before and after them.
  const pad = 4 * boxPad(width);
  const lines = new Float64Array(4 * width + 2 * pad);
  const means = new Float64Array(lines.length);
  const tiles = new Float64Array(4 * 64);
  const first = columnBoxes(width, height, 0);
  // From here on, only the columns that decimation keeps.
  const second = columnBoxes(64, height, first.lag);
  for (let top = 0, i = 0; i < 64; top += 4) {
    lumaRows(raster, top, lines, pad, 4);
    nextRows(first, top);
    boxRows(lines, width, first.rows, first.written);
    boxColumns(first, means, pad);
    nextRows(second, top);
    boxRowsAt(means, width, centresX, second.rows, second.written);
    boxColumns(second, tiles, 0);
    for (let r = 0; r < 4; r++) {
      for (; i < 64 && centresY[i] === top + r - second.lag; i++) decimate(tiles, r, out, i);
    }
  }
}

/** Step 4: row i of the samples nearest to the centres of 64 x 64 tiles, from row r of four. */
function decimate(rows: Float64Array, r: number, out: Float64Array, i: number): void {
  for (let j = 0; j < 64; j++) out[64 * i + j] = rows[4 * j + r]!;
}

/**
 * Step 5: quality, 0…100. The differences of neighbours down and across, in hundredths of the
 * range, are truncated to whole numbers and summed; 9000 and more are 100.
 */
export function qualityOf(samples: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < 64 * 64; at++) {
    if (at < 64 * 63) sum += hundredths(samples[at]! - samples[at + 64]!);
    if ((at & 63) < 63) sum += hundredths(samples[at]! - samples[at + 1]!);
  }
  return Math.min(100, Math.floor(sum / 90));
}

const hundredths = (difference: number) =>
  Math.abs(Math.trunc(Math.fround(Math.fround(Math.fround(difference) * 100) / 255)));

/**
 * Step 6: D · samples · Dᵀ, each sum from sample 0 to 63. D is 16 x 64: row i, column k is
 * sqrt(2 / 64) cos(π (i + 1) (2 k + 1) / 128), the cosine of frequency i + 1.
 */
export function dct(samples: Float64Array, out: Float64Array): void {
  if (dctByKernels(samples, out)) return;
  dctInOrder(samples, middle, out);
  middle.fill(0);
}

/**
 * Step 7: the lower median, the 128th smallest of 256, by quickselect. No NaN; -0 and 0 are equal.
 * @param values only read
 */
export function lowerMedian(values: Float64Array): number {
  sorted.set(values);
  let low = 0;
  let high = 255;
  while (low < high) {
    // Hoare's partition. The pivot is the middle, which halves sorted and equal values too.
    const pivot = sorted[(low + high) >> 1]!;
    let i = low;
    let j = high;
    while (i <= j) {
      while (sorted[i]! < pivot) i++;
      while (sorted[j]! > pivot) j--;
      if (i <= j) {
        const value = sorted[i]!;
        sorted[i++] = sorted[j]!;
        sorted[j--] = value;
      }
    }
    if (j >= 127) high = j;
    else if (i <= 127) low = i;
    else break;
  }
  const median = sorted[127]!;
  sorted.fill(0);
  return median;
}

/**
 * Step 8: bit 16 i + j is set if coefficient (i, j) is above the median. The bytes write the 256
 * bits as one number, bit 255 first.
 * @param band a coefficient this near to the median, but for the median itself, leaves the hash in
 *   doubt; negative: none does
 * @param ranks those of the coefficients by their distance from the median, if there is a hash
 * @returns `undefined` if in doubt
 */
export function bitsAbove(
  values: Float64Array,
  band: number,
  ranks?: Uint8Array,
): Hash | undefined {
  const bytes = new Uint8Array(32);
  const isCertain = bitsByKernels(values, band, bytes, ranks);
  if (isCertain !== undefined) return isCertain ? newHash('pdq', bytes) : undefined;
  const median = lowerMedian(values);
  const hash = bitsOver(values, median, band);
  if (hash && ranks) rankByDistance(values, median, ranks);
  return hash;
}

/** `bitsAbove` of values whose median is known. */
export function bitsOver(values: Float64Array, median: number, band: number): Hash | undefined {
  const bytes = new Uint8Array(32);
  let near = 0;
  for (let bit = 0; bit < 256; bit++) {
    const above = values[bit]! - median;
    if (above > 0) bytes[31 - (bit >> 3)]! |= 1 << (bit & 7);
    if (Math.abs(above) <= band) near++;
  }
  // One is the median.
  return near > 1 ? undefined : newHash('pdq', bytes);
}
