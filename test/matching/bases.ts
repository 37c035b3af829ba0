import { type Hash, hashFromHex } from '../../src/hash.js';

/** A PDQ hash with 128 ones. */
export const BASE: Hash = hashFromHex(
  'pdq',
  '0f1e2d3c4b5a69788796a5b4c3d2e1f0123456789abcdef0fedcba9876543210'.slice(0, 64),
);

/** The bit numbers of a hash, in an order that spreads flips over it. */
export const ORDER: readonly number[] = Array.from(
  { length: 256 },
  (_, bit) => (bit * 101 + 7) % 256,
);
