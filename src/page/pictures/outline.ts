/**
 * The outline that a PDQ hash reveals. Its 256 bits are the signs of the 16 x 16 low frequencies of
 * a 64 x 64 picture, which are transformed back. Byte 31 holds bits 0…7. Bit 16 i + j is vertical
 * frequency i + 1 and horizontal frequency j + 1.
 * @returns 64 · 64 greys, 0…255, row-major
 */
export function outlineOf(bytes: Uint8Array): Uint8ClampedArray {
  const waves = Array.from({ length: 16 }, (_, k) =>
    Array.from({ length: 64 }, (_, x) => Math.cos(((2 * x + 1) * (k + 1) * Math.PI) / 128)),
  );
  const plane = new Float64Array(64 * 64);
  for (let i = 0; i < 16; i++) {
    for (let j = 0; j < 16; j++) {
      const bit = 16 * i + j;
      const sign = (bytes[31 - (bit >> 3)]! >> (bit & 7)) & 1 ? 1 : -1;
      // High frequencies of pictures are weaker, roughly as the inverse of the frequency.
      const weight = sign / Math.hypot(i + 1, j + 1);
      for (let y = 0; y < 64; y++) {
        const row = weight * waves[i]![y]!;
        for (let x = 0; x < 64; x++) plane[64 * y + x]! += row * waves[j]![x]!;
      }
    }
  }
  const most = plane.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-9);
  return Uint8ClampedArray.from(plane, (value) => 128 + (127 * value) / most);
}
