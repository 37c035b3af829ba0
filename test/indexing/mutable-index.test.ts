import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { Algorithm, Bits, Hash } from '../../src/hash.js';
import { createIndex, indexOf } from '../../src/indexing/create-index.js';
import type { HammingIndex } from '../../src/indexing/hamming-index.js';
import type { Compaction } from '../../src/indexing/mutable-index.js';
import type { Simd } from '../../src/indexing/segment.js';
import { snapshotInfo } from '../../src/indexing/snapshot.js';
import { hashOf } from '../arbitraries.js';
import { naiveDistance } from '../oracles/hamming.js';
import { runs } from '../seed.js';
import { attachedTo, KERNELS } from './conformance.js';

/** What the index must be like: a plain array of entries. */
interface Model {
  entries: { id: number; bytes: Uint8Array }[];
  nextId: number;
}
interface Real {
  index: HammingIndex;
  readonly compaction: Compaction & { simd: Simd };
}
type Step = fc.Command<Model, Real>;

const step = (name: string, run: (model: Model, real: Real) => void): Step => ({
  check: () => true,
  run,
  toString: () => name,
});

const asText = (hits: readonly { id: number; distance: number }[]) =>
  hits.map(({ id, distance }) => `${id}:${distance}`).sort();

const near = (model: Model, bytes: Uint8Array, max: number) =>
  asText(
    model.entries
      .map((entry) => ({ id: entry.id, distance: naiveDistance(entry.bytes, bytes) }))
      .filter(({ distance }) => distance <= max),
  );

describe.each<[Algorithm, Bits]>([
  ['pdq', 256],
  ['dhash', 64],
])('%s, %i bits', (algorithm, bits) => {
  const size = bits / 8;
  // Few different hashes, so that equal and near ones abound: a byte repeated, and some bits flipped.
  const bytes = fc
    .tuple(fc.constantFrom(0, 0, 0x5a, 0xff), fc.array(fc.nat(bits - 1), { maxLength: 4 }))
    .map(([value, flips]) => {
      const made = new Uint8Array(size).fill(value);
      for (const bit of flips) made[bit >> 3]! ^= 1 << (bit & 7);
      return made;
    });
  const radius = fc.oneof(fc.constantFrom(0, 1, 3, 8, 31), fc.integer({ min: 0, max: bits }));
  const hash = (value: Uint8Array): Hash => ({ algorithm, bytes: value });

  const steps: fc.Arbitrary<Step>[] = [
    fc.array(bytes, { minLength: 1, maxLength: 12 }).map((added) =>
      step(`add ${added.length}`, (model, { index }) => {
        for (const value of added) {
          const id = index.add(hash(value));
          expect(id).toBe(model.nextId++);
          model.entries.push({ id, bytes: value });
        }
      }),
    ),
    fc.array(fc.nat(), { minLength: 1, maxLength: 8 }).map((picks) =>
      step(`remove ids ${picks}`, (model, { index }) => {
        for (const pick of picks) {
          const id = pick % (model.nextId + 2);
          const there = model.entries.some((entry) => entry.id === id);
          expect(index.remove(id)).toBe(there ? 1 : 0);
          model.entries = model.entries.filter((entry) => entry.id !== id);
        }
      }),
    ),
    bytes.map((value) =>
      step('remove a hash', (model, { index }) => {
        const left = model.entries.filter((entry) => naiveDistance(entry.bytes, value) > 0);
        expect(index.remove(hash(value))).toBe(model.entries.length - left.length);
        model.entries = left;
      }),
    ),
    fc.tuple(bytes, radius).map(([value, max]) =>
      step(`search ${max}`, (model, { index }) => {
        const expected = near(model, value, max);
        expect(asText(index.search(hash(value), max))).toEqual(expected);
        const out = new Uint32Array(6);
        expect(index.searchInto(hash(value), max, out)).toBe(expected.length);
        for (let i = 0; i < Math.min(3, expected.length); i++) {
          expect(expected).toContain(`${out[2 * i]}:${out[2 * i + 1]}`);
        }
      }),
    ),
    fc.tuple(fc.array(bytes, { maxLength: 4 }), radius).map(([values, max]) =>
      step(`search a batch ${max}`, (model, { index }) => {
        expect(index.searchBatch(values.map(hash), max).map(asText)).toEqual(
          values.map((value) => near(model, value, max)),
        );
      }),
    ),
    fc.integer({ min: 1, max: 3 }).map((times) =>
      step('compact', (_, { index }) => {
        for (let i = 0; i < times && index.compact(); i++);
      }),
    ),
    fc.constant(
      step('compact to the end', (model, { index }) => {
        for (let rounds = 0; index.compact(); rounds++) expect(rounds).toBeLessThan(1000);
        expect(index.explain(8).parts.length).toBeLessThanOrEqual(1);
        expect(index.size).toBe(model.entries.length);
      }),
    ),
    fc.boolean().map((shared) =>
      step('write and attach', (model, real) => {
        const buffer = real.index.toBuffer({ shared });
        expect(snapshotInfo(buffer).size).toBe(model.entries.length);
        real.index = attachedTo(buffer, real.compaction);
      }),
    ),
  ];

  test.each(
    (['flat', 'mih', undefined] as const).flatMap((kind) =>
      KERNELS.map(({ kernel, simd }) => ({ kind, kernel, simd })),
    ),
  )(
    'any changes, searches, compactions and snapshots give the state of a plain array ($kind, $kernel)',
    ({ kind, simd }) => {
      fc.assert(
        fc.property(
          fc.commands(steps, { maxCommands: 40, size: 'max' }),
          fc.integer({ min: 2, max: 9 }),
          fc.constantFrom(1, 1000),
          (commands, deltaLimit, maxSteps) => {
            const compaction = { deltaLimit, maxSteps, simd };
            const options = { algorithm, bits, ...(kind && { kind }), maxDistance: 8 };
            const index = attachedTo(createIndex([], options).toBuffer(), compaction);
            fc.modelRun(() => {
              const model: Model = { entries: [], nextId: 0 };
              return { model, real: { index, compaction } };
            }, commands);
          },
        ),
        { numRuns: runs(150) },
      );
    },
  );

  test('no buffer contains a removed hash', () => {
    fc.assert(
      fc.property(
        fc.array(hashOf(algorithm, bits), { maxLength: 30 }),
        fc.integer({ min: 1, max: 255 }),
        (others, salt) => {
          // No run of bytes that a list of other hashes would hold by chance.
          const gone = hash(Uint8Array.from({ length: size }, (_, i) => (i * 37 + salt) & 255));
          const index = createIndex([...others, gone]);
          index.remove(gone);
          const text = (value: Uint8Array) => Buffer.from(value).toString('latin1');
          const held = text(new Uint8Array(index.toBuffer()));
          expect(held.includes(text(gone.bytes))).toBe(false);
        },
      ),
      { numRuns: runs(50) },
    );
  });
});

