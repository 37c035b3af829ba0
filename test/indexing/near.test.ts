import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clusteredHashes, random, uniformHashes } from '../../bench/workloads.js';
import type { Hash } from '../../src/hash.js';
import { finish } from '../../src/in-turns.js';
import { segmentSteps } from '../../src/indexing/build-segment.js';
import { createIndex } from '../../src/indexing/create-index.js';
import { MutableIndex } from '../../src/indexing/mutable-index.js';
import { roomFor, type Simd } from '../../src/indexing/segment.js';
import { packedWords } from '../../src/packed-words.js';
import { naiveDistance } from '../oracles/hamming.js';
import { isNear } from '../oracles/near.js';
import { runs } from '../seed.js';
import { attachedTo, KERNELS } from './conformance.js';

const hashAt = (bytes: Uint8Array, id: number): Hash => ({
  algorithm: 'pdq',
  bytes: bytes.slice(32 * id, 32 * id + 32),
});

/** 0…255 in an order by chance. */
function shuffled(next: () => number): Uint8Array {
  const ranks = Uint8Array.from({ length: 256 }, (_, i) => i);
  for (let i = 255; i > 0; i--) {
    const j = next() % (i + 1);
    [ranks[i], ranks[j]] = [ranks[j]!, ranks[i]!];
  }
  return ranks;
}

/** Flips bits, those of low rank first and some others among them. */
function flipped({ bytes }: Hash, ranks: Uint8Array, count: number, next: () => number): Hash {
  const copy = bytes.slice();
  const order = [...ranks.keys()].sort((a, b) => ranks[a]! - ranks[b]!);
  for (let left = count; left > 0; left--) {
    const at = next() % 3 ? Math.min(order.length, 4) : order.length;
    const [bit] = order.splice(next() % at, 1) as [number];
    copy[bit >> 3]! ^= 128 >> (bit & 7);
  }
  return { algorithm: 'pdq', bytes: copy };
}

/** An index whose first segment has 16 bands, however few the hashes. */
function banded(bytes: Uint8Array, simd: Simd, sketchBits: 16 | 32): MutableIndex {
  const entries = packedWords({ algorithm: 'pdq', bits: 256, bytes });
  const none = { generation: 0, notesLength: 0, degenerate: undefined, nextId: entries.count };
  const like = { algorithm: 'pdq', bits: 256, kind: 'mih', maxDistance: 31 } as const;
  const target = { ...none, ...like, sketchBits, bands: 16 };
  const steps = segmentSteps(entries, target, (shape) => roomFor(shape, simd));
  return new MutableIndex(finish(steps).segment, { simd, deltaLimit: 40 });
}

/** What the rule says, by a loop over all entries that are not gone. */
const expected = (
  bytes: Uint8Array,
  gone: ReadonlySet<number>,
  query: Hash,
  max: number,
  ranks: Uint8Array | undefined,
) => {
  const found: string[] = [];
  for (let id = 0; id < bytes.length / 32; id++) {
    const entry = hashAt(bytes, id);
    const distance = naiveDistance(entry.bytes, query.bytes);
    if (distance > max || gone.has(id)) continue;
    if (distance > 31 && !isNear(entry, query, ranks)) continue;
    found.push(`${id}:${distance}`);
  }
  return found.sort();
};
const found = (index: MutableIndex, query: Hash, max: number, ranks: Uint8Array | undefined) =>
  index
    .searchNear(query, max, { ranks })
    .map(({ id, distance }) => `${id}:${distance}`)
    .sort();

describe.each(KERNELS)('near searches in $kernel', ({ simd }) => {
  test('find the same in every engine, after additions, removals and merges', () => {
    const next = random(11);
    let beyond = 0;
    let missed = 0;
    for (const make of [uniformHashes, clusteredHashes]) {
      const { bytes } = make(500, 7);
      const ranks = shuffled(next);
      const base = hashAt(bytes, 17);
      // Entries about the query, from near to beyond any rule.
      for (let id = 100; id < 450; id++) {
        bytes.set(flipped(base, ranks, 25 + (id % 45), next).bytes, 32 * id);
      }
      const first = bytes.subarray(0, 32 * 330);
      const indexes = [
        new MutableIndex(segmentOf(first, 'flat', simd), { simd }),
        new MutableIndex(segmentOf(first, 'mih', simd), { simd, deltaLimit: 60 }),
        banded(first, simd, 32),
        banded(first, simd, 16),
        attachedTo(banded(first, simd, 32).toBuffer(), { simd, deltaLimit: 25 }),
      ];
      const gone = new Set(Array.from({ length: 50 }, () => next() % 500));
      const check = (known: Uint8Array, without: ReadonlySet<number>) => {
        for (const [query, max] of [
          [base, 60],
          [flipped(base, ranks, 20, next), 60],
          [base, 45],
          [base, 31],
          [base, 256],
          [hashAt(bytes, 5), 60],
        ] as const) {
          for (const sure of [ranks, undefined]) {
            const all = expected(known, without, query, max, sure);
            beyond += all.filter((text) => Number(text.split(':')[1]) > 31).length;
            missed += leftOut(known, without, query, max, all.length);
            for (const index of indexes) expect(found(index, query, max, sure)).toEqual(all);
          }
        }
      };
      check(first, new Set());
      for (const index of indexes) {
        for (let id = 330; id < 500; id++) index.add(hashAt(bytes, id));
        for (const id of gone) index.remove(id);
      }
      check(bytes, gone);
      for (const index of indexes) while (index.compact());
      check(bytes, gone);
    }
    // Both happen: hits that the rule gives, and entries within the distance that it leaves out.
    expect(beyond).toBeGreaterThan(500);
    expect(missed).toBeGreaterThan(100);
  });

  test('are exact up to 31 bits, and for 64 bits', () => {
    fc.assert(
      fc.property(fc.nat(1e6), fc.nat(60), (seed, flips) => {
        const next = random(seed);
        const { bytes } = uniformHashes(50, seed);
        const ranks = shuffled(next);
        const query = flipped(hashAt(bytes, 3), ranks, flips, next);
        const index = banded(bytes, simd, 32);
        const exact = index.search(query, 31);
        expect(index.searchNear(query, 31, { ranks })).toEqual(exact);
        const near = index.searchNear(query, 60, { ranks });
        expect(near.filter(({ distance }) => distance < 32)).toEqual(exact);
        const out = new Uint32Array(7);
        expect(index.searchNearInto(query, 60, out, { ranks })).toBe(near.length);
        const pairs = near.slice(0, 3).flatMap(({ id, distance }) => [id, distance]);
        expect(out).toEqual(Uint32Array.from({ ...pairs, length: 7 }, (value = 0) => value));
      }),
      { numRuns: runs(60) },
    );
    const { bytes } = uniformHashes(300, 9, { algorithm: 'dhash', bits: 64 });
    const index = createIndex({ algorithm: 'dhash', bits: 64, bytes });
    const query = { algorithm: 'dhash', bytes: bytes.slice(8, 16) } as const;
    for (const max of [0, 24, 40]) {
      expect(index.searchNear(query, max)).toEqual(index.search(query, max));
    }
  });
});

