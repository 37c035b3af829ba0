/**
 * 32-bit checksum of words, going on from `sum`. Each step is a bijection of the sum for a given
 * word and of the word for a given sum. So one changed word is always detected; several are missed
 * with a probability of 1 in 2^32. Order matters.
 */
export function checksum(words: Int32Array, sum: number): number {
  let mixed = sum;
  for (let i = 0; i < words.length; i++) {
    mixed = Math.imul(mixed ^ words[i]!, 0xcc9e2d51);
    mixed ^= mixed >>> 15;
  }
  return mixed >>> 0;
}
