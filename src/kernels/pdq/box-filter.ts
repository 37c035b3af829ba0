/*
 * The box filter of the PDQ reference (Jarosz): a running sum, to which the newest sample is added,
 * from which the oldest is then taken, and which is divided by the number of samples it holds.
 * Order matters: each of the three is rounded to float32. The values are float32 held in float64
 * arrays, which saves a conversion at every load.
 *
 * Near both ends the reference only adds or only subtracts. Here it adds or subtracts a zero there,
 * which rounds nothing. So a line has `boxPad` zeros before and after it, and a column a row of
 * them.
 *
 * The quotient is a product with the inverse, which gives the same float32. sum / count, a 24-bit
 * integer over an integer under 2^20, is no midpoint of two float32 and at least 2^-45 of itself
 * away from one; the product of sum and 1 / count is within 2^-52 of it. Where the count is a power
 * of two it needs no rounding at all, which saves a tenth of the time.
 *
 * Four rows are interleaved, row r's sample x at 4 x + r. A sum waits for the one before it, about
 * 28 cycles, and four hide each other's wait; also, one turn of a loop pays its checks once for
 * four samples. A pass over 512 x 512 takes 0.55 ms, one row at a time 2.1, eight 0.5 (V8 11.3,
 * x64). Passes fused in one loop were no faster.
 */

import { float32 } from '../pixels/luma.js';

// Loaders that do not join modules (test runners, development bundlers) turn a call of an import
// into a look-up that is not inlined: 25 times slower here.
const round = float32;

/**
 * The samples of a line of `length` that PDQ uses: the one nearest to the centre of each of 64
 * tiles, trunc((i + 0.5) · length / 64). In a line under 64 some samples are used more than once.
 */
export function tileCentres(length: number): Int32Array {
  const centres = new Int32Array(64);
  for (let i = 0; i < 64; i++) centres[i] = Math.trunc(((i + 0.5) * length) / 64);
  return centres;
}

/** Samples in a full box of a line of `length`: half a tile, rounded up; at least 1. */
export function boxWindow(length: number): number {
  return Math.floor((length + 127) / 128);
}

/** Number of samples of a full box at or after its centre; the others are before it. */
export function boxAhead(window: number): number {
  return Math.floor((window + 2) / 2);
}

/** Samples in the box centred on `at`: `window`, less those beyond the ends of the line. */
export function boxCount(at: number, length: number, window: number): number {
  const ahead = boxAhead(window);
  return Math.min(at + ahead, length) - Math.max(at + ahead - window, 0);
}

/** Zeros needed before and after the samples of a line. */
export function boxPad(length: number): number {
  const window = boxWindow(length);
  return window - boxAhead(window) + 1;
}

const isPowerOfTwo = (count: number) => (count & (count - 1)) === 0;

/**
 * Box filter along four rows.
 * @param lines four rows side by side, `boxPad(length)` zeros before and after them
 * @param length samples a row
 * @param out row r of the means goes to `at[r]` and on
 */
