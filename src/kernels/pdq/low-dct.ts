/**
 * The first `keep` coefficients of the DCT-II of each of `count` rows of `size` samples,
 * transposed: coefficient k of row r is out[k · count + r]. Applied twice, it gives the low corner
 * of a square's DCT, down first, then across. c(k) = Σ v(n) cos(πk(2n + 1) / 2 size), unscaled.
 *
 * Halves are folded onto each other, and even coefficients take the differences to the first fold,
 * which their cosines cancel. This halves the work. Above all, coefficients that are zero by
 * symmetry (of a flat, striped or mirrored picture) come out as exact zeros and not as noise,
 * whatever cosines the engine has.
 * @param size an even number
 */
export function lowDct(
  rows: Float64Array,
  size: number,
  count: number,
  keep: number,
  out: Float64Array,
): void {
  const half = size >> 1;
  const cosines = new Float64Array(keep * half);
  for (let k = 0; k < keep; k++) {
    for (let n = 0; n < half; n++) {
      cosines[k * half + n] = Math.cos((Math.PI * k * (2 * n + 1)) / (2 * size));
    }
  }
  const even = new Float64Array(half);
  const odd = new Float64Array(half);
  for (let row = 0; row < count; row++) {
    const start = row * size;
    const end = start + size - 1;
    let mean = 0;
    for (let n = 0; n < half; n++) {
      const a = rows[start + n]!;
      const b = rows[end - n]!;
      mean += a + b;
      even[n] = a + b - (rows[start]! + rows[end]!);
      odd[n] = a - b;
    }
    out[row] = mean;
    for (let k = 1; k < keep; k++) {
      const folded = k & 1 ? odd : even;
      let sum = 0;
      for (let n = 0; n < half; n++) sum += folded[n]! * cosines[k * half + n]!;
      out[k * count + row] = sum;
    }
  }
}
