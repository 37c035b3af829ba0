import { float32, lumaOf, lumaProducts, lumaRows, type Raster } from '../pixels/luma.js';

// Loaders that do not join modules (test runners, development bundlers) turn a call of an import
// into a look-up that is not inlined: 25 times slower here.
const round = float32;
const luma = lumaOf;

/** The next sum of a box filter. Order matters: the newest sample in, then the oldest out. */
function step(sum: number, newest: number, oldest: number): number {
  return round(round(sum + newest) - oldest);
}

/**
 * Makes the filter and decimation of the PDQ reference for 512 x 512 pixels, the size to which
 * every larger picture is resampled. It gives the values of `boxRows`, `boxColumns`, `boxRowsAt`
 * and `boxColumns` one after the other in 60 % of their time (1.5 ms against 2.5; V8 11.3, x64).
 * Order matters throughout.
 *
 * Boxes hold 4 samples, tiles 8, and the middle of tile i is row 8 i + 4. Two boxes lag 4 rows
 * behind the newest. So each turn of 8 rows completes one row of tiles, and the oldest row of a box
 * is always in this turn or the one before.
 *
 * The scratch is constant to the function made here, and loops run to constants. V8 then knows
 * every address and omits the bounds checks, which would cost more than the sums. Rows are
 * interleaved, `8 x + row`.
 */
