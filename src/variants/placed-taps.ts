import type { Resample } from '../hash.js';
import { tentTaps } from '../kernels/tent-taps.js';

/** Samples a side of the grid that PDQ transforms. */
export const GRID = 64;

/** Which pixels of a line make the samples of PDQ's grid, and how much each counts. */
export interface PlacedTaps {
  /** where the taps of sample `i` begin; one more at the end */
  readonly first: Int32Array;
  /** pixel along the line, 0 … length - 1 */
  readonly position: Int32Array;
  readonly weight: Float64Array;
}

/**
 * How PDQ's grid comes from a line of `length` pixels: its two box filters and its decimation, by the taps of the fast
 * path, and before them the nearest of the pixels where the line is `resampled` to 512.
 * @param filtered false where both sides are 64 pixels, which the reference takes as they are
 */
export function placedTaps(length: number, resampled: boolean, filtered = true): PlacedTaps {
  const first = new Int32Array(GRID + 1);
  if (!filtered) {
    for (let i = 0; i <= GRID; i++) first[i] = i;
    return { first, position: first.slice(0, GRID), weight: new Float64Array(GRID).fill(1) };
  }
  const samples = resampled ? 512 : length;
  const { starts, counts, weights, room } = tentTaps(samples);
  for (let i = 0; i < GRID; i++) first[i + 1] = first[i]! + counts[i]!;
  const position = new Int32Array(first[GRID]!);
  const weight = new Float64Array(first[GRID]!);
  for (let i = 0, to = 0; i < GRID; i++) {
    for (let tap = 0; tap < counts[i]!; tap++, to++) {
      position[to] = Math.floor(((starts[i]! + tap) * length) / samples);
      weight[to] = weights[room * i + tap]!;
    }
  }
  return { first, position, weight };
}

/** Whether PDQ, in the given size convention, resamples a picture of these sides to 512 x 512. */
export const isResampled = (width: number, height: number, resample: Resample): boolean =>
  resample !== 'none' && (width > resample || height > resample);
