import { float32 } from './float32.js';

// Loaders that do not join modules (test runners, bundlers while developing) turn a call of an import into a look-up
// that is not inlined: 25 times slower here.
const round = float32;

/**
 * One weight of luma times every sample value, as the PDQ reference rounds it: the weight to float32, then the product to
 * float32. Luma is 0.299 R + 0.587 G + 0.114 B (Rec. 601).
 */
export function lumaProducts(weight: number): Float64Array {
  const products = new Float64Array(256);
  for (let v = 0; v < 256; v++) products[v] = round(Math.fround(weight) * v);
  return products;
}

/** Luma of one pixel. Order matters: red and green first, then blue, each sum rounded to float32. */
export function lumaOf(
  red: number,
  green: number,
  blue: number,
  reds: Float64Array,
  greens: Float64Array,
  blues: Float64Array,
): number {
  return round(round(reds[red]! + greens[green]!) + blues[blue]!);
}

/**
 * Luma of four rows of a picture side by side: column x of row r goes to `out[to + step x + r]`. A pixel of one sample or
 * two is its own luma; alpha is ignored.
 * @param at where each of the four rows begins in `bytes`, under 2^32
 * @param columns which pixel of a row each column is taken from
 * @param reds `lumaProducts(0.299)`; `greens` and `blues` likewise
 */
export function lumaRows(
  bytes: Uint8Array,
  channels: number,
  at: Float64Array,
  columns: Int32Array,
  reds: Float64Array,
  greens: Float64Array,
  blues: Float64Array,
  out: Float64Array,
  to: number,
  step: number,
): void {
  const width = columns.length;
  for (let r = 0; r < 4 && channels < 3; r++) {
    const row = at[r]! >>> 0;
    for (let x = 0; x < width; x++) {
      out[(to + step * x + r) >>> 0] = bytes[(row + channels * columns[x]!) >>> 0]!;
    }
  }
  if (channels < 3) return;
  const at0 = at[0]! >>> 0;
  const at1 = at[1]! >>> 0;
  const at2 = at[2]! >>> 0;
  const at3 = at[3]! >>> 0;
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
