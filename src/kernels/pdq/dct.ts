import { float32 } from '../pixels/luma.js';

// Loaders that do not join modules (test runners, development bundlers) turn a call of an import
// into a look-up that is not inlined: 25 times slower here.
const round = float32;

function dctMatrix(): Float64Array {
  const step = 0.9996988186962042; // cos(pi / 128)
  const scale = Math.fround(0.1767766952966369); // sqrt(2 / 64), a float32 in the reference too
  const cosines = new Float64Array(65);
  cosines[0] = 1;
  cosines[1] = step;
  for (let n = 1; n < 64; n++) cosines[n + 1] = 2 * step * cosines[n]! - cosines[n - 1]!;
  const matrix = new Float64Array(16 * 64);
  for (let i = 0; i < 16; i++) {
    for (let k = 0; k < 64; k++) {
      // The angle in units of pi / 128, folded to 0…128, then to 0…64.
      let n = ((i + 1) * (2 * k + 1)) & 255;
      if (n > 128) n = 256 - n;
      const cosine = n > 64 ? -cosines[128 - n]! : cosines[n]!;
      matrix[64 * i + k] = Math.fround(scale * cosine);
    }
  }
  return matrix;
}

/**
 * PDQ's matrix of cosines, 16 x 64 row-major: sqrt(2 / 64) cos(pi / 128 · (i + 1) · (2 k + 1)),
 * rounded to float32. Row 0 is frequency 1.
 *
 * Apart from the sign, its 1024 entries are the 63 values of cos(pi / 128 · n). They come from
 * cos(n + 1) = 2 cos(1) cos(n) - cos(n - 1), in float64 sums and products alone, which every engine
 * rounds alike; `Math.cos` differs by engine. The error of the recurrence (under 2^-40) never
 * reaches a float32: all entries equal the reference's (test/kernels/pdq/dct.test.ts).
 */
export const DCT_MATRIX = /* @__PURE__ */ dctMatrix();

/**
 * The 16 x 16 low frequencies of a 64 x 64 plane as the PDQ reference sums them. Order matters:
 * from sample 0 to 63, each product and each sum rounded to float32. Four sums run side by side,
 * since each waits for itself.
 * @param plane float32 values
 * @param middle 16 x 64 scratch
 * @param out 16 x 16, row-major; overwritten
 */
export function dctInOrder(plane: Float64Array, middle: Float64Array, out: Float64Array): void {
  const matrix = DCT_MATRIX;
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 64; j += 4) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let k = 0; k < 64; k++) {
        const weight = matrix[64 * i + k]!;
        const at = 64 * k + j;
        sum0 = round(sum0 + round(weight * plane[at]!));
        sum1 = round(sum1 + round(weight * plane[at + 1]!));
        sum2 = round(sum2 + round(weight * plane[at + 2]!));
        sum3 = round(sum3 + round(weight * plane[at + 3]!));
      }
      const to = 64 * i + j;
      middle[to] = sum0;
      middle[to + 1] = sum1;
      middle[to + 2] = sum2;
      middle[to + 3] = sum3;
    }
  }
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j += 4) {
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let k = 0; k < 64; k++) {
        const value = middle[64 * i + k]!;
        const at = 64 * j + k;
        sum0 = round(sum0 + round(value * matrix[at]!));
        sum1 = round(sum1 + round(value * matrix[at + 64]!));
        sum2 = round(sum2 + round(value * matrix[at + 128]!));
        sum3 = round(sum3 + round(value * matrix[at + 192]!));
      }
      const to = 16 * i + j;
      out[to] = sum0;
      out[to + 1] = sum1;
      out[to + 2] = sum2;
      out[to + 3] = sum3;
    }
  }
}
