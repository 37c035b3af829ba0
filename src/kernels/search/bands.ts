/*
 * The loops of multi-index hashing; `indexing/mih.ts` explains the idea. A hash is `perHash` words,
 * 8 or 2, of 32 bits; its bit n is bit n & 31 of word n >> 5.
 */

/**
 * Writes a hash with its bits spread. Word w is rotated by 9 w, which shifts the rows of the hash
 * against each other; then the low bits of the number of a bit are exchanged with those of its
 * word, and the middle bytes of each word. Candidates of the slowest hundredth of queries at
 * distance 31, over a million PDQ hashes of crops of photos: 11,900 unchanged, 6,800 spread, 7,000
 * with bit i at 37 i mod 256, which needs a step a bit. dHash, pHash and blockhash of 64 bits meet
 * 0.59, 0.71 and 0.42 of the candidates.
 */
export function spread(
  words: Int32Array,
  at: number,
  perHash: number,
  out: Int32Array,
  to: number,
): void {
  for (let w = 0; w < perHash; w++) {
    const word = words[at + w]!;
    out[to + w] = (word << (9 * w)) | (word >>> (-9 * w));
  }
  let mask = perHash === 8 ? 0x0f0f0f0f : 0x55555555;
  for (let step = perHash >> 1; step > 0; step >>= 1) {
    // The words whose number lacks that bit.
    for (let w = 0; w < perHash; w = ((w | step) + 1) & ~step) {
      const a = out[to + w]!;
      const b = out[to + w + step]!;
      const differing = ((a >>> step) ^ b) & mask;
      out[to + w] = a ^ (differing << step);
      out[to + w + step] = b ^ differing;
    }
    mask ^= mask << (step >> 1);
  }
  for (let w = 0; w < perHash; w++) {
    const word = out[to + w]!;
    const differing = ((word >>> 8) ^ word) & 0xff00;
    out[to + w] = word ^ differing ^ (differing << 8);
  }
}

/** 32 bits from bit `start` on, cyclically, of the hash whose words begin at `at`. */
export function bitsAt(words: Int32Array, perHash: number, at: number, start: number): number {
  const word = start >>> 5;
  const next = word + 1 === perHash ? 0 : word + 1;
  const shift = start & 31;
  // A shift by 32 would be one by 0: hence two steps.
  return (words[at + word]! >>> shift) | ((words[at + next]! << 1) << (31 - shift));
}

/** Spread hashes end to end, and one of their bands: `width` bits from `start` on, at most 16. */
export interface Band {
  readonly words: Int32Array;
  readonly perHash: number;
  readonly start: number;
  readonly width: number;
}

/** Counts the keys of a band of the hashes `from`…`to` - 1. */
export function countKeys(band: Band, from: number, to: number, counts: Uint32Array): void {
  const { words, perHash, start, width } = band;
  const mask = (1 << width) - 1;
  for (let id = from, at = from * perHash; id < to; id++, at += perHash) {
    counts[bitsAt(words, perHash, at, start) & mask]!++;
  }
}

/** The places of hashes in the order of the buckets of all bands. */
export interface Placed {
  /** position of the hash at each place, in `positionBytes` bytes, 3 or 4, lowest first */
  readonly positions: Uint8Array;
  readonly positionBytes: number;
  /** the 32 or 16 bits after the band, cyclically, of the hash at each place */
  readonly sketches: Int32Array | Uint16Array;
}

/**
 * Puts the hashes `from`…`to` - 1 into the buckets of a band: each at the place of its key in
 * `cursors`, which moves on.
 */
export function placeKeys(
  { words, perHash, start, width }: Band,
  from: number,
  to: number,
  { positions, positionBytes, sketches }: Placed,
  cursors: Uint32Array,
): void {
  const mask = (1 << width) - 1;
  const end = (start + width) % (32 * perHash);
  for (let id = from, at = from * perHash; id < to; id++, at += perHash) {
    const key = bitsAt(words, perHash, at, start) & mask;
    const place = cursors[key]!;
    cursors[key] = place + 1;
    const byte = place * positionBytes;
    positions[byte] = id;
    positions[byte + 1] = id >>> 8;
    positions[byte + 2] = id >>> 16;
    if (positionBytes === 4) positions[byte + 3] = id >>> 24;
    sketches[place] = bitsAt(words, perHash, at, end);
  }
}

/** Buckets of one band whose keys are at one distance from the query's. */
export interface Ring {
  readonly start: number;
  readonly width: number;
  /** number of buckets of the bands before */
  readonly base: number;
  /** bits in which their keys differ from the query's */
  readonly masks: Uint16Array;
  /** most bits in which a sketch may differ */
  readonly limit: number;
}

/**
 * Words of a span: first place of a bucket, the one after its last, the query's sketch, the limit.
 */
export const SPAN = 4;

/** Buckets to look into, as spans. */
export interface Spans {
  spans: Int32Array;
  /** number of words filled */
  length: number;
  /** number of places in all spans */
  places: number;
}

/**
 * Appends a span for each non-empty bucket of a ring.
 * @param last all places: no span reaches beyond them, whatever `offsets` says
 */
