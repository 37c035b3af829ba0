/**
 * 32-bit checksum of `words[from]`…`words[to - 1]`, to be continued from an earlier `state` (four lanes, changed in place).
 * Each step is a bijection of its lane for a given word and of the word for a given lane, and `finishChecksum` one of each
 * lane, so one changed word is always found; more, with odds of 1 in 2^32. Order matters.
 */
export function checksum(words: Int32Array, from: number, to: number, state: Int32Array): void {
  let a = state[0]! | 0;
  let b = state[1]! | 0;
  let c = state[2]! | 0;
  let d = state[3]! | 0;
  let i = from;
  for (; i + 4 <= to; i += 4) {
    a = Math.imul(a ^ words[i]!, 0xcc9e2d51);
    b = Math.imul(b ^ words[i + 1]!, 0xcc9e2d51);
    c = Math.imul(c ^ words[i + 2]!, 0xcc9e2d51);
    d = Math.imul(d ^ words[i + 3]!, 0xcc9e2d51);
    a ^= a >>> 15;
    b ^= b >>> 15;
    c ^= c >>> 15;
    d ^= d >>> 15;
  }
  for (; i < to; i++) {
    a = Math.imul(a ^ words[i]!, 0xcc9e2d51);
    a ^= a >>> 15;
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
}

/** The four lanes as one number. */
export function finishChecksum(state: Int32Array): number {
  let sum = 0;
  for (let lane = 0; lane < 4; lane++) {
    sum = Math.imul(sum ^ state[lane]!, 0x1b873593);
    sum ^= sum >>> 13;
  }
  return sum >>> 0;
}
