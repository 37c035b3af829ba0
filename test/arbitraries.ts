import fc from 'fast-check';
import type { Algorithm, Bits, Hash } from '../src/hash.js';
import type { Channels, CheckedPixels } from '../src/pixels.js';

/** Any hash of one algorithm and width. */
export const hashOf = (algorithm: Algorithm, bits: Bits): fc.Arbitrary<Hash> =>
  fc
    .uint8Array({ minLength: bits / 8, maxLength: bits / 8 })
    .map((bytes) => ({ algorithm, bytes }));

/** Any picture of up to `maxSide` pixels a side, by default with any number of channels. */
export const pixelsOf = (maxSide: number, channels?: Channels): fc.Arbitrary<CheckedPixels> =>
  fc
    .tuple(
      fc.integer({ min: 1, max: maxSide }),
      fc.integer({ min: 1, max: maxSide }),
      channels === undefined ? fc.constantFrom<Channels>(1, 2, 3, 4) : fc.constant(channels),
    )
    .chain(([width, height, samples]) => {
      const length = width * height * samples;
      return fc
        .uint8Array({ minLength: length, maxLength: length })
        .map((data) => ({ data, width, height, channels: samples }));
    });

/**
 * `hash` with exactly `count` of its bits flipped. `order`, a permutation of its bit numbers, says
 * which.
 */
export function flipBits(hash: Hash, order: readonly number[], count: number): Hash {
  const bytes = hash.bytes.slice();
  for (const bit of order.slice(0, count)) bytes[bit >> 3]! ^= 1 << (bit & 7);
  return { algorithm: hash.algorithm, bytes };
}

/**
 * Planes from flat to full of edges, many with differences at a whole hundredth of the range (2.55,
 * 51 …). Often only some rows have any, so that every quality from 0 to 100 comes up.
 */
export const gradientPlane = fc
  .tuple(
    fc.constantFrom(0.01, 1, 2.55, 3, 6, 7.65, 51, 255),
    fc.constantFrom(1, 2, 3, 101),
    fc.integer({ min: 1, max: 64 }),
    fc.infiniteStream(fc.nat({ max: 1000 })),
  )
  .map(([step, kinds, rows, stream]) =>
    Float64Array.from({ length: 64 * 64 }, (_, at) =>
      at < 64 * rows ? Math.min(255, Math.fround(step * (stream.next().value % kinds))) : 0,
    ),
  );
