/*
 * The loops of multi-index hashing. A hash is `perHash` 32-bit words; its bit n is bit n & 31 of
 * word n >> 5. A band is a run of at most 16 of its bits. The sketch of a band is the 32 bits that
 * follow it, cyclically.
 */

/** Hashes end to end, and the buckets of their bands. */
export interface BandedHashes {
  readonly words: Int32Array;
  /** of a hash */
  readonly bits: number;
  /** of the hashes, in the order of the buckets */
  readonly positions: Uint32Array;
  /** of the hashes at these positions */
  readonly sketches: Int32Array;
}

/**
 * 32 bits from bit `start` on, cyclically, of the hash whose words begin at `at`. A shift by 32
 * would be one by 0: hence two steps.
 */
export function bitsAt(words: Int32Array, perHash: number, at: number, start: number): number {
  const word = start >>> 5;
  const next = word + 1 === perHash ? 0 : word + 1;
  const shift = start & 31;
  return (words[at + word]! >>> shift) | ((words[at + next]! << 1) << (31 - shift));
}

/** Counts the keys of a band, `width` bits from `start` on, of the hashes `from`…`to` - 1. */
export function countKeys(
  { words, bits }: BandedHashes,
  from: number,
  to: number,
  start: number,
  width: number,
  counts: Uint32Array,
): void {
  const perHash = bits >> 5;
  const mask = (1 << width) - 1;
  for (let id = from, at = from * perHash; id < to; id++, at += perHash) {
    counts[bitsAt(words, perHash, at, start) & mask]!++;
  }
}

/**
 * Puts the hashes `from`…`to` - 1 into the buckets of a band, `width` bits from `start` on:
 * position and sketch at the place that `cursors` gives for the key, which moves on.
 */
export function placeKeys(
  { words, bits, positions, sketches }: BandedHashes,
  from: number,
  to: number,
  start: number,
  width: number,
  cursors: Uint32Array,
): void {
  const perHash = bits >> 5;
  const mask = (1 << width) - 1;
  const end = (start + width) % bits;
  for (let id = from, at = from * perHash; id < to; id++, at += perHash) {
    const key = bitsAt(words, perHash, at, start) & mask;
    const place = cursors[key]!;
    cursors[key] = place + 1;
    positions[place] = id;
    sketches[place] = bitsAt(words, perHash, at, end);
  }
}

/**
 * Words of a span: where a bucket starts and stops, the query's sketch of that band, and in how
 * many bits a sketch may differ from it.
 */
export const SPAN = 4;

/**
 * Writes a span for each bucket `key ^ mask` that holds anything to `spans`, from `at` on. Hot:
 * called for each band of every query, so its arguments stay apart.
 * @param base of the band's bucket starts in `offsets`
 * @param end of all buckets: no span reaches beyond it, whatever `offsets` says
 * @returns where the next span goes
 */
export function gatherSpans(
  offsets: Uint32Array,
  base: number,
  key: number,
  masks: Uint16Array,
  end: number,
  sketch: number,
  limit: number,
  spans: Int32Array,
  at: number,
): number {
  let next = at;
  for (let i = 0; i < masks.length; i++) {
    const cell = base + (key ^ masks[i]!);
    const start = offsets[cell]!;
    const stop = offsets[cell + 1]!;
    if (start < stop && stop <= end) {
      spans[next] = start;
      spans[next + 1] = stop;
      spans[next + 2] = sketch;
      spans[next + 3] = limit;
      next += SPAN;
    }
  }
  return next;
}

/**
 * Reads both ends of each span; returning what it read keeps engines from leaving that out. These
 * loads depend on nothing, so the processor has many under way at once; the loop that tests the
 * sketches would wait for each bucket in turn. At a million hashes of 256 bits and distance 31, a
 * query took 42 us with this pass and 185 us without (V8 11.3).
 */
export function touchSpans(
  sketches: Int32Array,
  spans: Int32Array,
  from: number,
  to: number,
): number {
  let read = 0;
  for (let i = from; i < to; i += SPAN) {
    read ^= sketches[spans[i]!]! ^ sketches[spans[i + 1]! - 1]!;
  }
  return read;
}

/**
 * Hashes within `max` of `query` in the spans `from`…`to`: of the sketches within the limit, those
 * whose hash is. They are marked in `seen`, a bit a hash, so that no other band reports them again.
 * Hot: called for every 512 buckets of every query, so its arguments stay apart.
 * @param positions of the hashes, in the order of the buckets
 * @param out position and distance of each, pair by pair from pair `total` on, while there is room
 * @returns the new total
 */
export function searchSpans(
  words: Int32Array,
  perHash: number,
  positions: Uint32Array,
  sketches: Int32Array,
  spans: Int32Array,
  from: number,
  to: number,
  query: Int32Array,
  max: number,
  seen: Uint32Array,
  out: Uint32Array,
  total: number,
): number {
  const room = out.length >>> 1;
  let found = total;
  for (let span = from; span < to; span += SPAN) {
    const last = spans[span + 1]!;
    const sketch = spans[span + 2]!;
    const limit = spans[span + 3]!;
    for (let place = spans[span]!; place < last; place++) {
      if (popcount(sketches[place]! ^ sketch) > limit) continue;
      const position = positions[place]!;
      if ((seen[position >>> 5]! >>> (position & 31)) & 1) continue;
      const at = position * perHash;
      let distance = 0;
      for (let i = 0; i < perHash && distance <= max; i++) {
        distance += popcount(words[at + i]! ^ query[i]!);
      }
      if (distance > max) continue;
      seen[position >>> 5]! |= 1 << (position & 31);
      if (found < room) {
        out[2 * found] = position;
        out[2 * found + 1] = distance;
      }
      found++;
    }
  }
  return found;
}

/** Bits set in a word. */
function popcount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The numbers under 2^width, grouped by how many of their bits are set, each group ascending. */
export function masksByPopcount(width: number): Uint16Array[] {
  const rings = Array.from({ length: width + 1 }, (): number[] => []);
  for (let mask = 0; mask < 2 ** width; mask++) rings[popcount(mask)]!.push(mask);
  return rings.map((masks) => Uint16Array.from(masks));
}