export function boxRows(
  lines: Float64Array,
  length: number,
  out: Float64Array,
  at: Int32Array,
): void {
  const window = boxWindow(length);
  const ahead = boxAhead(window);
  const at0 = at[0]!;
  const at1 = at[1]!;
  const at2 = at[2]!;
  const at3 = at[3]!;
  let newest = 4 * boxPad(length);
  let oldest = 0;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let n = 1; n < ahead; n++, newest = (newest + 4) >>> 0) {
    sum0 = round(sum0 + lines[newest]!);
    sum1 = round(sum1 + lines[(newest + 1) >>> 0]!);
    sum2 = round(sum2 + lines[(newest + 2) >>> 0]!);
    sum3 = round(sum3 + lines[(newest + 3) >>> 0]!);
  }
  for (let x = 0; x < length; ) {
    const count = boxCount(x, length, window);
    const inverse = 1 / count;
    const whole = isPowerOfTwo(count);
    // All the full boxes at once, those near the ends one by one.
    const end = count === window ? length - ahead + 1 : x + 1;
    for (; x < end; x++, newest = (newest + 4) >>> 0, oldest = (oldest + 4) >>> 0) {
      sum0 = round(round(sum0 + lines[newest]!) - lines[oldest]!);
      sum1 = round(round(sum1 + lines[(newest + 1) >>> 0]!) - lines[(oldest + 1) >>> 0]!);
      sum2 = round(round(sum2 + lines[(newest + 2) >>> 0]!) - lines[(oldest + 2) >>> 0]!);
      sum3 = round(round(sum3 + lines[(newest + 3) >>> 0]!) - lines[(oldest + 3) >>> 0]!);
      if (whole) {
        out[(at0 + x) >>> 0] = sum0 * inverse;
        out[(at1 + x) >>> 0] = sum1 * inverse;
        out[(at2 + x) >>> 0] = sum2 * inverse;
        out[(at3 + x) >>> 0] = sum3 * inverse;
      } else {
        out[(at0 + x) >>> 0] = round(sum0 * inverse);
        out[(at1 + x) >>> 0] = round(sum1 * inverse);
        out[(at2 + x) >>> 0] = round(sum2 * inverse);
        out[(at3 + x) >>> 0] = round(sum3 * inverse);
      }
    }
  }
}

/**
 * `boxRows`, but only for the boxes centred on `centres`, ascending; the sums run through the
 * others.
 */
export function boxRowsAt(
  lines: Float64Array,
  length: number,
  centres: Int32Array,
  out: Float64Array,
  at: Int32Array,
): void {
  const window = boxWindow(length);
  const ahead = boxAhead(window);
  const at0 = at[0]!;
  const at1 = at[1]!;
  const at2 = at[2]!;
  const at3 = at[3]!;
  let newest = 4 * boxPad(length);
  let oldest = 0;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let n = 1; n < ahead; n++, newest = (newest + 4) >>> 0) {
    sum0 = round(sum0 + lines[newest]!);
    sum1 = round(sum1 + lines[(newest + 1) >>> 0]!);
    sum2 = round(sum2 + lines[(newest + 2) >>> 0]!);
    sum3 = round(sum3 + lines[(newest + 3) >>> 0]!);
  }
  let x = 0;
  for (let j = 0; j < centres.length; j++) {
    const centre = centres[j]!;
    for (; x <= centre; x++, newest = (newest + 4) >>> 0, oldest = (oldest + 4) >>> 0) {
      sum0 = round(round(sum0 + lines[newest]!) - lines[oldest]!);
      sum1 = round(round(sum1 + lines[(newest + 1) >>> 0]!) - lines[(oldest + 1) >>> 0]!);
      sum2 = round(round(sum2 + lines[(newest + 2) >>> 0]!) - lines[(oldest + 2) >>> 0]!);
      sum3 = round(round(sum3 + lines[(newest + 3) >>> 0]!) - lines[(oldest + 3) >>> 0]!);
    }
    const inverse = 1 / boxCount(centre, length, window);
    out[at0 + j] = round(sum0 * inverse);
    out[at1 + j] = round(sum1 * inverse);
    out[at2 + j] = round(sum2 * inverse);
    out[at3 + j] = round(sum3 * inverse);
  }
}

/** Boxes down all columns of a plane, and the rows that they hold. */
export interface ColumnBoxes {
  readonly width: number;
  readonly height: number;
  readonly window: number;
  /** rows that are written, and ignored, before the plane's first */
  readonly delay: number;
  /** rows by which the centres of the boxes are behind the rows written, including the delay */
  readonly lag: number;
  /** as many rows as a box holds and four more, as a ring; behind them one of zeros */
  readonly rows: Float64Array;
  /** one per column */
  readonly sums: Float64Array;
  /** position in `rows` at which to write each of the four rows of this turn */
  readonly written: Int32Array;
  /** start in `rows` of each of the four rows to add */
  readonly newest: Int32Array;
  /** start in `rows` of each of the four rows to subtract */
  readonly oldest: Int32Array;
  /** samples in the box after each of the four steps */
  readonly counts: Int32Array;
}

