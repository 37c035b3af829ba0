import type { Algorithm, Bits, Hash, PackedHashes } from '../src/hash.js';
import type { CheckedPixels } from '../src/pixels.js';

/**
 * Seeded 32-bit random numbers (xoshiro128**, Blackman and Vigna 2018), the same on every engine.
 */
export function random(seed: number): () => number {
  const state = new Uint32Array(4);
  let mix = seed >>> 0;
  for (let i = 0; i < 4; i++) {
    // splitmix32 spreads the seed over the state
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix ^ (mix >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    state[i] = z ^ (z >>> 15);
  }
  return () => {
    const x = Math.imul(state[1]!, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= t;
    state[3] = (state[3]! << 11) | (state[3]! >>> 21);
    return result;
  };
}

/** `count` uniformly random hashes end to end. */
export function uniformHashes(
  count: number,
  seed: number,
  { algorithm = 'pdq', bits = 256 }: { algorithm?: Algorithm; bits?: Bits } = {},
): PackedHashes {
  const next = random(seed);
  const words = new Uint32Array((count * bits) / 32);
  for (let i = 0; i < words.length; i++) words[i] = next();
  return { algorithm, bits, bytes: new Uint8Array(words.buffer) };
}

/**
 * Writes hash `id` of `bytes`, with `flips` distinct random bits flipped, to `out` as hash `at`.
 */
export function plant(
  bytes: Uint8Array,
  id: number,
  out: Uint8Array,
  at: number,
  flips: number,
  next: () => number,
  bits: Bits = 256,
): void {
  const size = bits / 8;
  const copy = bytes.slice(id * size, id * size + size);
  const flipped = new Set<number>();
  while (flipped.size < flips) flipped.add(next() % bits);
  for (const bit of flipped) copy[bit >> 3]! ^= 1 << (bit & 7);
  out.set(copy, at * size);
}

/**
 * Hashes as in real lists: 70 % distinct, 20 % near-duplicates within 24 bits of an earlier one (so
 * they form clusters), 8 % exact duplicates, 2 % degenerate (nearly all zeros or ones).
 */
export function clusteredHashes(
  count: number,
  seed: number,
  { algorithm = 'pdq', bits = 256 }: { algorithm?: Algorithm; bits?: Bits } = {},
): PackedHashes {
  const next = random(seed);
  const { bytes } = uniformHashes(count, seed ^ 0x5bd1e995, { algorithm, bits });
  const size = bits / 8;
  for (let i = 1; i < count; i++) {
    const kind = next() % 100;
    // Few cluster heads make clusters large.
    const head = next() % Math.max(1, Math.min(i, Math.ceil(count / 50)));
    if (kind < 20) plant(bytes, head, bytes, i, next() % 25, next, bits);
    else if (kind < 28) bytes.copyWithin(i * size, head * size, head * size + size);
    else if (kind < 30) {
      bytes.fill(next() & 1 ? 255 : 0, i * size, i * size + size);
      for (let flip = next() % 4; flip > 0; flip--) {
        const bit = next() % bits;
        bytes[i * size + (bit >> 3)]! ^= 1 << (bit & 7);
      }
    }
  }
  return { algorithm, bits, bytes };
}

/** Seed of the patterns that all adversarial lists share, whatever their own seed. */
const PATTERNS = 0xad0;

/**
 * Hashes made to cost an index of buckets, under any permutation of the bits:
 * - 30 % share half of their bits, so their buckets hold hundreds of times as many as usual;
 * - 30 % have each bit set with a chance of 1/8: an eighth of a list may fall into one bucket;
 * - 20 % are runs of up to a thousand neighbours, 1 to 3 bits from one to the next;
 * - 19 % have one of two values in each nibble, all four of whose bits differ;
 * - 1 % are nearly zero: up to 16 bits are set.
 *
 * The pattern behind the first and the fourth kind is the same for each seed. A list of another
 * seed gives queries that fall into the full buckets and are no entries.
 */
export function adversarialHashes(count: number, seed: number): PackedHashes {
  const next = random(seed);
  const pattern = random(PATTERNS);
  const shared = Uint32Array.from({ length: 8 }, pattern);
  const free = Uint32Array.from({ length: 8 }, pattern);
  const words = new Uint32Array(8 * count);
  const bytes = new Uint8Array(words.buffer);
  const fill = (id: number, wordOf: (i: number) => number) => {
    for (let i = 0; i < 8; i++) words[8 * id + i] = wordOf(i);
  };
  /** the end of the run so far, and how many neighbours it will still get */
  let end = 0;
  let left = 0;
  for (let id = 0; id < count; id++) {
    const kind = next() % 100;
    if (kind < 30) fill(id, (i) => shared[i]! ^ (next() & free[i]!));
    else if (kind < 60) fill(id, () => next() & next() & next());
    else if (kind < 80) {
      if (left > 0) plant(bytes, end, bytes, id, 1 + (next() % 3), next);
      else fill(id, next);
      left = left > 0 ? left - 1 : next() % 1000;
      end = id;
    } else if (kind < 99) fill(id, (i) => shared[i]! ^ (15 * (next() & 0x11111111)));
    else {
      for (let set = next() % 17; set > 0; set--) {
        bytes[32 * id + (next() % 32)]! |= 1 << (next() % 8);
      }
    }
  }
  return { algorithm: 'pdq', bits: 256, bytes };
}

/** Cells of the coarsest and the finest detail of `detailedPixels`, along the longer side. */
const COARSEST = 3;
const FINEST = 96;

/**
 * A seeded picture with detail at every size, as photos have it: half as strong for half the size.
 * Every bit of its PDQ hash has a cause, so resized and noisy copies have near hashes.
 */
export function detailedPixels(
  width: number,
  height: number,
  seed: number,
  channels: 3 | 4 = 3,
): CheckedPixels {
  const next = random(seed);
  const side = Math.max(width, height);
  const light = new Float32Array(width * height);
  for (let cells = COARSEST; cells <= FINEST; cells *= 2) {
    const columns = cells + 2;
    const grid = Float32Array.from({ length: columns * columns }, () => (next() % 2001) / 1000 - 1);
    const strength = (110 * COARSEST) / cells;
    for (let y = 0; y < height; y++) {
      const [v, row] = [(y * cells) / side, Math.floor((y * cells) / side)];
      const down = v - row;
      for (let x = 0; x < width; x++) {
        const u = (x * cells) / side;
        const column = Math.floor(u);
        const at = row * columns + column;
        const right = u - column;
        const above = grid[at]! + right * (grid[at + 1]! - grid[at]!);
        const under = at + columns;
        const below = grid[under]! + right * (grid[under + 1]! - grid[under]!);
        light[y * width + x]! += strength * (above + down * (below - above));
      }
    }
  }
  const tint = Array.from({ length: 3 }, () => 0.7 + (next() % 600) / 1000);
  const data = new Uint8ClampedArray(channels * width * height).fill(255);
  for (let i = 0; i < light.length; i++) {
    for (let c = 0; c < 3; c++) data[channels * i + c] = 118 + tint[c]! * light[i]!;
  }
  return { data: new Uint8Array(data.buffer), width, height, channels };
}

/** One of packed PDQ hashes; a view of `bytes`. */
export const hashAt = (bytes: Uint8Array, at: number): Hash => ({
  algorithm: 'pdq',
  bytes: bytes.subarray(32 * at, 32 * at + 32),
});

/** Packed PDQ hashes one by one; views of `bytes`. */
export const hashesOf = (bytes: Uint8Array): Hash[] =>
  Array.from({ length: bytes.length / 32 }, (_, at) => hashAt(bytes, at));

const QUERY_SEED = 77;

/**
 * Queries of a list. Every other one, from the first on, is an entry with 0 to `farthest` bits
 * flipped; the rest are unrelated: random by default.
 * @param asked the unrelated queries; those at even places are overwritten
 */
export function queriesOf(
  bytes: Uint8Array,
  count: number,
  farthest = 31,
  asked = uniformHashes(count, QUERY_SEED).bytes,
): Hash[] {
  const next = random(9);
  const entries = bytes.length / 32;
  for (let i = 0; i < count; i += 2) {
    plant(bytes, next() % entries, asked, i, next() % (farthest + 1), next);
  }
  return hashesOf(asked);
}
