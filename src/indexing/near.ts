/*
 * The near search goes beyond 31 bits, with a few hundred buckets at most. Every hash within 31
 * bits is found. A hash further away is found if it passes one fixed rule, whatever the engine: so
 * a list that grows, is merged, or is read from a file, gives the same answers.
 *
 * The rule. A hash is spread (`kernels/search/bands.ts`) and cut into 16 bands of 16 bits. Another
 * one is near it if in some band both hold:
 *
 * - The two differ there in at most one bit, or in two that are both among the band's `LEAST_SURE`
 *   least certain bits of the query. If the certainty of the query's bits is unknown: in at most
 *   two.
 * - They differ in at most `NEAR_SKETCH` of the 32 bits that follow, cyclically.
 *
 * A segment of 16 bands has a bucket for each such key: 272 for one bit, which are those of the
 * exact search up to 31, and 240 for pairs, or 1,920. Other segments are small, and are scanned;
 * the rule is then applied to their hits.
 *
 * How much it finds. Of 1,350 pairs of a photo and a variant of its copy at 32 to 60 bits (375
 * copies of 9 photos), the rule finds 98.8 %, and 97.9 % at 46 to 60; without ranks all. No copy
 * was lost: each had another variant within 60 bits that the rule found. Without pairs it would
 * find 90 %; with pairs of 5 or 7 bits 97.8 and 99.0; and with 11 of the 32 bits 99.1 %, for six
 * times as many hashes to compare. `onlyhashes bench index --part near` measures it.
 *
 * Rejected: evidence, a sum over all bits, each weighted by how often bits of its rank differ in
 * true pairs. At equal numbers of false pairs among hard ones (one app's screens with another
 * photo, frames of a scene, symmetric and smooth tiles), it finds 61.2 % of the copies against 60.8
 * of a plain distance of 31, 68.8 against 69.5 of 40, 74.4 against 74.0 of 50 and 76.5 against 76.8
 * of 60; with memes of one template among the hard pairs, fewer than the distance at each.
 */

import { bitsAt, type Ring, spread } from '../kernels/search/bands.js';
import { ringsWithin } from './mih.js';
import { EXACT_DISTANCE, NEAR_BANDS } from './plan.js';

const LEAST_SURE = 6;
const PAIRS = (LEAST_SURE * (LEAST_SURE - 1)) / 2;
const NEAR_SKETCH = 9;

const BANDING = { bits: 256, bands: NEAR_BANDS, sketchBits: 32 } as const;

// Scratch: no other code of ours runs between its first write and its last read.
const asked = /* @__PURE__ */ new Int32Array(8);
const differing = /* @__PURE__ */ new Int32Array(8);
const spreadOut = /* @__PURE__ */ new Int32Array(8);
/** the least certain bits of each band; 0 if none are known */
const unsure = /* @__PURE__ */ new Uint16Array(NEAR_BANDS);
/** the place of the bit of each rank */
const byRank = /* @__PURE__ */ new Uint8Array(256);
/** the bits of each band by rank, and how many there are so far */
const byBand = /* @__PURE__ */ new Uint16Array(256);
const filled = /* @__PURE__ */ new Uint8Array(NEAR_BANDS);
/** the masks of each pair of unsure bits, band after band, as the rings of `ranked` have them */
const pairs = /* @__PURE__ */ new Uint16Array(NEAR_BANDS * PAIRS);
let isRanked = false;

let ranked: readonly Ring[] | undefined;
let unranked: readonly Ring[] | undefined;
let places: Uint8Array | undefined;

/**
 * Sets the query of the near searches that follow, until the next call.
 * @param query eight words
 * @param ranks certainty of its bits, checked; absent: unknown
 * @returns the buckets to search in a segment of 16 bands
 */
