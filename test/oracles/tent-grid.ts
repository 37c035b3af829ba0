/** Taps of each sample of an axis: position and weight. */
export type Taps = readonly (readonly [number, number])[][];

/** Each sample of the grid as the sum over the taps of its row and of its column. */
export function tentGrid(
  pixel: (column: number, row: number) => number,
  across: Taps,
  down: Taps,
): number[] {
  return down.flatMap((rows) =>
    across.map((columns) => {
      let sum = 0;
      for (const [row, v] of rows) {
        for (const [column, u] of columns) sum += u * v * pixel(column, row);
      }
      return sum;
    }),
  );
}
