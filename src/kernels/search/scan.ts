/*
 * Exact scans of packed hashes. `words` holds hashes end to end, 8 (256 bits) or 2 (64 bits) 32-bit
 * words each, in any byte order so long as `query` has the same. Each scan writes position and
 * distance of the hashes within `max` bits to `out`, pair by pair while there is room, and returns
 * their number.
 *
 * A hash is skipped early if its first words alone differ in more than `max` bits. A processor
 * predicts that well only if nearly all hashes are skipped, or nearly none; near the mean it takes
 * twice the time. So there are two functions for 256 bits: one counts 96 bits first (48 ± 5 of an
 * unrelated hash differ), one 192 (96 ± 7). They are separate so that V8 optimises each by itself:
 * one function that had run at short distances took twice as long at long ones.
 */

/** The greatest `max` for `scan256Narrow`: 4 % of unrelated hashes are within it in 96 bits. */
export const NARROW_DISTANCE = 39;
/**
 * The greatest `max` at which `scan256Wide` skips a hash early: 1.5 % are within it in 192 bits.
 */
export const EARLY_DISTANCE = 80;

/** Words beyond which hashes are not expected in the caches: 8 MiB. */
export const FAR_WORDS = 2 ** 21;

/**
 * Reads every cache line of the words `from`…`to` - 1; returning the values read keeps engines from
 * removing the loads. These loads depend on nothing, so the processor has many under way at once.
 * With this pass over each 16 KiB beforehand, scans of four million hashes took 6.5 and 8.8 ns a
 * hash to distance 31 and 60; without, 12.9 and 16.1 (V8 11.3).
 */
export function touchWords(words: Int32Array, from: number, to: number): number {
  let read = 0;
  for (let i = from; i < to; i += 16) read ^= words[i]!;
  return read;
}

/** 256 bits, for a `max` to `NARROW_DISTANCE`. */
export function scan256Narrow(
  words: Int32Array,
  count: number,
  query: Int32Array,
  max: number,
  out: Uint32Array,
): number {
  const q0 = query[0]! | 0;
  const q1 = query[1]! | 0;
  const q2 = query[2]! | 0;
  const room = out.length >>> 1;
  let total = 0;
  for (let id = 0, at = 0; id < count; id++, at += 8) {
    let distance = popcount3(words[at]! ^ q0, words[at + 1]! ^ q1, words[at + 2]! ^ q2);
    if (distance > max) continue;
    distance +=
      popcount3(
        words[at + 3]! ^ query[3]!,
        words[at + 4]! ^ query[4]!,
        words[at + 5]! ^ query[5]!,
      ) + popcount3(words[at + 6]! ^ query[6]!, words[at + 7]! ^ query[7]!, 0);
    if (distance > max) continue;
    if (total < room) {
      out[2 * total] = id;
      out[2 * total + 1] = distance;
    }
    total++;
  }
  return total;
}

/** 256 bits, for any `max`. */
export function scan256Wide(
  words: Int32Array,
  count: number,
  query: Int32Array,
  max: number,
  out: Uint32Array,
): number {
  const early = max <= EARLY_DISTANCE ? max : 256;
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
    let distance =
      popcount3(words[at]! ^ q0, words[at + 1]! ^ q1, words[at + 2]! ^ q2) +
      popcount3(words[at + 3]! ^ q3, words[at + 4]! ^ q4, words[at + 5]! ^ q5);
    if (distance > early) continue;
    distance += popcount3(words[at + 6]! ^ q6, words[at + 7]! ^ q7, 0);
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
  const room = out.length >>> 1;
  let total = 0;
  for (let id = 0, at = 0; id < count; id++, at += 2) {
    const distance = popcount3(words[at]! ^ query[0]!, words[at + 1]! ^ query[1]!, 0);
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
 * Bits set in three words: a carry-save adder leaves their sum and their carry, which are counted
 * together (Harley and Seal; Warren, Hacker's Delight, 2nd ed., 5-1).
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
