/** Luma of a picture, row-major. */
export interface Plane {
  readonly luma: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** Which pixels along an axis make each of its samples, and how much each counts. */
export interface Taps<Positions extends Int32Array | Float64Array = Int32Array> {
  /** where the taps of sample `i` begin; one more at the end */
  readonly first: Int32Array;
  /** where each tap lies along the axis */
  readonly position: Positions;
  readonly weight: Float64Array;
}

/** Axes turned about a point: tap (x, y) lies at left + x cos - y sin, top + x sin + y cos. */
export interface Turn {
  readonly left: number;
  readonly top: number;
  readonly cosine: number;
  readonly sine: number;
}

/**
 * A grid of weighted sums over a plane, rows and columns apart: what PDQ's filter and decimation
 * make of any part of it. Four rows at a time are added to a line of the columns that have taps:
 * 0.2 ms for PDQ's 448 x 448 taps, 0.3 with one row at a time (V8 11.3, x64).
 * @param across columns of the plane, inside it
 * @param down rows of the plane, inside it
 * @param out rows x columns of the grid; overwritten
 */
export function tentGrid(plane: Plane, across: Taps, down: Taps, out: Float64Array): void {
  const { luma, width } = plane;
  const { first: xFirst, position: xAt, weight: xWeight } = across;
  const { first: yFirst, position: yAt, weight: yWeight } = down;
  const columns = xFirst.length - 1;
  const taps = xFirst[columns]!;
  const line = new Float64Array(taps);
  for (let i = 0; i < yFirst.length - 1; i++) {
    line.fill(0);
    const end = yFirst[i + 1]!;
    for (let tap = yFirst[i]!; tap < end; tap += 4) {
      // Rows beyond the last tap weigh nothing.
      const last = end - 1;
      const row0 = yAt[tap]! * width;
      const row1 = yAt[Math.min(tap + 1, last)]! * width;
      const row2 = yAt[Math.min(tap + 2, last)]! * width;
      const row3 = yAt[Math.min(tap + 3, last)]! * width;
      const weight0 = yWeight[tap]!;
      const weight1 = tap + 1 < end ? yWeight[tap + 1]! : 0;
      const weight2 = tap + 2 < end ? yWeight[tap + 2]! : 0;
      const weight3 = tap + 3 < end ? yWeight[tap + 3]! : 0;
      for (let at = 0; at < taps; at++) {
        const column = xAt[at]!;
        line[at]! +=
          weight0 * luma[row0 + column]! +
          weight1 * luma[row1 + column]! +
          weight2 * luma[row2 + column]! +
          weight3 * luma[row3 + column]!;
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
 * `tentGrid` along turned axes. A tap reads the nearest pixel, outside the plane the nearest border
 * pixel. About 1 ms for 448 x 448 taps.
 */
export function turnedTentGrid(
  plane: Plane,
  turn: Turn,
  across: Taps<Float64Array>,
  down: Taps<Float64Array>,
  out: Float64Array,
): void {
  const { luma, width, height } = plane;
  const { left, top, cosine, sine } = turn;
  const { first: xFirst, position: xAt, weight: xWeight } = across;
  const { first: yFirst, position: yAt, weight: yWeight } = down;
  const columns = xFirst.length - 1;
  const rows = yFirst.length - 1;
  const sums = new Float64Array(columns);
  for (let i = 0; i < rows; i++) {
    sums.fill(0);
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
          sum += xWeight[at]! * luma[line * width + column]!;
        }
        sums[j]! += weight * sum;
      }
    }
    for (let j = 0; j < columns; j++) out[i * columns + j] = sums[j]!;
  }
}