test('ids are positions, are never used again, and survive a snapshot', () => {
  const hashes = [1, 2, 3].map(
    (value): Hash => ({ algorithm: 'pdq', bytes: new Uint8Array(32).fill(value) }),
  );
  const index = createIndex(hashes);
  expect(index.remove(2)).toBe(1);
  expect(index.remove(2)).toBe(0);
  expect(index.add(hashes[2]!)).toBe(3);
  expect(index.search(hashes[2]!, 0)).toEqual([{ id: 3, distance: 0 }]);
  expect(index.remove(hashes[0]!)).toBe(1);
  expect(index.size).toBe(2);
  expect(() => index.remove(-1)).toThrow(RangeError);
  expect(() => index.remove(1.5)).toThrow(RangeError);
  expect(() => index.add({ algorithm: 'pdq', bytes: new Uint8Array(8) })).toThrow(RangeError);
  expect(() => index.add({ algorithm: 'dhash', bytes: new Uint8Array(32) })).toThrow(TypeError);
});

test('no change reads a clock', () => {
  const clocks = [vi.spyOn(Date, 'now'), vi.spyOn(performance, 'now')];
  const index = createIndex([], { algorithm: 'pdq' });
  const bytes = new Uint8Array(32);
  for (let i = 0; i < 2000; i++) {
    bytes[i % 32] = i;
    index.add({ algorithm: 'pdq', bytes });
    if (i % 3 === 0) index.remove(i);
  }
  while (index.compact());
  for (const clock of clocks) expect(clock).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

test('with one step per change, compactions still end, and the scanned part stays short', () => {
  const empty = indexOf([], { algorithm: 'pdq' }, { kind: 'mih' }).toBuffer();
  const index = attachedTo(empty, { deltaLimit: 8, maxSteps: 1 });
  for (let i = 0; i < 5000; i++) {
    const bytes = new Uint8Array(32);
    new DataView(bytes.buffer).setUint32(4 * (i % 8), i);
    index.add({ algorithm: 'pdq', bytes });
    const { parts } = index.explain(0);
    expect(parts.length).toBeLessThanOrEqual(6);
    const scanned = parts.filter(({ engine }) => engine === 'flat');
    expect(scanned.reduce((sum, { hashes }) => sum + hashes, 0)).toBeLessThan(1000);
  }
});
