import type { Pixels } from '../pixels.js';
import { ahash } from './ahash.js';
import { blockhash } from './blockhash.js';
import { dhash } from './dhash.js';
import type { Hashed, HashOptions } from './hash-options.js';
import { rankedPdq } from './pdq-ranks.js';
import { phash } from './phash.js';

/**
 * Hash of an image by the algorithm of that name.
 * @throws {TypeError | RangeError} if an option or the pixels are invalid
 */
export function hashOf(pixels: Pixels, options: HashOptions = {}): Hashed {
  const { algorithm = 'pdq', bits, resample = 512, exact = false } = options;
  const width = bits === undefined ? {} : { bits };
  switch (algorithm) {
    case 'pdq':
      return rankedPdq(pixels, { resample, exact });
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
