/*
 * Loops that continue a plane of luma beyond its border.
 */

/**
 * The means of squares of `by` pixels a side, less one value each.
 * @param plane of `stride` pixels a row; only read
 * @param start its first pixel that is read
 * @param columns squares side by side; all of them lie inside the plane
 * @param out `outStride` values a row, written from `outStart` on
 */
export function meansOf(
  plane: Float32Array,
  { start, stride }: { start: number; stride: number },
  { columns, rows, by }: { columns: number; rows: number; by: number },
  less: number,
  out: Float32Array,
  { start: outStart, stride: outStride }: { start: number; stride: number },
): void {
  const share = 1 / (by * by);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let y = 0, at = start + row * by * stride + column * by; y < by; y++, at += stride) {
        for (let x = 0; x < by; x++) sum += plane[at + x]!;
      }
      out[outStart + row * outStride + column] = sum * share - less;
    }
  }
}

/** A line of pixels in a plane. */
export interface Line {
  /** its first pixel */
  readonly start: number;
  /** from a pixel to the next */
  readonly along: number;
  readonly count: number;
}

/**
 * Continues a line of a plane outwards: pixel i of the n-th line beyond it is the mean of the
 * line's pixels i - n to i + n, as far as they exist, times 1 - n / depth. The last one is 0.
 * @param plane overwritten beyond the line
 * @param outwards from a line to the next one beyond it
 * @param depth how many lines to fill
 */
export function extendLine(
  plane: Float32Array,
  { start, along, count }: Line,
  outwards: number,
  depth: number,
): void {
  const sums = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) sums[i + 1] = sums[i]! + plane[start + i * along]!;
  for (let away = 1; away <= depth; away++) {
    const left = 1 - away / depth;
    let to = start + away * outwards;
    for (let i = 0; i < count; i++, to += along) {
      const from = Math.max(0, i - away);
      const end = Math.min(count, i + away + 1);
      plane[to] = (left * (sums[end]! - sums[from]!)) / (end - from);
    }
  }
}
