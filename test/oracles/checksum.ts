/** The checksum of an index file, word by word in BigInt arithmetic: all words but number `skip`. */
export function naiveChecksum(words: Uint32Array, skip: number): number {
  const lanes = [0n, 0n, 0n, 0n];
  const mix = (lane: number, word: number) => {
    const product = ((lanes[lane]! ^ BigInt(word)) * 0xcc9e2d51n) & 0xffffffffn;
    lanes[lane] = product ^ (product >> 15n);
  };
  for (const part of [words.subarray(0, skip), words.subarray(skip + 1)]) {
    const whole = part.length - (part.length % 4);
    // What is left after whole rounds of four goes to the first lane.
    part.forEach((word, i) => {
      mix(i < whole ? i % 4 : 0, word);
    });
  }
  let sum = 0n;
  for (const lane of lanes) {
    sum = ((sum ^ lane) * 0x1b873593n) & 0xffffffffn;
    sum ^= sum >> 13n;
  }
  return Number(sum);
}
