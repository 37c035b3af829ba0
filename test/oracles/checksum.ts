/** The checksum of an index file, word by word in BigInt arithmetic: all words but number `skip`. */
export function naiveChecksum(words: Uint32Array, skip: number): number {
  let sum = 0n;
  words.forEach((word, i) => {
    if (i === skip) return;
    sum = ((sum ^ BigInt(word)) * 0xcc9e2d51n) & 0xffffffffn;
    sum ^= sum >> 15n;
  });
  return Number(sum);
}
