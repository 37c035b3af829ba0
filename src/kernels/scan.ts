/**
 * Exact scans of packed hashes. `words` holds hashes end to end, 8 (256 bits) or 2 (64 bits) 32-bit words each, in any
 * byte order so long as `query` has the same. Each scan writes position and distance of the hashes within `max` bits
 * to `out`, pair by pair while there is room, and returns how many there are.
 *
 * Carry-save adders (Harley and Seal; Warren, Hacker's Delight, 2nd ed., 5-1) let several words share the last steps of
 * one population count.
 */

/**
 * For `max` under 48: three words are counted first, and 96 bits of an unrelated hash differ in 48 ± 5 places, so nearly
 * every hash ends there.
 */
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
  const room = out.length >>> 1;
  let total = 0;
  for (let id = 0, at = 0; id < count; id++, at += 8) {
    const a = words[at]! ^ q0;
    const b = words[at + 1]! ^ q1;
    const c = words[at + 2]! ^ q2;
    const half = a ^ b;
    let ones = half ^ c;
    let twos = (a & b) | (half & c);
    ones -= (ones >>> 1) & 0x55555555;
    twos -= (twos >>> 1) & 0x55555555;
    ones = (ones & 0x33333333) + ((ones >>> 2) & 0x33333333);
    twos = (twos & 0x33333333) + ((twos >>> 2) & 0x33333333);
    // At most 4 + 2 · 4 = 12 in each four bits.
    ones += twos << 1;
    ones = (ones & 0x0f0f0f0f) + ((ones >>> 4) & 0x0f0f0f0f);
    let distance = Math.imul(ones, 0x01010101) >>> 24;
    if (distance > max) continue;
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

/** For `max` of 48 and more, where an early exit seldom comes: all eight words through a tree of adders, one count. */
export function scanWide256(
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
  const room = out.length >>> 1;
  let total = 0;
  for (let id = 0, at = 0; id < count; id++, at += 8) {
    const a = words[at]! ^ q0;
    const b = words[at + 1]! ^ q1;
    const c = words[at + 2]! ^ q2;
    const d = words[at + 3]! ^ q3;
    const e = words[at + 4]! ^ q4;
    const f = words[at + 5]! ^ q5;
    const g = words[at + 6]! ^ q6;
    const h = words[at + 7]! ^ q7;
    const ab = a ^ b;
    const abc = ab ^ c;
    const twosA = (a & b) | (ab & c);
    const de = d ^ e;
    const def = de ^ f;
    const twosB = (d & e) | (de & f);
    const gh = g ^ h;
    const twosC = g & h;
    const sum = abc ^ def;
    let ones = sum ^ gh;
    const twosD = (abc & def) | (sum & gh);
    const twosAB = twosA ^ twosB;
    const twosABC = twosAB ^ twosC;
    const foursA = (twosA & twosB) | (twosAB & twosC);
    let twos = twosABC ^ twosD;
    const foursB = twosABC & twosD;
    let fours = foursA ^ foursB;
    let eights = foursA & foursB;
    ones -= (ones >>> 1) & 0x55555555;
    twos -= (twos >>> 1) & 0x55555555;
    fours -= (fours >>> 1) & 0x55555555;
    eights -= (eights >>> 1) & 0x55555555;
    ones = (ones & 0x33333333) + ((ones >>> 2) & 0x33333333);
    twos = (twos & 0x33333333) + ((twos >>> 2) & 0x33333333);
    fours = (fours & 0x33333333) + ((fours >>> 2) & 0x33333333);
    eights = (eights & 0x33333333) + ((eights >>> 2) & 0x33333333);
    // At most 4 + 2 · 4 = 12 in each four bits; then at most 24, and 24 + 4 · 24 = 120, in each byte.
    ones += twos << 1;
    fours += eights << 1;
    ones = (ones & 0x0f0f0f0f) + ((ones >>> 4) & 0x0f0f0f0f);
    fours = (fours & 0x0f0f0f0f) + ((fours >>> 4) & 0x0f0f0f0f);
    ones += fours << 2;
    // A sum of bytes may reach 256, one more than the top byte of a product holds.
    ones = (ones & 0x00ff00ff) + ((ones >>> 8) & 0x00ff00ff);
    const distance = (ones + (ones >>> 16)) & 0x1ff;
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

/** Bits set in three words: an adder leaves their sum and their carry, which are counted together. */
export function popcount3(a: number, b: number, c: number): number {
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
