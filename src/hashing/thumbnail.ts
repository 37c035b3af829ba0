import { greyRows } from '../kernels/pixels/grey.js';
import {
  addRow,
  HALF,
  lanczosWeights,
  PRECISION,
  resampleRows,
} from '../kernels/pixels/lanczos.js';
import type { CheckedPixels } from '../pixels.js';

/**
 * Grey thumbnail of an image, `columns` x `rows` samples, row-major: the input of ImageHash, sample
 * by sample. It is Pillow's `convert('L')`, then its `resize` with LANCZOS: first each row, rounded
 * to 8 bits, then each column.
 *
 * The picture is read once, four rows at a time. Scratch is six words for each pixel of a side and
 * four samples for each pixel of a row.
 */
export function greyThumbnail(
  pixels: CheckedPixels,
  columns: number,
  rows: number,
): Uint8ClampedArray {
  const { data: samples, width, height, channels } = pixels;
  const across = lanczosWeights(width, columns);
  const down = lanczosWeights(height, rows);
  const grey = new Int32Array(width);
  const narrow = new Uint8ClampedArray(4 * columns);
  const sums = new Int32Array(rows * columns);
  for (let y = 0; y < height; y += 4) {
    const count = Math.min(4, height - y);
    greyRows(samples, channels, y * width, width, count, grey);
    resampleRows(grey, across, columns, narrow);
    for (let row = 0; row < count; row++)
      addRow(narrow, row * columns, columns, y + row, down, sums);
  }
  const thumbnail = new Uint8ClampedArray(sums.length);
  for (let i = 0; i < sums.length; i++) thumbnail[i] = (sums[i]! + HALF) >> PRECISION;
  return thumbnail;
}
