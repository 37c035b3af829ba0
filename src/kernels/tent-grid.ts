/**
 * A grid of weighted sums over a plane, rows and columns apart: what PDQ's filter and decimation make of any part of
 * it. Sample `i` of an axis is the sum over its taps `first[i]` … `first[i + 1] - 1`. Four rows at a time are added to a
 * line of the columns that have taps: 0.2 ms for PDQ's 448 x 448 taps, 0.3 a row at a time (V8 11.3, x64).
 * @param plane row-major; only read
 * @param stride pixels a row
 * @param xAt column of each tap, inside the plane
 * @param yAt row of each tap, inside the plane
 * @param line one value per tap of a row; scratch
 * @param out rows x columns of the grid; overwritten
 */
export function tentGrid(
  plane: Float32Array,
  stride: number,
  xFirst: Int32Array,
  xAt: Int32Array,
  xWeight: Float64Array,
  yFirst: Int32Array,
  yAt: Int32Array,
  yWeight: Float64Array,
  line: Float64Array,
  out: Float64Array,
): void {
  const columns = xFirst.length - 1;
  const taps = xFirst[columns]!;
  for (let i = 0; i < yFirst.length - 1; i++) {
    line.fill(0);
    const end = yFirst[i + 1]!;
    for (let tap = yFirst[i]!; tap < end; tap += 4) {
      // A row that is none weighs nothing.
      const last = end - 1;
      const row0 = yAt[tap]! * stride;
      const row1 = yAt[Math.min(tap + 1, last)]! * stride;
      const row2 = yAt[Math.min(tap + 2, last)]! * stride;
      const row3 = yAt[Math.min(tap + 3, last)]! * stride;
      const weight0 = yWeight[tap]!;
      const weight1 = tap + 1 < end ? yWeight[tap + 1]! : 0;
      const weight2 = tap + 2 < end ? yWeight[tap + 2]! : 0;
      const weight3 = tap + 3 < end ? yWeight[tap + 3]! : 0;
      for (let at = 0; at < taps; at++) {
        const column = xAt[at]!;
        line[at]! +=
          weight0 * plane[row0 + column]! +
          weight1 * plane[row1 + column]! +
          weight2 * plane[row2 + column]! +
          weight3 * plane[row3 + column]!;
      }
    }
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let at = xFirst[j]!; at < xFirst[j + 1]!; at++) sum += xWeight[at]! * line[at]!;
      out[i * columns + j] = sum;
    }
  }
}

/**
 * `tentGrid` for taps on lines that lie at an angle on the plane: tap (x, y) reads the nearest pixel to
 * (left + x · cosine - y · sine, top + x · sine + y · cosine). Outside the plane that is the nearest border pixel.
 * About 1 ms for 448 x 448 taps.
 * @param xAt where each tap lies along the turned rows, in pixels of the plane
 * @param yAt where each tap lies along the turned columns
 */
export function turnedTentGrid(
  plane: Float32Array,
  width: number,
  height: number,
  left: number,
  top: number,
  cosine: number,
  sine: number,
  xFirst: Int32Array,
  xAt: Float64Array,
  xWeight: Float64Array,
  yFirst: Int32Array,
  yAt: Float64Array,
  yWeight: Float64Array,
  sums: Float64Array,
  out: Float64Array,
): void {
  const columns = xFirst.length - 1;
  const rows = yFirst.length - 1;
  for (let i = 0; i < rows; i++) {
    sums.fill(0, 0, columns);
    for (let tap = yFirst[i]!; tap < yFirst[i + 1]!; tap++) {
      // Half a pixel more, so that cutting off rounds to the nearest.
      const x0 = left - yAt[tap]! * sine + 0.5;
      const y0 = top + yAt[tap]! * cosine + 0.5;
      const weight = yWeight[tap]!;
      let at = 0;
      for (let j = 0; j < columns; j++) {
        const end = xFirst[j + 1]!;
        let sum = 0;
        for (; at < end; at++) {
          const x = (x0 + xAt[at]! * cosine) | 0;
          const y = (y0 + xAt[at]! * sine) | 0;
          const column = x < 0 ? 0 : x >= width ? width - 1 : x;
          const line = y < 0 ? 0 : y >= height ? height - 1 : y;
          sum += xWeight[at]! * plane[line * width + column]!;
        }
        sums[j]! += weight * sum;
      }
    }
    for (let j = 0; j < columns; j++) out[i * columns + j] = sums[j]!;
  }
}
