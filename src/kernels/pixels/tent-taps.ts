import { boxAhead, boxCount, boxWindow, tileCentres } from '../pdq/box-filter.js';

/**
 * The samples of a line that PDQ's filter mixes into each of the 64 that are kept, and their
 * weights.
 */
export interface TentTaps {
  /** first sample of each of the 64 */
  readonly starts: Int32Array;
  /** number of samples from there, up to `room` */
  readonly counts: Int32Array;
  /** weights of the i-th from `room` · i on; their sum is its unit */
  readonly weights: Float64Array;
  /** 1, or what makes the weights whole numbers: 48 at most */
  readonly units: Float64Array;
  readonly room: number;
}

/**
 * The taps for a line of `length` samples. Two box filters in a row are a tent: at most 2 · window
 * - 1 samples wide, lower near the ends, where boxes hold fewer samples.
 * @param areWhole whether weights are to be whole numbers, for a line of 512 samples or fewer: sums
 *   are then exact, whatever their order
 */
export function tentTaps(length: number, areWhole = false): TentTaps {
  const window = boxWindow(length);
  const ahead = boxAhead(window);
  const room = 2 * window - 1;
  const starts = new Int32Array(64);
  const counts = new Int32Array(64);
  const weights = new Float64Array(64 * room);
  const units = new Float64Array(64).fill(1);
  const centres = tileCentres(length);
  for (let i = 0; i < 64; i++) {
    // The outer box averages the inner boxes centred on `first` to `last`.
    const first = Math.max(centres[i]! + ahead - window, 0);
    const last = Math.min(centres[i]! + ahead, length) - 1;
    const start = Math.max(first + ahead - window, 0);
    starts[i] = start;
    counts[i] = Math.min(last + ahead, length) - start;
    const boxes = last - first + 1;
    const isInside = first + ahead >= window && last + ahead <= length;
    // 12 is a multiple of all counts up to 4.
    if (areWhole) units[i] = boxes * (isInside ? window : 12);
    const share = units[i]! / boxes;
    if (isInside) {
      // Away from the ends all boxes are alike, and a weight is a sum of equal terms: the same
      // roundings as below, in window steps instead of window², which took 4 s for a line of a
      // million.
      const row = room * i;
      let sum = 0;
      for (let tap = 0; tap < boxes; tap++) {
        sum += share / window;
        weights[row + tap] = sum;
        weights[row + boxes + window - 2 - tap] = sum;
      }
      weights.fill(sum, row + boxes, row + window - 1);
      continue;
    }
    for (let inner = first; inner <= last; inner++) {
      const weight = share / boxCount(inner, length, window);
      const from = Math.max(inner + ahead - window, 0) - start;
      const to = Math.min(inner + ahead, length) - start;
      for (let tap = from; tap < to; tap++) weights[room * i + tap]! += weight;
    }
  }
  return { starts, counts, weights, units, room };
}
