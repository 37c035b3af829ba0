import { bitsOf, type Hash } from '../hash.js';

/**
 * Whether a hash carries too little information to be matched. Pictures of one colour, of stripes
 * or of a lone edge give such hashes, so an entry with one would match all of these pictures and is
 * kept out. A hash is degenerate if fewer than an eighth of its bits are set or fewer than an
 * eighth are unset (PDQ: under 32 or over 224 ones of 256), or, for PDQ, if it has at most 4
 * distinct 16-bit words. Of 542 photographs none is degenerate by phash, dhash, ahash or blockhash,
 * at either width.
 * @throws {TypeError | RangeError} if `hash` is invalid
 */
export function isDegenerate(hash: Hash): boolean {
  bitsOf(hash);
  const { algorithm, bytes } = hash;
  let ones = 0;
  for (let i = 0; i < bytes.length; i++) {
    let x = bytes[i]!;
    x -= (x >> 1) & 0x55;
    x = (x & 0x33) + ((x >> 2) & 0x33);
    ones += (x + (x >> 4)) & 0x0f;
  }
  // An eighth of the bits equals the number of bytes.
  if (ones < bytes.length || ones > 7 * bytes.length) return true;
  if (algorithm !== 'pdq') return false;
  const words: number[] = [];
  for (let i = 0; i < bytes.length; i += 2) {
    const word = (bytes[i]! << 8) | bytes[i + 1]!;
    if (words.includes(word)) continue;
    if (words.length === 4) return false;
    words.push(word);
  }
  return true;
}
