import { bitsOf, type Hash } from '../hash.js';

/**
 * Whether a hash says too little to be matched: pictures of one colour, of stripes and of a lone edge have it too.
 * Fewer than an eighth of the bits set or unset (PDQ: under 32 or over 224 ones of 256), or, for PDQ, at most 4
 * distinct 16-bit words. Such an entry is kept out of matching: it would take up every such picture. Of 542
 * photographs none is degenerate by phash, dhash, ahash or blockhash, of either width.
 * @throws {TypeError | RangeError} if it is no hash
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
  // An eighth of the bits is as many as there are bytes.
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
