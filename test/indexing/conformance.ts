import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Algorithm, Bits, Hash, PackedHashes } from '../../src/hash.js';
import type { HammingIndex } from '../../src/indexing/hamming-index.js';
import { type Compaction, MutableIndex } from '../../src/indexing/mutable-index.js';
import type { Hit } from '../../src/indexing/part-search.js';
import { Segment, type Simd } from '../../src/indexing/segment.js';
import { alignedBytes, type SnapshotSource, shapeOf } from '../../src/indexing/snapshot.js';
import { flipBits, hashOf } from '../arbitraries.js';
import { naiveSearch } from '../oracles/hamming.js';
import { runs } from '../seed.js';

type Create = (
  hashes: Iterable<Hash> | PackedHashes,
  options?: { algorithm?: Algorithm; bits?: Bits },
) => HammingIndex;

const asText = (hits: readonly Hit[]) => hits.map(({ id, distance }) => `${id}:${distance}`).sort();

/** Packs hashes at an odd offset, as a view into somebody's larger buffer may lie. */
function packed(hashes: readonly Hash[], algorithm: Algorithm, bits: Bits): PackedHashes {
  const size = bits / 8;
  const bytes = new Uint8Array(hashes.length * size + 3).subarray(3);
  for (const [i, hash] of hashes.entries()) bytes.set(hash.bytes, i * size);
  return { algorithm, bits, bytes };
}

/** Both kernels; SIMD for lists of any length. */
export const KERNELS = [
  { kernel: 'js', simd: 'never' },
  { kernel: 'simd', simd: 'always' },
] as const satisfies readonly { kernel: string; simd: Simd }[];

/** An index attached to what `toBuffer` wrote, which compacts as told. */
export function attachedTo(
  buffer: SnapshotSource,
  options: Compaction & { simd?: Simd } = {},
): MutableIndex {
  const bytes = alignedBytes(buffer);
  return new MutableIndex(new Segment(shapeOf(bytes, bytes.length), bytes), options);
}