export function gatherSpans(
  offsets: Uint32Array,
  { base, masks, limit }: Ring,
  key: number,
  sketch: number,
  last: number,
  into: Spans,
): void {
  const { spans } = into;
  let next = into.length;
  let places = 0;
  for (let i = 0; i < masks.length; i++) {
    const cell = base + (key ^ masks[i]!);
    const start = offsets[cell]!;
    const stop = offsets[cell + 1]!;
    if (start < stop && stop <= last) {
      spans[next] = start;
      spans[next + 1] = stop;
      spans[next + 2] = sketch;
      spans[next + 3] = limit;
      next += SPAN;
      places += stop - start;
    }
  }
  into.length = next;
  into.places += places;
}

/**
 * Reads both ends of the spans `from`…`to`, of sketches of 32 bits, or with `shift` 1 of 16;
 * returning the values read keeps engines from removing the loads. These loads depend on nothing,
 * so the processor has many under way at once, while the next loop would wait for each bucket in
 * turn: at a million hashes and distance 31 a query took 42 us with this pass and 185 us without
 * (V8 11.3).
 */
export function touchSpans(
  sketches: Int32Array,
  shift: 0 | 1,
  spans: Int32Array,
  from: number,
  to: number,
): number {
  let read = 0;
  for (let i = from; i < to; i += SPAN) {
    read ^= sketches[spans[i]! >>> shift]! ^ sketches[(spans[i + 1]! - 1) >>> shift]!;
  }
  return read;
}

/** `collectPlaces` stops when fewer than this many of its places are left. */
export const SPARE = 16;

/**
 * Writes the places in the spans `from`…`to` whose sketch is within the limit to `places`. If it
 * stops for lack of room, the spans start there: call it again.
 * @returns the number of places
 */
export function collectPlaces(
  sketches: Int32Array,
  spans: Int32Array,
  from: number,
  to: number,
  places: Uint32Array,
): number {
  const room = places.length - SPARE;
  let found = 0;
  for (let span = from; span < to && found <= room; span += SPAN) {
    const last = spans[span + 1]!;
    const sketch = spans[span + 2]!;
    const limit = spans[span + 3]!;
    let place = spans[span]!;
    for (; place < last && found <= room; place++) {
      if (popcount(sketches[place]! ^ sketch) <= limit) places[found++] = place;
    }
    spans[span] = place;
  }
  return found;
}

/** As `collectPlaces`, for 16 bits. Separate, so that V8 compiles each for one kind of array. */
export function collectPlaces16(
  sketches: Uint16Array,
  spans: Int32Array,
  from: number,
  to: number,
  places: Uint32Array,
): number {
  const room = places.length - SPARE;
  let found = 0;
  for (let span = from; span < to && found <= room; span += SPAN) {
    const last = spans[span + 1]!;
    const sketch = spans[span + 2]! & 0xffff;
    const limit = spans[span + 3]!;
    let place = spans[span]!;
    for (; place < last && found <= room; place++) {
      if (popcount(sketches[place]! ^ sketch) <= limit) places[found++] = place;
    }
    spans[span] = place;
  }
  return found;
}

/** Placed hashes, not spread. */
export interface Hashes extends Placed {
  readonly words: Int32Array;
  readonly perHash: number;
  /** a bit per hash, set for hits, so that no other band reports them again */
  readonly seen: Uint32Array;
  /** keeps the values read ahead, so that no engine optimises the reads away */
  read: number;
}

/** Replaces the first `count` places by the positions there. */
export function readPositions(
  { positions, positionBytes }: Placed,
  places: Uint32Array,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const byte = places[i]! * positionBytes;
    const low = positions[byte]! | (positions[byte + 1]! << 8) | (positions[byte + 2]! << 16);
    places[i] = positionBytes === 4 ? low | (positions[byte + 3]! << 24) : low;
  }
}

/**
 * Compares the hashes at the first `count` positions with `query`. Each one within `max` adds its
 * position and distance to `out`, from pair `total` on, while there is room. The arguments are
 * separate because it is hot. It reads ahead for the reason given at `touchSpans`.
 * @returns the new total
 */
export function verifyHashes(
  hashes: Hashes,
  found: Uint32Array,
  count: number,
  query: Int32Array,
  max: number,
  out: Uint32Array,
  total: number,
): number {
  const { words, perHash, seen } = hashes;
  let read = 0;
  for (let i = 0; i < count; i++) read ^= words[found[i]! * perHash]!;
  hashes.read = read;
  const room = out.length >>> 1;
  let next = total;
  for (let i = 0; i < count; i++) {
    const position = found[i]!;
    if ((seen[position >>> 5]! >>> (position & 31)) & 1) continue;
    const at = position * perHash;
    // An unverified file may hold anything.
    if (at >= words.length) continue;
    let distance = 0;
    for (let word = 0; word < perHash && distance <= max; word++) {
      distance += popcount(words[at + word]! ^ query[word]!);
    }
    if (distance > max) continue;
    seen[position >>> 5]! |= 1 << (position & 31);
    if (next < room) {
      out[2 * next] = position;
      out[2 * next + 1] = distance;
    }
    next++;
  }
  return next;
}

/** Bits set in a word. */
function popcount(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The numbers under 2^width, grouped by the number of their set bits, each group ascending. */
export function masksByPopcount(width: number): Uint16Array[] {
  const rings = Array.from({ length: width + 1 }, (): number[] => []);
  for (let mask = 0; mask < 2 ** width; mask++) rings[popcount(mask)]!.push(mask);
  return rings.map((masks) => Uint16Array.from(masks));
}
