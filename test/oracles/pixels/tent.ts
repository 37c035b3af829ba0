import { boxWindow, tileCentres } from '../../../src/kernels/pdq/box-filter.js';

/** Plain double means, twice; each box cut off at the ends of the line. */
export function twoBoxes(line: readonly number[]): number[] {
  const window = boxWindow(line.length);
  const half = Math.floor((window + 2) / 2);
  const box = (values: readonly number[]) =>
    values.map((_, o) => {
      const part = values.slice(Math.max(0, o - (window - half)), o + half);
      return part.reduce((sum, value) => sum + value, 0) / part.length;
    });
  return box(box(line));
}

/** PDQ's 64 x 64 plane without any rounding to float32: rows, then columns, then the middle of each tile. */
export function tentPlane(rows: readonly (readonly number[])[]): number[] {
  const wide = rows.map(twoBoxes);
  const columns = tileCentres(rows[0]!.length);
  const tall = [...columns].map((x) => twoBoxes(wide.map((row) => row[x]!)));
  return [...tileCentres(rows.length)].flatMap((y) => tall.map((column) => column[y]!));
}

/** Luma in doubles, the weights being float32. */
export function lumaRows(
  data: ArrayLike<number>,
  channels: number,
  stride: number,
  columns: ArrayLike<number>,
  rows: ArrayLike<number>,
): number[][] {
  return Array.from(rows, (row) =>
    Array.from(columns, (column) => {
      const at = channels * (row * stride + column);
      if (channels < 3) return data[at]!;
      return (
        Math.fround(0.299) * data[at]! +
        Math.fround(0.587) * data[at + 1]! +
        Math.fround(0.114) * data[at + 2]!
      );
    }),
  );
}
