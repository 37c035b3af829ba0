import type { Algorithm, Bits, Hash, Resample } from '../hash.js';
import { hasBits, isAlgorithm } from '../hash.js';
import type { Pixels } from '../pixels.js';
import { ahash } from './ahash.js';
import { blockhash } from './blockhash.js';
import { dhash } from './dhash.js';
import { pdq, pdqOptions } from './pdq.js';
import { phash } from './phash.js';

/** Which hash, where the algorithm is a value and not a name in the code. */
export interface HashOptions {
  /** `pdq` unless told */
  algorithm?: Algorithm;
  /** of the hash; the algorithm's own choice unless told */
  bits?: Bits | undefined;
  /** PDQ's size convention, 512 unless told; without meaning for the others */
  resample?: Resample;
  /** PDQ by the reference's own order of roundings throughout; without meaning for the others */
  exact?: boolean;
}

/** A hash, with its quality and its size convention where the algorithm has them. */
export interface Hashed {
  readonly hash: Hash;
  readonly quality?: number;
  readonly resample?: Resample;
}

/**
 * Hash of an image by the algorithm of that name.
 * @throws {TypeError} for an algorithm that is none of ours, or pixels that are none
 * @throws {RangeError} for a number of bits that the algorithm has not, or a shape that contradicts itself
 */
export function hashOf(pixels: Pixels, options: HashOptions = {}): Hashed {
  checkHashOptions(options);
  const { algorithm = 'pdq', bits, resample = 512, exact = false } = options;
  const width = bits === undefined ? {} : { bits };
  switch (algorithm) {
    case 'pdq':
      return pdq(pixels, { resample, exact });
    case 'blockhash':
      return blockhash(pixels, width);
    case 'phash':
      return phash(pixels, width);
    case 'dhash':
      return dhash(pixels, width);
    case 'ahash':
      return ahash(pixels, width);
  }
}

/**
 * Checks `options` before there are pixels.
 * @throws {TypeError | RangeError} as `hashOf` does
 */
export function checkHashOptions(options: HashOptions): void {
  pdqOptions(options);
  const { algorithm = 'pdq', bits } = options;
  if (!isAlgorithm(algorithm)) throw new TypeError('expected a known algorithm');
  if (bits !== undefined && !hasBits(algorithm, bits)) {
    throw new RangeError(`expected a number of bits that ${algorithm} has`);
  }
}