export function askNear(query: Int32Array, ranks: Uint8Array | undefined): readonly Ring[] {
  asked.set(query);
  isRanked = ranks !== undefined;
  if (ranks === undefined) {
    // Budgets of three bits in each band.
    unranked ??= ringsWithin(BANDING, 3 * NEAR_BANDS - 1).map(within);
    return unranked;
  }
  leastSure(ranks);
  ranked ??= [...ringsWithin(BANDING, EXACT_DISTANCE).map(within), ...pairRings()];
  return ranked;
}

/** A ring with the rule's limit. */
const within = (ring: Ring): Ring => ({ ...ring, limit: NEAR_SKETCH });

const pairRings = () =>
  Array.from({ length: NEAR_BANDS }, (_, band) => ({
    start: 16 * band,
    width: 16,
    base: 2 ** 16 * band,
    masks: pairs.subarray(band * PAIRS, (band + 1) * PAIRS),
    limit: NEAR_SKETCH,
  }));

/** Finds the least certain bits of each band, and writes the masks of their pairs. */
function leastSure(ranks: Uint8Array): void {
  places ??= placesOf();
  for (let bit = 0; bit < 256; bit++) byRank[ranks[bit]!] = places[bit]!;
  // Two loops: in one, each step would be a branch that no processor foresees.
  filled.fill(0);
  for (let rank = 0; rank < 256; rank++) {
    const band = byRank[rank]! >> 4;
    byBand[16 * band + filled[band]!++] = 1 << (byRank[rank]! & 15);
  }
  for (let band = 0, at = 0; band < NEAR_BANDS; band++) {
    let earlier = 0;
    for (let i = 16 * band; i < 16 * band + LEAST_SURE; i++) {
      const mask = byBand[i]!;
      for (let rest = earlier; rest !== 0; rest &= rest - 1) pairs[at++] = mask | (rest & -rest);
      earlier |= mask;
    }
    unsure[band] = earlier;
  }
}

/** The place of each bit of a hash, 0 the highest of its first byte, after spreading. */
function placesOf(): Uint8Array {
  const bytes = new Uint8Array(32);
  const words = new Int32Array(bytes.buffer);
  return Uint8Array.from({ length: 256 }, (_, bit) => {
    bytes.fill(0);
    bytes[bit >> 3] = 128 >> (bit & 7);
    spread(words, 0, 8, spreadOut, 0);
    const word = spreadOut.findIndex((value) => value !== 0);
    return 32 * word + 31 - Math.clz32(spreadOut[word]!);
  });
}

/**
 * Removes hits that are beyond `EXACT_DISTANCE` and not near by the rule, however they were found.
 * @param words hashes end to end
 * @param hits pairs of position and distance
 * @returns the number left, in the same order
 */
export function keepNear(words: Int32Array, hits: Uint32Array, count: number): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const position = hits[2 * i]!;
    const distance = hits[2 * i + 1]!;
    if (distance > EXACT_DISTANCE && !isNear(words, 8 * position)) continue;
    hits[2 * kept] = position;
    hits[2 * kept + 1] = distance;
    kept++;
  }
  return kept;
}

/** True if the rule holds for the query and the hash whose words begin at `at`. */
function isNear(words: Int32Array, at: number): boolean {
  for (let word = 0; word < 8; word++) differing[word] = words[at + word]! ^ asked[word]!;
  spread(differing, 0, 8, spreadOut, 0);
  for (let band = 0; band < NEAR_BANDS; band++) {
    const key = bitsAt(spreadOut, 8, 0, 16 * band) & 0xffff;
    const rest = key & (key - 1);
    // No bit or one; or two, which must both be among the least certain, if those are known.
    const isKey =
      rest === 0 || ((rest & (rest - 1)) === 0 && (!isRanked || !(key & ~unsure[band]!)));
    if (!isKey) continue;
    let sketch = bitsAt(spreadOut, 8, 0, (16 * band + 16) & 255);
    let bits = 0;
    for (; sketch !== 0; sketch &= sketch - 1) bits++;
    if (bits <= NEAR_SKETCH) return true;
  }
  return false;
}
