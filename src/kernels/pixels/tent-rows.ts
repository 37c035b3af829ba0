import type { Raster } from './luma.js';
import type { TentTaps } from './tent-taps.js';

/**
 * Makes the function that computes one row of PDQ's 64 x 64 plane straight from the pixels. Luma,
 * filter and decimation are linear, so each value is a weighted sum of a few samples. It is
 * computed in float64, which gives the true value; the reference's is close to it, with every step
 * rounded to float32. The order of sums does not matter.
 *
 * Rows are mixed first, four at a time, then columns. So each pixel costs one product, and few sums
 * run across: 2.3 ns a pixel of RGB, 3.2 with one row at a time (V8 11.3, x64). The tables are
 * constant to the function made here, so that V8 omits their bounds checks.
 */
export function makeTentRow() {
  const reds = new Float64Array(256);
  const greens = new Float64Array(256);
  const blues = new Float64Array(256);
  for (let v = 0; v < 256; v++) {
    reds[v] = Math.fround(0.299) * v;
    greens[v] = Math.fround(0.587) * v;
    blues[v] = Math.fround(0.114) * v;
  }

  function lumaAt(bytes: Uint8Array, at: number): number {
    const red = bytes[at]!;
    const green = bytes[(at + 1) >>> 0]!;
    const blue = bytes[(at + 2) >>> 0]!;
    return reds[red]! + greens[green]! + blues[blue]!;
  }

  /** Adds four rows of luma, a weight times each, to `line` from column `left` on. */
  function addRows(
    { bytes, channels, columns }: Raster,
    left: number,
    starts: Float64Array,
    weights: Float64Array,
    line: Float64Array,
  ): void {
    const width = columns.length;
    const at0 = starts[0]! >>> 0;
    const at1 = starts[1]! >>> 0;
    const at2 = starts[2]! >>> 0;
    const at3 = starts[3]! >>> 0;
    const weight0 = weights[0]!;
    const weight1 = weights[1]!;
    const weight2 = weights[2]!;
    const weight3 = weights[3]!;
    if (channels < 3) {
      for (let x = left; x < width; x++) {
        const column = Math.imul(channels, columns[x]!);
        line[x]! +=
          weight0 * bytes[(at0 + column) >>> 0]! +
          weight1 * bytes[(at1 + column) >>> 0]! +
          weight2 * bytes[(at2 + column) >>> 0]! +
          weight3 * bytes[(at3 + column) >>> 0]!;
      }
    } else {
      for (let x = left; x < width; x++) {
        const column = Math.imul(channels, columns[x]!);
        line[x]! +=
          weight0 * lumaAt(bytes, (at0 + column) >>> 0) +
          weight1 * lumaAt(bytes, (at1 + column) >>> 0) +
          weight2 * lumaAt(bytes, (at2 + column) >>> 0) +
          weight3 * lumaAt(bytes, (at3 + column) >>> 0);
      }
    }
  }

  /**
   * @param taps along the raster's rows and down its columns
   * @param i row of the plane
   * @param from first column of the plane to compute
   * @param line scratch, a value for each column of the raster
   * @param out the plane, 64 x 64; row `i` overwritten from column `from` on
   */
  return (
    raster: Raster,
    { across, down }: { readonly across: TentTaps; readonly down: TentTaps },
    i: number,
    from: number,
    line: Float64Array,
    out: Float64Array,
  ): void => {
    const { rows, stride, channels } = raster;
    const starts = new Float64Array(4);
    const weights = new Float64Array(4);
    const left = across.starts[from]!;
    line.fill(0, left);
    for (let tap = 0; tap < down.counts[i]!; tap += 4) {
      for (let r = 0; r < 4; r++) {
        // Rows beyond the last tap have no weight.
        const real = tap + r < down.counts[i]!;
        starts[r] = rows[down.starts[i]! + tap + (real ? r : 0)]! * stride * channels;
        weights[r] = real ? down.weights[down.room * i + tap + r]! : 0;
      }
      addRows(raster, left, starts, weights, line);
    }
    for (let j = from; j < 64; j++) {
      const start = across.starts[j]!;
      const count = across.counts[j]!;
      let sum = 0;
      for (let tap = 0; tap < count; tap++) {
        sum += across.weights[across.room * j + tap]! * line[start + tap]!;
      }
      out[64 * i + j] = sum / (across.units[j]! * down.units[i]!);
    }
  };
}
