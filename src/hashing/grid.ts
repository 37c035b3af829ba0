import { checkOptions } from '../door.js';
import type { Bits } from '../hash.js';

/** How many bits a hash has. */
export interface BitsOptions {
  bits?: Bits;
}

/**
 * How many bits `options` ask for, and the side of the square that they make.
 * @throws {TypeError} if `options` is not an object
 * @throws {RangeError} if `bits` is neither 64 nor 256
 */
export function gridOf(options: BitsOptions, byDefault: Bits): { bits: Bits; side: 8 | 16 } {
  checkOptions(options);
  const { bits = byDefault } = options;
  if (bits !== 64 && bits !== 256) throw new RangeError('expected bits 64 or 256');
  return { bits, side: bits === 64 ? 8 : 16 };
}
