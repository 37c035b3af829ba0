import type { Hash } from '../hash.js';

/**
 * Whether a hash says too little to be matched: pictures of one colour, of stripes and of a lone edge have it too.
 * Fewer than an eighth of the bits set or unset (PDQ: under 32 or over 224 ones of 256), or, for PDQ, at most 4
 * distinct 16-bit words. Such an entry is kept out of matching: it would take up every such picture.
 */
export function isDegenerate({ algorithm, bytes }: Hash): boolean {
  let ones = 0;
  for (let i = 0; i < bytes.length; i++) {
    let x = bytes[i]!;
    x -= (x >> 1) & 0x55;
    x = (x & 0x33) + ((x >> 2) & 0x33);
    ones += (x + (x >> 4)) & 0x0f;
  }
  // An eighth of the bits is as many as there are bytes.
  if (ones < bytes.length || ones > 7 * bytes.length) return true;
  if (algorithm !== 'pdq') return false;
  const words = new Set<number>();
  for (let i = 0; i < bytes.length && words.size <= 4; i += 2) {
    words.add((bytes[i]! << 8) | bytes[i + 1]!);
  }
  return words.size <= 4;
}
