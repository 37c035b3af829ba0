import { checkOneOf, choice, type OptionCheck, type OptionTable, wrongRange } from '../door.js';
import {
  type Bits,
  type Hash,
  hasBits,
  PERCEPTUAL,
  type Perceptual,
  type Resample,
} from '../hash.js';
import { EXACT, RESAMPLE } from './pdq.js';

/** Options of hashing by an algorithm that is chosen at run time. */
export interface HashOptions {
  /** @defaultValue 'pdq' */
  algorithm?: Perceptual;
  /** of the hash; default 256 of `pdq` and `blockhash`, else 64 */
  bits?: 64 | 256 | undefined;
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
  /** certainty of a PDQ hash's bits, as in `HashedVariant` */
  readonly ranks?: Uint8Array;
}

/** A width that the algorithm has. */
export const bits: OptionCheck = (name, value, { of = [] }, { algorithm = 'pdq' }: HashOptions) => {
  checkOneOf(name, value, of);
  if (hasBits(algorithm, value as Bits)) return;
  wrongRange(`a number of bits that ${algorithm} has`);
};

export const HASH_OPTIONS = {
  algorithm: { is: choice, of: PERCEPTUAL, default: 'pdq' },
  bits: { is: bits, of: [64, 256] },
  resample: RESAMPLE,
  exact: EXACT,
} as const satisfies OptionTable<HashOptions>;
