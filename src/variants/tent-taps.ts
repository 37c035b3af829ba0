import type { Resample } from '../hash.js';

/** Samples a side of the grid that PDQ transforms. */
export const GRID = 64;

/** PDQ resamples a side to this many where one is longer (its convention `512`). */
const RESAMPLED = 512;

/** Which pixels of a line make the samples of the grid, and how much each counts. */
export interface TentTaps {
  /** where the taps of sample `i` begin; one more at the end */
  readonly first: Int32Array;
  /** pixel along the line, 0 … length - 1 */
  readonly position: Int32Array;
  readonly weight: Float64Array;
}

/**
 * How PDQ's grid comes from a line of `length` pixels: for each of its 64 samples which pixels count, and how much.
 * Two box filters of floor((n + 127) / 128) samples that divide by what lies inside the line, then every n / 64th
 * sample; `resampled` says that the picture is brought to 512 samples by the nearest pixel first.
 * The same linear map as the reference's filter, summed in another order.
 * @param filtered false where both sides are 64 pixels, which the reference does not filter
 */
export function tentTaps(length: number, resampled: boolean, filtered = true): TentTaps {
  const n = resampled ? RESAMPLED : length;
  const window = Math.floor((n + 127) / 128);
  const half = Math.floor((window + 2) / 2);
  const before = filtered ? window - half : 0;
  const after = filtered ? half - 1 : 0;
  const first = new Int32Array(GRID + 1);
  const position: number[] = [];
  const weight: number[] = [];
  const sums = new Float64Array(2 * (before + after) + 1);
  for (let i = 0; i < GRID; i++) {
    const o = Math.trunc(((i + 0.5) * n) / GRID);
    const low = o - 2 * before;
    sums.fill(0);
    const from = Math.max(o - before, 0);
    const to = Math.min(o + after, n - 1);
    for (let m = from; m <= to; m++) {
      const start = Math.max(m - before, 0);
      const end = Math.min(m + after, n - 1);
      const share = 1 / (to - from + 1) / (end - start + 1);
      for (let j = start; j <= end; j++) sums[j - low]! += share;
    }
    for (let at = 0; at < sums.length; at++) {
      const sample = low + at;
      if (sums[at] === 0) continue;
      position.push(resampled ? Math.floor((sample * length) / RESAMPLED) : sample);
      weight.push(sums[at]!);
    }
    first[i + 1] = position.length;
  }
  return { first, position: Int32Array.from(position), weight: Float64Array.from(weight) };
}

/** Whether PDQ, in the given size convention, resamples a picture of these sides. */
export const isResampled = (width: number, height: number, resample: Resample): boolean =>
  resample !== 'none' && (width > RESAMPLED || height > RESAMPLED);