test('the variants of a picture find the same hits in the same order, whatever the kernel', () => {
  fc.assert(
    fc.property(
      ...([fc.nat(1e6), fc.constantFrom(uniformHashes, clusteredHashes)] as const),
      ...([fc.constantFrom<16 | 32>(16, 32), fc.boolean()] as const),
      (seed, make, sketchBits, isChanged) => {
        const next = random(seed);
        const { bytes } = make(3000, seed);
        const ranks = shuffled(next);
        const base = hashAt(bytes, 17);
        // Near-equal entries, some of them equal.
        for (let id = 100; id < 700; id++) {
          bytes.set(flipped(base, ranks, id % 50, next).bytes, 32 * id);
          if (id % 9 === 0) bytes.copyWithin(32 * id, 32 * (id - 60), 32 * (id - 59));
        }
        const indexes = (['always', 'never'] as const).map((simd) => {
          const index = banded(bytes.subarray(0, 32 * 2700), simd, sketchBits);
          for (let id = 2700; isChanged && id < 2900; id++) index.add(hashAt(bytes, id));
          for (let id = 0; isChanged && id < 900; id += 3) index.remove(id);
          return index;
        });
        // Near-equal variants, and some far ones.
        const variants = [
          ...Array.from({ length: 12 }, (_, at) => flipped(base, ranks, 3 * at, next)),
          ...Array.from({ length: 4 }, () => hashAt(bytes, next() % 3000)),
        ];
        let total = 0;
        for (const query of variants) {
          const [simd, js] = indexes.map((index) => [
            index.searchNear(query, 60, { ranks }),
            index.searchNear(query, 54),
            index.search(query, 31),
            index.search(query, 9),
          ]);
          expect(simd).toEqual(js);
          total += js!.flat().length;
        }
        expect(total).toBeGreaterThan(500);
      },
    ),
    { numRuns: runs(12) },
  );
});

const segmentOf = (bytes: Uint8Array, kind: 'flat' | 'mih', simd: Simd) => {
  const entries = packedWords({ algorithm: 'pdq', bits: 256, bytes });
  const none = { generation: 0, notesLength: 0, degenerate: undefined, nextId: entries.count };
  const like = { algorithm: 'pdq', bits: 256, kind, maxDistance: 31, sketchBits: 32 } as const;
  const target = { ...none, ...like, bands: kind === 'flat' ? 0 : 21 };
  return finish(segmentSteps(entries, target, (shape) => roomFor(shape, simd))).segment;
};

/** How many more entries a scan finds. */
function leftOut(
  bytes: Uint8Array,
  gone: ReadonlySet<number>,
  query: Hash,
  max: number,
  count: number,
): number {
  let all = 0;
  for (let id = 0; id < bytes.length / 32; id++) {
    if (gone.has(id)) continue;
    if (naiveDistance(hashAt(bytes, id).bytes, query.bytes) <= max) all++;
  }
  return all - count;
}

test('invalid ranks are refused', () => {
  const index = createIndex(uniformHashes(10, 1));
  const query = hashAt(uniformHashes(1, 2).bytes, 0);
  const ask = (ranks: unknown) => () => index.searchNear(query, 60, { ranks: ranks as Uint8Array });
  expect(ask([...Array(256).keys()])).toThrow(TypeError);
  expect(ask(new Uint8Array(255))).toThrow(RangeError);
  expect(ask(new Uint8Array(256))).toThrow(RangeError);
  const short = createIndex(uniformHashes(10, 1, { algorithm: 'phash', bits: 64 }));
  const bytes = new Uint8Array(8);
  const ranks = shuffled(random(1));
  expect(() => short.searchNear({ algorithm: 'phash', bytes }, 9, { ranks })).toThrow(RangeError);
});
