/**
 * Sums of R + G + B over a grid of equal rectangles, in float arithmetic, as the published method tells: a pixel is
 * weighted by the parts of it on either side of the border that cuts it. RGBA only, sides not below `grid`.
 */
export function naiveBlockSums(
  rgba: ArrayLike<number>,
  width: number,
  height: number,
  grid: number,
): Float64Array {
  const sums = new Float64Array(grid * grid);
  /** Length of the part of pixel `at` that lies in block `block`. */
  const overlap = (at: number, block: number, size: number) =>
    Math.max(
      0,
      Math.min(at + 1, ((block + 1) * size) / grid) - Math.max(at, (block * size) / grid),
    );
  for (let by = 0; by < grid; by++) {
    for (let bx = 0; bx < grid; bx++) {
      let sum = 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const i = 4 * (y * width + x);
          const value = rgba[i + 3] === 0 ? 765 : rgba[i]! + rgba[i + 1]! + rgba[i + 2]!;
          sum += value * overlap(y, by, height) * overlap(x, bx, width);
        }
      }
      sums[by * grid + bx] = sum;
    }
  }
  return sums;
}
