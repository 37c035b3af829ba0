/**
 * 32-bit checksum of all words but number `skip`. Each step is a bijection of the sum for a given
 * word and of the word for a given sum. So one changed word is always found; several are missed
 * with odds of 1 in 2^32. Order matters.
 */
export function checksum(words: Int32Array, skip: number): number {
  let sum = 0;
  for (let i = 0; i < words.length; i++) {
    if (i === skip) continue;
    sum = Math.imul(sum ^ words[i]!, 0xcc9e2d51);
    sum ^= sum >>> 15;
  }
  return sum >>> 0;
}
