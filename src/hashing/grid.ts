import type { Bits } from '../hash.js';

/**
 * Side of the square of bits that a hash of 64 or 256 bits is.
 * @throws {RangeError} if `bits` is neither
 */
export function gridSide(bits: Bits): 8 | 16 {
  if (bits === 64) return 8;
  if (bits === 256) return 16;
  throw new RangeError(`expected bits 64 or 256, got ${bits}`);
}
