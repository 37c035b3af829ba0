import { checkedBriefly, type OptionCheck, type OptionTable, wrongRange } from '../door.js';
import { type Perceptual, WIDTHS } from '../hash.js';

/** Width of a hash. */
export interface BitsOptions {
  bits?: 64 | 256;
}

const bits: OptionCheck = (_, value) => {
  if (value !== 64 && value !== 256) wrongRange('bits 64 or 256');
};

export const BITS_OPTIONS = {
  bits: { is: bits },
} as const satisfies OptionTable<BitsOptions>;

/**
 * The requested number of bits, by default the algorithm's, and the side of the square that they
 * form.
 * @throws {TypeError} if `options` is not an object
 * @throws {RangeError} if `bits` is neither 64 nor 256
 */
export function gridOf(options: BitsOptions, algorithm: Perceptual) {
  const { bits = WIDTHS[algorithm][0] } = checkedBriefly(options, BITS_OPTIONS);
  return { bits, side: bits === 64 ? (8 as const) : (16 as const) };
}
