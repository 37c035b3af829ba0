import { checkOptions, checkTypeOf } from '../door.js';
import {
  type Algorithm,
  type Bits,
  checkResample,
  type Hash,
  hasBits,
  isAlgorithm,
  type Resample,
} from '../hash.js';

/** Which hash, where the algorithm is a value and not a name in the code. */
export interface HashOptions {
  /** @defaultValue 'pdq' */
  algorithm?: Algorithm;
  /** bits of the hash; default as the algorithm has */
  bits?: Bits | undefined;
  /**
   * PDQ's size convention; other algorithms ignore it
   * @defaultValue 512
   */
  resample?: Resample;
  /** PDQ in the reference's own order of roundings throughout; other algorithms ignore it */
  exact?: boolean;
}

/** A hash, with its quality and size convention if the algorithm has them. */
export interface Hashed {
  readonly hash: Hash;
  readonly quality?: number;
  readonly resample?: Resample;
}

/**
 * Checks `options` before there are pixels.
 * @throws {TypeError} if the algorithm is unknown or an option is of the wrong kind
 * @throws {RangeError} if the algorithm has no hash of so many bits, or `resample` is invalid
 */
export function checkHashOptions(options: HashOptions): void {
  checkOptions(options);
  const { algorithm = 'pdq', bits, resample = 512, exact } = options;
  checkResample(resample);
  checkTypeOf('exact', exact, 'boolean');
  if (!isAlgorithm(algorithm)) throw new TypeError('expected a known algorithm');
  if (bits !== undefined && !hasBits(algorithm, bits)) {
    throw new RangeError(`expected a number of bits that ${algorithm} has`);
  }
}
