/**
 * The pixels that PDQ hashes: with the places of its rows and columns in the caller's memory.
 * Indices of samples reach 2^32.
 */
export interface Raster {
  /** a view of the caller's samples; only read */
  readonly bytes: Uint8Array;
  /** the same memory, a little-endian RGBA pixel a word, or `null` if that is impossible */
  readonly words: Int32Array | null;
  /** samples a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA */
  readonly channels: number;
  /** pixels from one row of the picture to the next */
  readonly stride: number;
  /** for each column of the raster, its pixel in a row of the picture */
  readonly columns: Int32Array;
  /** for each row of the raster, its row in the picture */
  readonly rows: Int32Array;
}

/**
 * `x` rounded to float32, ties to even: `Math.fround` for 0 and |x| from 2^-126 to 2^98. It is one
 * product and two differences instead of two conversions: 0.56 ns against 1.08, and 2.8 against 4.0
 * if one waits for another (V8 11.3, x64).
 *
 * This is Veltkamp's splitting (1968): its upper half is `x` rounded to nearest to 53 - 29 = 24
 * bits (Boldo, "Pitfalls of a full floating-point proof", 2006). Ties go to even. At a tie, `x` is
 * an odd X of 25 bits, but for its exponent. X (2^29 + 1) is then an odd number of 54 bits, and its
 * product is rounded to the one of its two neighbours that is a multiple of 4. The inner
 * difference, -X 2^29 give or take 1, is a tie that goes to -X 2^29. So the result is X + 1 or X -
 * 1, whichever is a multiple of 4: a float32 of even mantissa.
 */
export function float32(x: number): number {
  const scaled = x * 536870913; // 2^29 + 1
  return scaled - (scaled - x);
}

/** A weight of luma times each sample value, both rounded to float32, as in the PDQ reference. */
export function lumaProducts(weight: number): Float64Array {
  const products = new Float64Array(256);
  for (let v = 0; v < 256; v++) products[v] = float32(Math.fround(weight) * v);
  return products;
}

/**
 * Luma of one pixel: 0.299 R + 0.587 G + 0.114 B (Rec. 601). Order matters: each product is rounded
 * to float32, then the sum of red and green, then the sum with blue. Hot: the tables are arguments,
 * since V8 reads a bundle's module-level ones again for each pixel, which slows the exact path by a
 * sixth (V8 11.3, x64).
 * @param reds `lumaProducts(0.299)`; `greens` and `blues` likewise
 */
export function lumaOf(
  red: number,
  green: number,
  blue: number,
  reds: Float64Array,
  greens: Float64Array,
  blues: Float64Array,
): number {
  return float32(float32(reds[red]! + greens[green]!) + blues[blue]!);
}

const tables = /* @__PURE__ */ [0.299, 0.587, 0.114].map(lumaProducts);

/**
 * Luma of four rows of a raster, interleaved: column x of row `top` + r goes to `out[to + step x +
 * r]`. Below the last row, that row is read again. A pixel of one sample or two is its own luma.
 * Alpha is ignored.
 */
export function lumaRows(
  raster: Raster,
  top: number,
  out: Float64Array,
  to: number,
  step: number,
): void {
  const { bytes, channels, stride, columns, rows } = raster;
  const [reds, greens, blues] = tables as [Float64Array, Float64Array, Float64Array];
  const width = columns.length;
  const last = rows.length - 1;
  const at0 = (rows[Math.min(top, last)]! * stride * channels) >>> 0;
  const at1 = (rows[Math.min(top + 1, last)]! * stride * channels) >>> 0;
  const at2 = (rows[Math.min(top + 2, last)]! * stride * channels) >>> 0;
  const at3 = (rows[Math.min(top + 3, last)]! * stride * channels) >>> 0;
  if (channels < 3) {
    for (let x = 0; x < width; x++) {
      const column = Math.imul(channels, columns[x]!);
      const i = (to + step * x) >>> 0;
      out[i] = bytes[(at0 + column) >>> 0]!;
      out[(i + 1) >>> 0] = bytes[(at1 + column) >>> 0]!;
      out[(i + 2) >>> 0] = bytes[(at2 + column) >>> 0]!;
      out[(i + 3) >>> 0] = bytes[(at3 + column) >>> 0]!;
    }
    return;
  }
  for (let x = 0; x < width; x++) {
    const column = Math.imul(channels, columns[x]!);
    const p = (at0 + column) >>> 0;
    const q = (at1 + column) >>> 0;
    const r = (at2 + column) >>> 0;
    const s = (at3 + column) >>> 0;
    const i = (to + step * x) >>> 0;
    out[i] = lumaOf(bytes[p]!, bytes[(p + 1) >>> 0]!, bytes[(p + 2) >>> 0]!, reds, greens, blues);
    out[(i + 1) >>> 0] = lumaOf(
      bytes[q]!,
      bytes[(q + 1) >>> 0]!,
      bytes[(q + 2) >>> 0]!,
      reds,
      greens,
      blues,
    );
    out[(i + 2) >>> 0] = lumaOf(
      bytes[r]!,
      bytes[(r + 1) >>> 0]!,
      bytes[(r + 2) >>> 0]!,
      reds,
      greens,
      blues,
    );
    out[(i + 3) >>> 0] = lumaOf(
      bytes[s]!,
      bytes[(s + 1) >>> 0]!,
      bytes[(s + 2) >>> 0]!,
      reds,
      greens,
      blues,
    );
  }
}
