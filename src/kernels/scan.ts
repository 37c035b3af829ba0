/*
 * Exact scans of packed hashes. `words` holds hashes end to end, 8 (256 bits) or 2 (64 bits) 32-bit
 * words each, in any byte order so long as `query` has the same. Each scan writes position and
 * distance of the hashes within `max` bits to `out`, pair by pair while there is room, and returns
 * how many there are.
 *
 * Carry-save adders (Harley and Seal; Warren, Hacker's Delight, 2nd ed., 5-1) let several words
 * share the last steps of one population count.
 */

/**
 * From this `max` on, every hash is counted to its end. The first 96 bits of an unrelated one
 * differ in 48 ± 5 places. For a smaller `max`, nearly every hash ends there. Near 48 one in two
 * does, which no processor foresees: that takes twice the time of the full count.
 */
export const WIDE_DISTANCE = 48;

/** 256 bits: three words are counted first. */
export function scan256(
  words: Int32Array,
  count: number,
  query: Int32Array,
  max: number,
  out: Uint32Array,
): number {
  const q0 = query[0]! | 0;
  const q1 = query[1]! | 0;
  const q2 = query[2]! | 0;
  const q3 = query[3]! | 0;
  const q4 = query[4]! | 0;
  const q5 = query[5]! | 0;
  const q6 = query[6]! | 0;
  const q7 = query[7]! | 0;
  const early = max < WIDE_DISTANCE ? max : 256;
  const room = out.length >>> 1;
  let total = 0;
  for (let id = 0, at = 0; id < count; id++, at += 8) {
    let distance = popcount3(words[at]! ^ q0, words[at + 1]! ^ q1, words[at + 2]! ^ q2);
    if (distance > early) continue;
    distance +=
      popcount3(words[at + 3]! ^ q3, words[at + 4]! ^ q4, words[at + 5]! ^ q5) +
      popcount3(words[at + 6]! ^ q6, words[at + 7]! ^ q7, 0);
    if (distance > max) continue;
    if (total < room) {
      out[2 * total] = id;
      out[2 * total + 1] = distance;
    }
    total++;
  }
  return total;
}

/** 64 bits: both words in one count. */
export function scan64(
  words: Int32Array,
  count: number,
  query: Int32Array,
  max: number,
  out: Uint32Array,
): number {
  const q0 = query[0]! | 0;
  const q1 = query[1]! | 0;
  const room = out.length >>> 1;
  let total = 0;
  for (let id = 0, at = 0; id < count; id++, at += 2) {
    const distance = popcount3(words[at]! ^ q0, words[at + 1]! ^ q1, 0);
    if (distance > max) continue;
    if (total < room) {
      out[2 * total] = id;
      out[2 * total + 1] = distance;
    }
    total++;
  }
  return total;
}

/**
 * Bits set in three words: an adder leaves their sum and their carry, which are counted together.
 */
function popcount3(a: number, b: number, c: number): number {
  const half = a ^ b;
  let ones = half ^ c;
  let twos = (a & b) | (half & c);
  ones -= (ones >>> 1) & 0x55555555;
  twos -= (twos >>> 1) & 0x55555555;
  ones = (ones & 0x33333333) + ((ones >>> 2) & 0x33333333);
  twos = (twos & 0x33333333) + ((twos >>> 2) & 0x33333333);
  ones += twos << 1;
  ones = (ones & 0x0f0f0f0f) + ((ones >>> 4) & 0x0f0f0f0f);
  return Math.imul(ones, 0x01010101) >>> 24;
}
