import fc from 'fast-check';
import type { Resample } from '../../src/hash.js';
import type { HashedImage, HashedVariant } from '../../src/variant.js';
import { hashOf } from '../arbitraries.js';

const hash = fc.oneof(hashOf('pdq', 256), hashOf('blockhash', 64), hashOf('dhash', 256));
const quality = fc.integer({ min: 0, max: 100 });
const resample = fc.constantFrom<Resample>(512, 'none');

/** The hashes of any image, with variants and with or without qualities. */
export const hashedImage: fc.Arbitrary<HashedImage> = fc.record(
  {
    hash,
    quality,
    resample,
    variants: fc.array(
      fc.record(
        {
          name: fc.constantFrom<HashedVariant['name'][]>('stored', 'onWhite', 'flipX'),
          hash,
          quality,
          resample,
        },
        { requiredKeys: ['name', 'hash'] },
      ),
      { maxLength: 4 },
    ),
  },
  { requiredKeys: ['hash', 'variants'] },
);

/** From one image to more than the first size classes hold. */
export const hashedImages = fc.array(hashedImage, { minLength: 1, maxLength: 60 });