export function makeFilter512() {
  const reds = lumaProducts(0.299);
  const greens = lumaProducts(0.587);
  const blues = lumaProducts(0.114);
  // Four samples of zeros come before those of a row, so that sample x is at 8 (x + 4).
  const lines = new Float64Array(8 * (4 + 512));
  const means = new Float64Array(8 * (4 + 512));
  const fresh = new Float64Array(8 * 512);
  const stale = new Float64Array(4 * 512);
  const sums = new Float64Array(512);
  const tilesFresh = new Float64Array(8 * 64);
  const tilesStale = new Float64Array(4 * 64);
  const tilesSums = new Float64Array(64);
  const scratch = [lines, means, fresh, stale, sums, tilesFresh, tilesStale, tilesSums];
  const third = 1 / 3;

  /**
   * Luma of four rows of the raster from `top` on, of pixels that are words; they become rows `row`
   * …
   */
  function lumaOfWords(words: Int32Array, raster: Raster, top: number, row: 0 | 4): void {
    const { stride, columns, rows } = raster;
    const at0 = (rows[top]! * stride) >>> 0;
    const at1 = (rows[top + 1]! * stride) >>> 0;
    const at2 = (rows[top + 2]! * stride) >>> 0;
    const at3 = (rows[top + 3]! * stride) >>> 0;
    for (let x = 0; x < 512; x++) {
      const column = columns[x]!;
      const i = 8 * x + 32 + row;
      const p = words[(at0 + column) >>> 0]!;
      const q = words[(at1 + column) >>> 0]!;
      const r = words[(at2 + column) >>> 0]!;
      const s = words[(at3 + column) >>> 0]!;
      lines[i] = luma(p & 255, (p >>> 8) & 255, (p >>> 16) & 255, reds, greens, blues);
      lines[i + 1] = luma(q & 255, (q >>> 8) & 255, (q >>> 16) & 255, reds, greens, blues);
      lines[i + 2] = luma(r & 255, (r >>> 8) & 255, (r >>> 16) & 255, reds, greens, blues);
      lines[i + 3] = luma(s & 255, (s >>> 8) & 255, (s >>> 16) & 255, reds, greens, blues);
    }
  }

  /** First pass: boxes along eight rows, `lines` to `fresh`. */
  function alongRows(): void {
    let s0 = round(lines[32]! + lines[40]!);
    let s1 = round(lines[33]! + lines[41]!);
    let s2 = round(lines[34]! + lines[42]!);
    let s3 = round(lines[35]! + lines[43]!);
    let s4 = round(lines[36]! + lines[44]!);
    let s5 = round(lines[37]! + lines[45]!);
    let s6 = round(lines[38]! + lines[46]!);
    let s7 = round(lines[39]! + lines[47]!);
    for (let x = 0; x < 510; x++) {
      const i = 8 * x;
      s0 = step(s0, lines[i + 48]!, lines[i + 16]!);
      s1 = step(s1, lines[i + 49]!, lines[i + 17]!);
      s2 = step(s2, lines[i + 50]!, lines[i + 18]!);
      s3 = step(s3, lines[i + 51]!, lines[i + 19]!);
      s4 = step(s4, lines[i + 52]!, lines[i + 20]!);
      s5 = step(s5, lines[i + 53]!, lines[i + 21]!);
      s6 = step(s6, lines[i + 54]!, lines[i + 22]!);
      s7 = step(s7, lines[i + 55]!, lines[i + 23]!);
      fresh[i] = s0 * 0.25;
      fresh[i + 1] = s1 * 0.25;
      fresh[i + 2] = s2 * 0.25;
      fresh[i + 3] = s3 * 0.25;
      fresh[i + 4] = s4 * 0.25;
      fresh[i + 5] = s5 * 0.25;
      fresh[i + 6] = s6 * 0.25;
      fresh[i + 7] = s7 * 0.25;
    }
    // The first box holds three samples and the last two three and two.
    for (let row = 0; row < 8; row++) {
      const full = 4 * fresh[8 * 509 + row]!;
      const three = round(full - lines[8 * (4 + 508) + row]!);
      const two = round(three - lines[8 * (4 + 509) + row]!);
      fresh[row] = round(4 * fresh[row]! * third);
      fresh[8 * 510 + row] = round(three * third);
      fresh[8 * 511 + row] = two * 0.5;
    }
  }

  /**
   * Second pass: boxes down the columns for four of the eight rows, `fresh` to `means`. The oldest
   * row is four above the newest, in `stale`, which then takes the newest.
   */
  function downColumns(row: 0 | 4): void {
    for (let x = 0; x < 512; x++) {
      const i = 8 * x + row;
      const h = 4 * x;
      const f0 = fresh[i]!;
      const f1 = fresh[i + 1]!;
      const f2 = fresh[i + 2]!;
      const f3 = fresh[i + 3]!;
      const m0 = step(sums[x]!, f0, stale[h]!);
      const m1 = step(m0, f1, stale[h + 1]!);
      const m2 = step(m1, f2, stale[h + 2]!);
      const m3 = step(m2, f3, stale[h + 3]!);
      stale[h] = f0;
      stale[h + 1] = f1;
      stale[h + 2] = f2;
      stale[h + 3] = f3;
      sums[x] = m3;
      means[i + 32] = m0 * 0.25;
      means[i + 33] = m1 * 0.25;
      means[i + 34] = m2 * 0.25;
      means[i + 35] = m3 * 0.25;
    }
  }

  /** Corrects one row of `means` whose boxes hold three samples. */
  function threeInRow(row: number): void {
    for (let i = 32 + row; i < means.length; i += 8) means[i] = round(4 * means[i]! * third);
  }

  /** Third pass: boxes along eight rows, at the middle of each tile, `means` to `tilesFresh`. */
  function alongRowsAtTiles(): void {
    let s0 = round(means[32]! + means[40]!);
    let s1 = round(means[33]! + means[41]!);
    let s2 = round(means[34]! + means[42]!);
    let s3 = round(means[35]! + means[43]!);
    let s4 = round(means[36]! + means[44]!);
    let s5 = round(means[37]! + means[45]!);
    let s6 = round(means[38]! + means[46]!);
    let s7 = round(means[39]! + means[47]!);
    for (let x = 0; x < 509; x++) {
      const i = 8 * x;
      s0 = step(s0, means[i + 48]!, means[i + 16]!);
      s1 = step(s1, means[i + 49]!, means[i + 17]!);
      s2 = step(s2, means[i + 50]!, means[i + 18]!);
      s3 = step(s3, means[i + 51]!, means[i + 19]!);
      s4 = step(s4, means[i + 52]!, means[i + 20]!);
      s5 = step(s5, means[i + 53]!, means[i + 21]!);
      s6 = step(s6, means[i + 54]!, means[i + 22]!);
      s7 = step(s7, means[i + 55]!, means[i + 23]!);
      if ((x & 7) === 4) {
        const j = x - 4;
        tilesFresh[j] = s0 * 0.25;
        tilesFresh[j + 1] = s1 * 0.25;
        tilesFresh[j + 2] = s2 * 0.25;
        tilesFresh[j + 3] = s3 * 0.25;
        tilesFresh[j + 4] = s4 * 0.25;
        tilesFresh[j + 5] = s5 * 0.25;
        tilesFresh[j + 6] = s6 * 0.25;
        tilesFresh[j + 7] = s7 * 0.25;
      }
    }
  }

  /**
   * Fourth pass: boxes down the 64 columns. The first of the eight rows is the middle of the tiles
   * above.
   */
  function downTiles(out: Float64Array, at: number): void {
    for (let j = 0; j < 64; j++) {
      let sum = tilesSums[j]!;
      for (let row = 0; row < 8; row++) {
        const i = 8 * j + row;
        const oldest = row < 4 ? tilesStale[4 * j + row]! : tilesFresh[i - 4]!;
        sum = step(sum, tilesFresh[i]!, oldest);
        if (row === 0 && at >= 0) out[at + j] = sum * 0.25;
        if (row > 3) tilesStale[4 * j + row - 4] = tilesFresh[i]!;
      }
      tilesSums[j] = sum;
    }
  }

  /**
   * @param raster 512 x 512
   * @param out 64 x 64; overwritten
   */
  return (raster: Raster, out: Float64Array): void => {
    for (let top = 0; top <= 512; top += 8) {
      if (top < 512) {
        for (const row of [0, 4] as const) {
          if (raster.words) lumaOfWords(raster.words, raster, top + row, row);
          else lumaRows(raster, top + row, lines, 32 + row, 8);
        }
        alongRows();
      } else {
        fresh.fill(0);
      }
      downColumns(0);
      downColumns(4);
      // Rows 0 and 510, the latter below the last turn, are the middle of the boxes of three that
      // count.
      if (top === 0) threeInRow(2);
      if (top === 512) threeInRow(0);
      alongRowsAtTiles();
      // The first two rows of means are above the picture.
      if (top === 0) for (let j = 0; j < 64; j++) tilesFresh[8 * j] = tilesFresh[8 * j + 1] = 0;
      downTiles(out, 8 * top - 64);
    }
    // They begin empty, and keep nothing of the picture.
    for (const each of scratch) each.fill(0);
  };
}