/** What every engine must do, whichever it is and whatever it runs in. */
export function conforms(create: Create): void {
  describe.each<[Algorithm, Bits]>([
    ['pdq', 256],
    ['phash', 64],
  ])('%s, %i bits', (algorithm, bits) => {
    const hash = hashOf(algorithm, bits);
    const radii = fc.oneof(
      fc.constantFrom(0, 1, 8, 15, 16, 30, 31, 32, 47, 48, 63),
      fc.integer({ min: 0, max: bits }),
    );
    /** A list with near and exact duplicates, degenerate hashes, and a query that is near one of them. */
    const world = fc
      .record({
        heads: fc.array(hash, { minLength: 1, maxLength: 12 }),
        copies: fc.array(
          fc.record({
            of: fc.nat(),
            order: fc.shuffledSubarray([...Array(bits).keys()], { minLength: bits }),
            flips: fc.integer({ min: 0, max: bits }),
          }),
          { maxLength: 25 },
        ),
        degenerate: fc.array(fc.constantFrom(0, 255, 1), { maxLength: 5 }),
        query: fc.record({
          of: fc.nat(),
          order: fc.shuffledSubarray([...Array(bits).keys()], { minLength: bits }),
          flips: fc.integer({ min: 0, max: 40 }),
        }),
      })
      .map(({ heads, copies, degenerate, query }) => {
        const hashes = [
          ...heads,
          ...copies.map(({ of, order, flips }) =>
            flipBits(heads[of % heads.length]!, order, of % 2 ? flips % 34 : flips),
          ),
          ...degenerate.map((value) => ({
            algorithm,
            bytes: new Uint8Array(bits / 8).fill(value),
          })),
        ];
        const near = flipBits(hashes[query.of % hashes.length]!, query.order, query.flips);
        return { hashes, query: near };
      });

    test('finds what the naive loop finds', () => {
      fc.assert(
        fc.property(world, radii, ({ hashes, query }, radius) => {
          const max = Math.min(radius, bits);
          const expected = naiveSearch(hashes, query, max);
          const index = create(hashes);
          expect(index.size).toBe(hashes.length);
          expect(asText(index.search(query, max))).toEqual(expected);
          expect(asText(create(packed(hashes, algorithm, bits)).search(query, max))).toEqual(
            expected,
          );
        }),
        { numRuns: runs(300) },
      );
    });

    test('searchInto gives the same pairs, and the full total if there is too little room', () => {
      fc.assert(
        fc.property(world, radii, fc.nat(6), ({ hashes, query }, radius, room) => {
          const max = Math.min(radius, bits);
          const expected = naiveSearch(hashes, query, max);
          const index = create(hashes);
          const out = new Uint32Array(2 * room);
          expect(index.searchInto(query, max, out)).toBe(expected.length);
          const filled = Math.min(room, expected.length);
          const pairs = Array.from({ length: filled }, (_, i) => `${out[2 * i]}:${out[2 * i + 1]}`);
          expect(expected).toEqual(expect.arrayContaining(pairs));
          expect(new Set(pairs).size).toBe(filled);
        }),
      );
    });

    test('searchBatch answers each query in its place', () => {
      fc.assert(
        fc.property(world, radii, ({ hashes, query }, radius) => {
          const max = Math.min(radius, bits);
          const index = create(hashes);
          const queries = [query, hashes[0]!, query];
          const expected = queries.map((each) => naiveSearch(hashes, each, max));
          expect(index.searchBatch(queries, max).map(asText)).toEqual(expected);
          const bytes = packed(queries, algorithm, bits);
          expect(index.searchBatch(bytes, max).map(asText)).toEqual(expected);
        }),
        { numRuns: runs(30) },
      );
    });

    test('changes neither the hashes nor the query, and keeps neither', () => {
      fc.assert(
        fc.property(world, ({ hashes, query }) => {
          const before = JSON.stringify([hashes, query]);
          const index = create(hashes);
          index.search(query, 31);
          expect(JSON.stringify([hashes, query])).toBe(before);
          const expected = naiveSearch(hashes, query, 31);
          for (const { bytes } of hashes) bytes.fill(7);
          expect(asText(index.search(query, 31))).toEqual(expected);
        }),
        { numRuns: runs(30) },
      );
    });

    test('an empty index answers with nothing', () => {
      const index = create([], { algorithm, bits });
      expect(index.size).toBe(0);
      const query = { algorithm, bytes: new Uint8Array(bits / 8) };
      expect(index.search(query, bits)).toEqual([]);
    });

    test('refuses an invalid query or distance', () => {
      const bytes = new Uint8Array(bits / 8);
      const index = create([{ algorithm, bytes }]);
      expect(() => index.search({ algorithm: 'dhash', bytes }, 3)).toThrow(TypeError);
      expect(() => index.search({ algorithm, bytes: bytes.subarray(1) }, 3)).toThrow(RangeError);
      for (const distance of [-1, bits + 1, 1.5, Number.NaN]) {
        expect(() => index.search({ algorithm, bytes }, distance)).toThrow(RangeError);
      }
      expect(() => index.search({ algorithm, bytes }, '3' as never)).toThrow(TypeError);
    });
  });

  test('refuses a mixed list', () => {
    const pdq = { algorithm: 'pdq', bytes: new Uint8Array(32) } as const;
    expect(() => create([pdq, { ...pdq, algorithm: 'blockhash' }])).toThrow(TypeError);
    expect(() =>
      create([
        { algorithm: 'phash', bytes: new Uint8Array(8) },
        { algorithm: 'phash', bytes: new Uint8Array(32) },
      ]),
    ).toThrow(RangeError);
    expect(() => create([])).toThrow(TypeError);
    expect(() => create({ algorithm: 'pdq', bits: 256, bytes: new Uint8Array(33) })).toThrow(
      RangeError,
    );
  });
}
