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

/** Which hash, by an algorithm that is chosen at run time. */
export interface HashOptions {
  /** @defaultValue 'pdq' */
  algorithm?: Algorithm;
  /** of the hash; default 256 of `pdq` and `blockhash`, else 64 */
  bits?: Bits | undefined;
  /**
   * PDQ's size convention; other algorithms ignore it.
   * @defaultValue 512
   */
  resample?: Resample;
  /**
   * PDQ with every rounding of the reference; other algorithms ignore it.
   * @defaultValue false
   */
  exact?: boolean;
}

/** A hash, with its quality and size convention if the algorithm has them. */
export interface Hashed {
  readonly hash: Hash;
  readonly quality?: number;
  readonly resample?: Resample;
  /** of a PDQ hash how sure its bits are, as `HashedVariant` has them */
  readonly ranks?: Uint8Array;
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
