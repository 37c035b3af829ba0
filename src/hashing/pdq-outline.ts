import { wrongRange } from '../door.js';
import { bitsOf, type Hash } from '../hash.js';
import type { Pixels } from '../pixels.js';

const SIDE = 64;
const WAVES = 16;

/**
 * The outline that a PDQ hash reveals, as a grey picture of 64 x 64 pixels: blurred, and without
 * the colours and the contrast of the hashed picture. It is personal data, as the hash is.
 *
 * The 256 bits of a hash are the signs of the 16 x 16 low frequencies of a picture of that size,
 * which are transformed back. Byte 31 holds bits 0…7. Bit 16 i + j is vertical frequency i + 1 and
 * horizontal frequency j + 1.
 * @returns a picture whose own hash is `hash`, but for a few bits
 * @throws {TypeError | RangeError} if `hash` is not a PDQ hash
 * @example
 * const { data, width, height } = pdqOutline(hash); // one byte per pixel
 */
export function pdqOutline(hash: Hash): Pixels & { readonly data: Uint8ClampedArray } {
  bitsOf(hash);
  const { algorithm, bytes } = hash;
  if (algorithm !== 'pdq') wrongRange('a hash of pdq');
  const waves = Array.from({ length: WAVES }, (_, k) =>
    Array.from({ length: SIDE }, (_, x) =>
      Math.cos(((2 * x + 1) * (k + 1) * Math.PI) / (2 * SIDE)),
    ),
  );
  const plane = new Float64Array(SIDE * SIDE);
  const row = new Float64Array(SIDE);
  for (let i = 0; i < WAVES; i++) {
    row.fill(0);
    for (let j = 0; j < WAVES; j++) {
      const bit = WAVES * i + j;
      const sign = (bytes[31 - (bit >> 3)]! >> (bit & 7)) & 1 ? 1 : -1;
      // High frequencies of pictures are weaker, roughly as the inverse of the frequency.
      const weight = sign / Math.hypot(i + 1, j + 1);
      for (let x = 0; x < SIDE; x++) row[x]! += weight * waves[j]![x]!;
    }
    for (let y = 0; y < SIDE; y++) {
      const wave = waves[i]![y]!;
      for (let x = 0; x < SIDE; x++) plane[SIDE * y + x]! += wave * row[x]!;
    }
  }
  const most = plane.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
  const data = Uint8ClampedArray.from(plane, (value) => 128 + (127 * value) / most);
  return { data, width: SIDE, height: SIDE, channels: 1 };
}
