import { type Arena, keptBeside, kernelsOf } from '../simd/arena.js';
import { DCT_KERNELS } from '../simd/pdq.js';
import { DCT_MATRIX } from './dct.js';

/** The matrix in an arena. */
function matrixOf(take: Arena['take']): Float64Array {
  const matrix = take(Float64Array, DCT_MATRIX.length);
  matrix.set(DCT_MATRIX);
  return matrix;
}

/**
 * The 16 x 16 low frequencies of a 64 x 64 plane in float64, in two fifths of the products. The
 * cosines of an odd frequency change sign from sample k to 63 - k and those of an even one do not.
 * So the two samples are first subtracted or added, and the sums, which serve the even ones, are
 * folded once more. The order of sums does not matter: the result is within 1e-9 of the true one
 * for a plane of 0…255.
 * @param plane only read
 * @param folds 64 x 64 scratch
 * @param middle 64 x 16 scratch
 * @param out 16 x 16, row-major; overwritten
 */
export function dctFolded(
  plane: Float64Array,
  folds: Float64Array,
  middle: Float64Array,
  out: Float64Array,
): void {
  dctColumns(plane, 64, folds, middle);
  dctColumns(middle, 16, folds, out);
}

/**
 * The 16 low frequencies of each of `width` columns of 64 samples, turned: those of column x are
 * `out[16 x]` to `out[16 x + 15]`, so that a second call transforms the other dimension and turns
 * it back.
 */
function dctColumns(
  columns: Float64Array,
  width: number,
  folds: Float64Array,
  out: Float64Array,
): void {
  const kernels = kernelsOf(columns, DCT_KERNELS, folds, out);
  if (kernels) {
    const { byteOffset } = keptBeside(folds, matrixOf);
    kernels.dctColumns(columns.byteOffset, width, folds.byteOffset, byteOffset, out.byteOffset);
    return;
  }
  const matrix = DCT_MATRIX;
  // Rows 0…31 serve the odd frequencies, 48…63 the multiples of 4, 32…47 the other even ones.
  for (let k = 0; k < 16; k++) {
    for (let x = 0; x < width; x++) {
      const a = columns[width * k + x]!;
      const b = columns[width * (31 - k) + x]!;
      const c = columns[width * (32 + k) + x]!;
      const d = columns[width * (63 - k) + x]!;
      folds[width * k + x] = a - d;
      folds[width * (31 - k) + x] = b - c;
      folds[width * (32 + k) + x] = a + d - (b + c);
      folds[width * (48 + k) + x] = a + d + (b + c);
    }
  }
  // Two frequencies of four columns: eight sums that do not wait for one another, six loads for
  // eight products.
  for (let pair = 0; pair < 8; pair++) {
    const odd = pair < 4;
    const from = odd ? 0 : pair < 6 ? 32 : 48;
    const count = odd ? 32 : 16;
    const p = odd ? 4 * pair : pair < 6 ? 8 * pair - 31 : 8 * pair - 45;
    const q = odd ? p + 2 : p + 4;
    for (let x = 0; x < width; x += 4) {
      let p0 = 0;
      let p1 = 0;
      let p2 = 0;
      let p3 = 0;
      let q0 = 0;
      let q1 = 0;
      let q2 = 0;
      let q3 = 0;
      for (let k = 0; k < count; k++) {
        const at = width * (from + k) + x;
        const u = matrix[64 * p + k]!;
        const v = matrix[64 * q + k]!;
        const f0 = folds[at]!;
        const f1 = folds[at + 1]!;
        const f2 = folds[at + 2]!;
        const f3 = folds[at + 3]!;
        p0 += u * f0;
        p1 += u * f1;
        p2 += u * f2;
        p3 += u * f3;
        q0 += v * f0;
        q1 += v * f1;
        q2 += v * f2;
        q3 += v * f3;
      }
      const to = 16 * x;
      out[to + p] = p0;
      out[to + 16 + p] = p1;
      out[to + 32 + p] = p2;
      out[to + 48 + p] = p3;
      out[to + q] = q0;
      out[to + 16 + q] = q1;
      out[to + 32 + q] = q2;
      out[to + 48 + q] = q3;
    }
  }
}
