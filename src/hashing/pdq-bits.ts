import type { Hash } from '../hash.js';
import { lowerMedian } from '../kernels/median.js';

const scratch = /* @__PURE__ */ new Float64Array(256);

/**
 * PDQ hash of its 16 x 16 coefficients: bit 16 i + j is set where coefficient (i, j) is above their lower median. The
 * bytes write the 256 bits as one number, bit 255 first.
 * @param band how near to the median another coefficient leaves the hash in doubt; negative: there is no doubt
 * @returns `undefined` where in doubt
 */
export function bitsAbove(coefficients: Float64Array, band: number): Hash | undefined {
  const median = lowerMedian(coefficients, scratch);
  const bytes = new Uint8Array(32);
  // The median itself is within any band.
  let near = 0;
  for (let bit = 0; bit < 256; bit++) {
    const above = coefficients[bit]! - median;
    if (above > 0) bytes[31 - (bit >> 3)]! |= 1 << (bit & 7);
    if (Math.abs(above) <= band) near++;
  }
  return near > 1 ? undefined : { algorithm: 'pdq', bytes };
}