/** Boxes down a plane of `width` x `height` before its first row. */
export function columnBoxes(width: number, height: number, delay: number): ColumnBoxes {
  const window = boxWindow(height);
  return {
    width,
    height,
    window,
    delay,
    lag: delay + boxAhead(window) - 1,
    rows: new Float64Array((window + 5) * width),
    sums: new Float64Array(width),
    written: new Int32Array(4),
    newest: new Int32Array(4),
    oldest: new Int32Array(4),
    counts: new Int32Array(4),
  };
}

/** Moves on to rows `top` to `top` + 3, including the delay. They are to be written next. */
export function nextRows(boxes: ColumnBoxes, top: number): void {
  const { width, height, window, delay, lag } = boxes;
  const slots = window + 4;
  const zeros = slots * width;
  for (let r = 0; r < 4; r++) {
    const row = top + r - delay;
    boxes.written[r] = ((top + r) % slots) * width;
    boxes.newest[r] = row >= 0 && row < height ? boxes.written[r]! : zeros;
    boxes.oldest[r] = row >= window ? ((top + r - window) % slots) * width : zeros;
    boxes.counts[r] = boxCount(top + r - lag, height, window);
  }
}

/**
 * Box filter down the columns for the four rows just written: each step adds a row, subtracts
 * another and divides.
 * @param out the four rows of means side by side, from `to` on
 */
export function boxColumns(boxes: ColumnBoxes, out: Float64Array, to: number): void {
  const { sums, rows, newest, oldest, counts } = boxes;
  const width = sums.length;
  const add0 = newest[0]!;
  const add1 = newest[1]!;
  const add2 = newest[2]!;
  const add3 = newest[3]!;
  const drop0 = oldest[0]!;
  const drop1 = oldest[1]!;
  const drop2 = oldest[2]!;
  const drop3 = oldest[3]!;
  const inverse0 = 1 / counts[0]!;
  const inverse1 = 1 / counts[1]!;
  const inverse2 = 1 / counts[2]!;
  const inverse3 = 1 / counts[3]!;
  const whole =
    isPowerOfTwo(counts[0]!) &&
    isPowerOfTwo(counts[1]!) &&
    isPowerOfTwo(counts[2]!) &&
    isPowerOfTwo(counts[3]!);
  for (let x = 0; x < width; x++) {
    const sum0 = round(round(sums[x]! + rows[(add0 + x) >>> 0]!) - rows[(drop0 + x) >>> 0]!);
    const sum1 = round(round(sum0 + rows[(add1 + x) >>> 0]!) - rows[(drop1 + x) >>> 0]!);
    const sum2 = round(round(sum1 + rows[(add2 + x) >>> 0]!) - rows[(drop2 + x) >>> 0]!);
    const sum3 = round(round(sum2 + rows[(add3 + x) >>> 0]!) - rows[(drop3 + x) >>> 0]!);
    sums[x] = sum3;
    const i = (to + 4 * x) >>> 0;
    if (whole) {
      out[i] = sum0 * inverse0;
      out[(i + 1) >>> 0] = sum1 * inverse1;
      out[(i + 2) >>> 0] = sum2 * inverse2;
      out[(i + 3) >>> 0] = sum3 * inverse3;
    } else {
      out[i] = round(sum0 * inverse0);
      out[(i + 1) >>> 0] = round(sum1 * inverse1);
      out[(i + 2) >>> 0] = round(sum2 * inverse2);
      out[(i + 3) >>> 0] = round(sum3 * inverse3);
    }
  }
}
