import type { Raster } from './luma.js';

/**
 * PDQ's 64 x 64 plane from 512 x 512 pixels, read as one word each. Its last row and column, whose
 * tents are cut off by the edge, are left to `makeTentRow`. Elsewhere the tent of 512 samples has
 * the weights 1 2 3 4 3 2 1 in both dimensions, from sample 8 i + 2 on, and a pixel belongs to at
 * most one tent.
 *
 * Whole pixels are summed, and once more with green and alpha masked away. Two 16-bit lanes hold
 * red and blue (at most 16 · 16 · 255 = 65,280). The difference of both sums holds green above 8
 * bits of zeros, and alpha runs out at the top of the 32 bits. The weights of luma are applied once
 * a tent. All sums are whole numbers: exact.
 *
 * 0.16 ms for 512 x 512; `makeTentRow` takes 0.6 (V8 11.3, x64).
 * @param words those of the raster
 * @param raster 512 x 512
 * @param out the plane, 64 x 64; all but row 63 and column 63 overwritten
 */
export function tentWords(words: Int32Array, raster: Raster, out: Float64Array): void {
  const { stride, columns, rows } = raster;
  const red = Math.fround(0.299) / 256;
  const green = Math.fround(0.587) / 256;
  const blue = Math.fround(0.114) / 256;
  const starts = new Int32Array(8);
  for (let i = 0; i < 63; i++) {
    for (let tap = 1; tap < 8; tap++) starts[tap] = rows[8 * i + 1 + tap]! * stride;
    for (let j = 0; j < 63; j++) {
      const x = 8 * j + 2;
      const x0 = columns[x]!;
      const x1 = columns[x + 1]!;
      const x2 = columns[x + 2]!;
      const x3 = columns[x + 3]!;
      const x4 = columns[x + 4]!;
      const x5 = columns[x + 5]!;
      const x6 = columns[x + 6]!;
      let whole = 0;
      let masked = 0;
      for (let tap = 1; tap < 8; tap++) {
        const at = starts[tap]!;
        const p0 = words[(at + x0) >>> 0]!;
        const p1 = words[(at + x1) >>> 0]!;
        const p2 = words[(at + x2) >>> 0]!;
        const p3 = words[(at + x3) >>> 0]!;
        const p4 = words[(at + x4) >>> 0]!;
        const p5 = words[(at + x5) >>> 0]!;
        const p6 = words[(at + x6) >>> 0]!;
        // p0 + p6 + 2 (p1 + p5) + 3 (p2 + p4) + 4 p3
        const inner = (p2 + p4) | 0;
        const outer = (p1 + p5 + inner) | 0;
        const sum = (p0 + p6 + inner + (outer << 1) + (p3 << 2)) | 0;
        const innerMasked = ((p2 & 0xff00ff) + (p4 & 0xff00ff)) | 0;
        const outerMasked = ((p1 & 0xff00ff) + (p5 & 0xff00ff) + innerMasked) | 0;
        const sumMasked =
          ((p0 & 0xff00ff) +
            (p6 & 0xff00ff) +
            innerMasked +
            (outerMasked << 1) +
            ((p3 & 0xff00ff) << 2)) |
          0;
        const weight = tap < 5 ? tap : 8 - tap;
        whole = (whole + Math.imul(weight, sum)) | 0;
        masked = (masked + Math.imul(weight, sumMasked)) | 0;
      }
      const greens = ((whole - masked) >>> 8) & 0xffff;
      out[64 * i + j] = red * (masked & 0xffff) + green * greens + blue * (masked >>> 16);
    }
  }
}
