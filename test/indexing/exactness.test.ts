import { describe, expect, test } from 'vitest';
import { clusteredHashes, plant, random, uniformHashes } from '../../bench/workloads.js';
import type { Algorithm, Hash, PackedHashes } from '../../src/hash.js';
import { indexOf } from '../../src/indexing/create-index.js';
import type { HammingIndex } from '../../src/indexing/hamming-index.js';
import { spread } from '../../src/kernels/search/bands.js';
import { naiveScan } from '../oracles/hamming.js';
import { runs } from '../seed.js';
import { KERNELS } from './conformance.js';

/** Every engine, in both kernels, and with short sketches where there are any. */
const ENGINES = KERNELS.flatMap(({ simd }) =>
  (
    [
      ['flat', 'fast'],
      ['mih', 'fast'],
      ['mih', 'small'],
      [undefined, 'fast'],
    ] as const
  ).map(([kind, memory]) => ({ kind, memory, simd })),
);
const indexesOf = (hashes: PackedHashes) => {
  const maxDistance = hashes.bits / 8 - 1;
  return ENGINES.map(({ memory, ...engine }) => indexOf(hashes, { memory, maxDistance }, engine));
};
const RADII: Record<number, readonly number[]> = {
  64: [0, 1, 3, 4, 7, 8, 10, 12, 15, 16, 20, 31, 32, 64],
  256: [0, 1, 8, 15, 16, 23, 30, 31, 32, 40, 47, 48, 63, 64, 96, 128, 255, 256],
};
const algorithmOf: Record<number, Algorithm> = { 64: 'phash', 256: 'pdq' };

let comparisons = 0;
/** Each index of the same list gives what the naive loop gives. */
function check(
  indexes: readonly HammingIndex[],
  bytes: Uint8Array,
  query: Uint8Array,
  max: number,
): void {
  const [{ algorithm, bits }] = indexes as [HammingIndex];
  const expected = naiveScan(bytes, bits / 8, query, max);
  for (const index of indexes) {
    const hits = index.search({ algorithm, bytes: query } as Hash, max);
    hits.sort((a, b) => a.id - b.id);
    // Asking `expect` about thousands of hits takes longer than finding them.
    const isSame =
      hits.length === expected.length &&
      hits.every(
        ({ id, distance }, i) => id === expected[i]!.id && distance === expected[i]!.distance,
      );
    if (!isSame) expect(hits).toEqual(expected);
  }
  comparisons += bytes.length / (bits / 8);
}

describe.each([256, 64] as const)('%i bits', (bits) => {
  const size = bits / 8;
  const algorithm = algorithmOf[bits];
  const at = (bytes: Uint8Array, id: number) => bytes.slice(id * size, id * size + size);

  test('millions of comparisons with uniform and clustered lists', () => {
    comparisons = 0;
    const next = random(bits);
    for (const [make, count] of [
      [uniformHashes, runs(40_000)],
      [clusteredHashes, runs(40_000)],
      [clusteredHashes, 300],
    ] as const) {
      const { bytes } = make(count, count, { algorithm, bits });
      const queries = uniformHashes(count < 1000 ? 40 : 12, 5, { algorithm, bits }).bytes;
      // Half of the queries are near an entry, at distances about the usual one.
      for (let i = 0; i < queries.length / size; i += 2) {
        plant(bytes, next() % count, queries, i, next() % Math.ceil(bits / 7), next, bits);
      }
      const indexes = indexesOf({ algorithm, bits, bytes });
      for (const max of RADII[bits]) {
        // Whole lists as results say nothing new, and cost the most.
        const few = max > bits / 3 ? 1 : queries.length / size;
        for (let i = 0; i < few; i++) check(indexes, bytes, at(queries, i), max);
      }
    }
    expect(comparisons).toBeGreaterThan(runs(1e7));
  });

  /** Flips bits of `query` as `order` tells, `count` of them. */
  const flipped = (query: Uint8Array, order: readonly number[], count: number) => {
    const copy = query.slice();
    for (const bit of order.slice(0, count)) copy[bit >> 3]! ^= 1 << (bit & 7);
    return copy;
  };
  const shuffled = (next: () => number) => {
    const order = [...Array(bits).keys()];
    for (let i = bits - 1; i > 0; i--) {
      const j = next() % (i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    return order;
  };

  test('many comparisons with lists made to miss or to cost', () => {
    comparisons = 0;
    const next = random(7 * bits);
    const COUNT = 4 * runs(150);
    const MANY = runs(6000);
    /** By place in a spread hash: the bit that goes there. */
    const bitAt = Array.from({ length: bits }, () => 0);
    for (let bit = 0; bit < bits; bit++) {
      const one = new Int32Array(bits / 32);
      one[bit >> 5] = 1 << (bit & 31);
      spread(one.slice(), 0, bits / 32, one, 0);
      const word = one.findIndex((each) => each !== 0);
      bitAt[32 * word + 31 - Math.clz32(one[word]!)] = bit;
    }
    /** Each makes the flips of one entry for a query and a distance. */
    const patterns: readonly ((id: number, bands: number) => number[])[] = [
      () => shuffled(next),
      // Side by side, beginning anywhere.
      (id) => Array.from({ length: bits }, (_, i) => (id + i) % bits),
      // As far apart as can be: as many in each band as in any other.
      (id, bands) => {
        const order: number[] = [];
        const width = bits / bands;
        for (let round = 0; round < Math.ceil(width); round++) {
          for (let band = 0; band < bands; band++) {
            const bit =
              Math.floor(((band + id) % bands) * width) + ((round + id) % Math.floor(width));
            if (!order.includes(bit % bits)) order.push(bit % bits);
          }
        }
        return order;
      },
    ];
    for (const max of RADII[bits].filter((radius) => radius < bits / 2)) {
      const query = uniformHashes(1, max + 1, { algorithm, bits }).bytes;
      for (const pattern of patterns) {
        // All at distance max or max + 1 of the query: on the very edge.
        const bytes = new Uint8Array(COUNT * size);
        for (let id = 0; id < COUNT; id++) {
          // Half of them as bands see it, half as the hash has it.
          const flips = pattern(id, [8, 16, 21, 32][id % 4]!);
          const order = id & 2 ? flips : flips.map((place) => bitAt[place]!);
          bytes.set(flipped(query, order, max + (id & 1)), id * size);
        }
        const indexes = indexesOf({ algorithm, bits, bytes });
        check(indexes, bytes, query, max);
        expect(indexes[0]!.search({ algorithm, bytes: query }, max)).toHaveLength(COUNT / 2);
        check(indexes, bytes, at(bytes, 1), max);
      }
    }
    const inOneBucket = uniformHashes(MANY, 3, { algorithm, bits }).bytes;
    for (let id = 0; id < MANY; id++) inOneBucket.fill(0x5a, id * size, id * size + size / 2);
    const equal = new Uint8Array(MANY * size).fill(0xc3);
    const zero = new Uint8Array(MANY * size);
    const nearZero = new Uint8Array(MANY * size);
    for (let id = 0; id < MANY; id++) nearZero[id * size + (id % size)] = 1 << (id % 8);
    for (const bytes of [inOneBucket, equal, zero, nearZero]) {
      const indexes = indexesOf({ algorithm, bits, bytes });
      for (const max of RADII[bits]) {
        check(indexes, bytes, at(bytes, 0), max);
        check(indexes, bytes, flipped(at(bytes, 1), shuffled(next), max), max);
        check(indexes, bytes, new Uint8Array(size), max);
      }
    }
    expect(comparisons).toBeGreaterThan(runs(1e6));
  });
});
