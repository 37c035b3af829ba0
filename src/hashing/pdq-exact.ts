import { boxColumns, boxPad, boxRows, boxRowsAt } from '../kernels/box-filter.js';
import { makeFilter512 } from '../kernels/filter-512.js';
import { lumaProducts, lumaRows } from '../kernels/luma.js';
import { boxAhead, boxCount, boxWindow, tileCentres } from '../kernels/tiles.js';
import type { Raster } from './pdq-raster.js';

/**
 * PDQ's filtered and decimated luma, 64 x 64, every value rounded as the reference rounds it: boxes along rows, down
 * columns, along rows, down columns. Order matters within a row and within a column, not among them: so the four passes
 * run at once, four rows at a time, over the last few rows of each, and memory grows with the width alone (100 kB for
 * 512 x 512, 2 MB instead of 96 for 12 megapixels).
 */
export function filteredPlane(raster: Raster, out: Float64Array): void {
  const { bytes, words, channels, stride, columns, rows } = raster;
  const width = columns.length;
  const height = rows.length;
  if (width === 512 && height === 512) {
    filter512 ??= makeFilter512();
    filter512(words, bytes, channels, stride, columns, rows, out);
    return;
  }
  const windowX = boxWindow(width);
  const windowY = boxWindow(height);
  const pad = 4 * boxPad(windowX);
  const reds = lumaProducts(0.299);
  const greens = lumaProducts(0.587);
  const blues = lumaProducts(0.114);
  const centresX = tileCentres(width);
  const centresY = tileCentres(height);
  const starts = new Float64Array(4);
  const lines = new Float64Array(4 * width + 2 * pad);
  const means = new Float64Array(lines.length);
  const tiles = new Float64Array(4 * 64);
  const wide = descent(width, height);
  const narrow = descent(64, height);
  // A box down a column is centred `lag` rows above the newest row that it holds.
  const lag = boxAhead(windowY) - 1;
  for (let top = 0, i = 0; i < 64; top += 4) {
    // Below the last row it is read again, for nothing: the descents take zeros there.
    for (let r = 0; r < 4; r++) {
      starts[r] = rows[Math.min(top + r, height - 1)]! * stride * channels;
    }
    lumaRows(bytes, channels, starts, columns, reds, greens, blues, lines, pad, 4);
    turn(wide, top, 0);
    const [a, b, c, d] = wide.written;
    boxRows(lines, width, windowX, wide.rows, a!, b!, c!, d!);
    boxColumns(wide.sums, wide.rows, wide.newest, wide.oldest, wide.counts, means, pad);
    turn(narrow, top, lag);
    const [e, f, g, h] = narrow.written;
    boxRowsAt(means, width, windowX, centresX, narrow.rows, e!, f!, g!, h!);
    boxColumns(narrow.sums, narrow.rows, narrow.newest, narrow.oldest, narrow.counts, tiles, 0);
    for (let r = 0; r < 4; r++) {
      for (; i < 64 && centresY[i] === top + r - 2 * lag; i++) {
        for (let j = 0; j < 64; j++) out[64 * i + j] = tiles[4 * j + r]!;
      }
    }
  }
}

let filter512: ReturnType<typeof makeFilter512> | undefined;

/** Rows on their way down the columns of one pass. */
function descent(width: number, height: number) {
  const window = boxWindow(height);
  // As many rows as a box holds and four more, in turn, and behind them one of zeros, for those beyond the picture.
  const slots = window + 4;
  return {
    width,
    height,
    window,
    slots,
    rows: new Float64Array((slots + 1) * width),
    sums: new Float64Array(width),
    /** where the four rows of this turn are written */
    written: new Int32Array(4),
    newest: new Int32Array(4),
    oldest: new Int32Array(4),
    counts: new Int32Array(4),
  };
}

/** Turns to the four rows of time `top` on; row y of the pass is written at time y + `delay`. */
function turn(pass: ReturnType<typeof descent>, top: number, delay: number): void {
  const { width, height, window, slots } = pass;
  const zeros = slots * width;
  for (let r = 0; r < 4; r++) {
    const time = top + r;
    const row = time - delay;
    pass.written[r] = (time % slots) * width;
    pass.newest[r] = row >= 0 && row < height ? pass.written[r]! : zeros;
    pass.oldest[r] = row >= window ? ((time - window) % slots) * width : zeros;
    pass.counts[r] = boxCount(row - boxAhead(window) + 1, height, window);
  }
}

/** Luma of a raster of 64 x 64, which PDQ takes as it is. */
export function lumaPlane(raster: Raster, out: Float64Array): void {
  const { bytes, channels, stride, columns, rows } = raster;
  const reds = lumaProducts(0.299);
  const greens = lumaProducts(0.587);
  const blues = lumaProducts(0.114);
  const starts = new Float64Array(4);
  const lines = new Float64Array(4 * 64);
  for (let top = 0; top < 64; top += 4) {
    for (let r = 0; r < 4; r++) starts[r] = rows[top + r]! * stride * channels;
    lumaRows(bytes, channels, starts, columns, reds, greens, blues, lines, 0, 4);
    for (let r = 0; r < 4; r++) {
      for (let x = 0; x < 64; x++) out[64 * (top + r) + x] = lines[4 * x + r]!;
    }
  }
}
