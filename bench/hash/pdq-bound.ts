import { boxAhead, boxCount, boxWindow, tileCentres } from '../../src/kernels/pdq/box-filter.js';
import { DCT_MATRIX } from '../../src/kernels/pdq/dct.js';

/**
 * The worst-case float32 error of PDQ's reference, by forward error analysis. It is proved for any
 * picture of these sides, and far larger than the errors that pictures cause.
 */
export interface RoundingBound {
  /** for a sample of luma */
  readonly luma: number;
  /** for one pass of the box filter along a row and down a column, by position */
  readonly across: Float64Array;
  readonly down: Float64Array;
  /** for the 64 x 64 plane */
  readonly plane: Float64Array;
  /** for a difference of neighbours in the plane: the largest */
  readonly difference: number;
  /** for the 16 x 16 coefficients */
  readonly coefficients: Float64Array;
  /**
   * for the distance between a coefficient and the median: the largest; a band that can be proved
   */
  readonly gap: number;
}

/** The largest rounding error of a float32 operation whose result is at most `magnitude`. */
const halfUlp = (magnitude: number) => 2 ** (Math.ceil(Math.log2(magnitude)) - 25);

/**
 * An upper bound of every sample and mean: these are at most 255, and `roundingBound` checks their
 * errors.
 */
const WHITE = 256;

/**
 * The bound for a raster of `width` x `height`. It includes the fast path's own float64 errors,
 * which are under 1e-9.
 *
 * - Luma: three products and two sums, each rounded once.
 * - A box filter's sum runs on along the line, so it keeps every earlier rounding: one for each
 *   sample added and one for each sample removed, of sums of up to window + 1 and window samples.
 *   The quotient is rounded too, unless the count is a power of two.
 * - A mean of means carries the mean of their errors. So the errors of the four passes add up, and
 *   those of the first two are averaged on the way.
 * - A coefficient carries the plane's errors, weighted by the absolute values of its cosines, and
 *   the roundings of its own products and partial sums.
 * @throws {RangeError} if the lines are so long that the errors reach a whole level, from about
 *   20,000 samples on; sums might then exceed their assumed magnitude
 */
export function roundingBound(width: number, height: number, colours: boolean): RoundingBound {
  const weights = [0.299, 0.587, 0.114].map((weight) => halfUlp(weight * WHITE));
  const sums = [halfUlp((0.299 + 0.587) * WHITE), halfUlp(WHITE)];
  const luma = colours ? [...weights, ...sums].reduce((sum, error) => sum + error) : 0;
  const across = passBound(width);
  const down = passBound(height);
  const rows = tileCentres(height).map((y) => y);
  const columns = tileCentres(width).map((x) => x);
  const byRow = Float64Array.from(rows, (y) => down[y]! + boxMean(down, y));
  const byColumn = Float64Array.from(columns, (x) => across[x]! + boxMean(across, x));
  const plane = new Float64Array(64 * 64).map(
    (_, at) => luma + byRow[at >> 6]! + byColumn[at & 63]! + 1e-9,
  );
  const largest = Math.max(...plane);
  if (largest > 1) throw new RangeError('expected shorter lines: the bound does not hold');
  const coefficients = dctBound(plane, largest);
  return {
    luma,
    across,
    down,
    plane,
    difference: 2 * largest,
    coefficients,
    // The median is one of the coefficients or lies between those that took its place, so its error
    // is no larger.
    gap: 2 * Math.max(...coefficients),
  };
}

/** The error that a pass of the box filter adds to a line, by position. */
function passBound(length: number): Float64Array {
  const window = boxWindow(length);
  const ahead = boxAhead(window);
  const adding = halfUlp((window + 1) * WHITE);
  const taking = halfUlp(window * WHITE);
  return new Float64Array(length).map((_, at) => {
    // The first sample is added to nothing.
    const added = Math.min(at + ahead, length) - 1;
    const taken = Math.max(at + ahead - window, 0);
    const count = boxCount(at, length, window);
    const quotient = (count & (count - 1)) === 0 ? 0 : halfUlp(WHITE);
    return (added * adding + taken * taking) / count + quotient;
  });
}

/** The mean of a line over the box centred on `at`. */
function boxMean(line: Float64Array, at: number): number {
  const window = boxWindow(line.length);
  const ahead = boxAhead(window);
  const box = line.subarray(Math.max(at + ahead - window, 0), at + ahead);
  return box.reduce((sum, value) => sum + value, 0) / box.length;
}

/** The bounds of the coefficients, from those of the plane; `largest` is the plane's largest. */
function dctBound(plane: Float64Array, largest: number): Float64Array {
  const matrix = DCT_MATRIX;
  const out = new Float64Array(256);
  // Sums of the positive and of the negative cosines of each frequency, up to each sample.
  const above = new Float64Array(16 * 65);
  const below = new Float64Array(16 * 65);
  for (let i = 0; i < 16; i++) {
    for (let k = 0; k < 64; k++) {
      const cosine = matrix[64 * i + k]!;
      above[65 * i + k + 1] = above[65 * i + k]! + Math.max(0, cosine);
      below[65 * i + k + 1] = below[65 * i + k]! + Math.max(0, -cosine);
    }
  }
  /**
   * The greatest sum of samples from 0 to white, some added and some subtracted, with their errors.
   */
  const greatest = (added: number, taken: number) =>
    WHITE * Math.max(added, taken) + largest * (added + taken) + 1;
  for (let i = 0; i < 16; i++) {
    const [allAbove, allBelow] = [above[65 * i + 64]!, below[65 * i + 64]!];
    let rounding = 0;
    const middle = new Float64Array(64);
    for (let k = 0; k < 64; k++) {
      const cosine = Math.abs(matrix[64 * i + k]!);
      rounding += halfUlp(cosine * WHITE);
      if (k > 0) rounding += halfUlp(greatest(above[65 * i + k + 1]!, below[65 * i + k + 1]!));
      for (let j = 0; j < 64; j++) middle[j]! += cosine * plane[64 * k + j]!;
    }
    for (let j = 0; j < 16; j++) {
      let sum = 1e-9;
      for (let k = 0; k < 64; k++) {
        const cosine = Math.abs(matrix[64 * j + k]!);
        const [added, taken] = [above[65 * j + k + 1]!, below[65 * j + k + 1]!];
        sum += cosine * (middle[k]! + rounding);
        sum += halfUlp(cosine * greatest(allAbove, allBelow));
        if (k > 0) {
          sum += halfUlp(
            greatest(allAbove * added + allBelow * taken, allAbove * taken + allBelow * added),
          );
        }
      }
      out[16 * i + j] = sum;
    }
  }
  return out;
}
