import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NUMBER } from '../../src/entry.js';
import { hashFromHex } from '../../src/hash.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { hashOf } from '../arbitraries.js';
import { entryOf } from './lists.js';

const HEX = '0123456789abcdef'.repeat(4);
const hash = hashFromHex('pdq', HEX);

/** Entries with all that no text holds. */
const told = fc
  .tuple(
    entryOf(hashOf('dhash', 64)),
    fc.record(
      {
        list: fc.constantFrom('', 'a'),
        caseCount: fc.nat(3),
        opinions: fc.constantFrom(
          [],
          [{ from: 'x', says: 'y' }],
          [{ from: 'x', says: '', tags: [] }],
        ),
        confirmed: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([entry, beside]) => ({ ...entry, ...beside }));

test('returns the pushed entries, and the hashes end to end', () => {
  fc.assert(
    fc.property(fc.array(told, { maxLength: 200 }), (entries) => {
      const packed = new PackedEntries('dhash', 64, { capacity: 0 });
      expect(entries.map((entry) => packed.push(entry))).toEqual(entries.map((_, row) => row));
      expect(entries.map((_, row) => packed.entryAt(row))).toEqual(entries);
      expect(packed.size).toBe(entries.length);
      expect(packed.hashes).toEqual({
        algorithm: 'dhash',
        bits: 64,
        bytes: Uint8Array.from(entries.flatMap((entry) => [...entry.hash.bytes])),
      });
      entries.forEach(({ quality, id, list }, row) => {
        const fields = [packed.qualityAt(row), packed.idAt(row), packed.listAt(row)];
        expect(fields).toEqual([quality, id, list]);
      });
    }),
  );
});

test('notes beyond the shared ones are kept too', () => {
  const packed = new PackedEntries('pdq', 256);
  for (let i = 0; i < 66_000; i++) packed.push({ hash, labels: [`${i}`] });
  packed.push({ hash, labels: ['65999'] });
  const labels = [0, 65_535, 65_536, 65_998, 65_999, 66_000].map(
    (row) => packed.entryAt(row).labels[0],
  );
  expect(labels).toEqual(['0', '65535', '65536', '65998', '65999', '65999']);
});

test('an input is copied, an output is fresh', () => {
  const packed = new PackedEntries('pdq', 256);
  const labels = ['a'];
  const bytes = hash.bytes.slice();
  packed.push({ hash: { algorithm: 'pdq', bytes }, labels });
  bytes.fill(0);
  labels.push('b');
  const first = packed.entryAt(0);
  first.hash.bytes.fill(1);
  (first.labels as string[]).push('c');
  expect(packed.entryAt(0)).toEqual({ hash, labels: ['a'] });
});

test('truncated rows leave nothing in later rows', () => {
  const packed = new PackedEntries('pdq', 256);
  const bare = { hash, labels: [] };
  const full = {
    ...bare,
    labels: ['a'],
    quality: 9,
    id: 'i',
    source: 's',
    group: HEX,
    parts: HEX.repeat(6),
    [NUMBER]: 2 ** 40,
  };
  for (let i = 0; i < 3; i++) packed.push(full);
  packed.cut(5);
  expect(packed.size).toBe(3);
  packed.cut(1);
  expect([packed.size, packed.hashes.bytes.length]).toEqual([1, 32]);
  expect(() => packed.entryAt(1)).toThrow(RangeError);
  expect([packed.push(bare), packed.push(bare)]).toEqual([1, 2]);
  expect([0, 1, 2].map((row) => packed.numberedAt(row))).toEqual([full, bare, bare]);
  packed.cut(0);
  expect([packed.push(bare), packed.push(full)]).toEqual([0, 1]);
  expect([0, 1].map((row) => packed.numberedAt(row))).toEqual([bare, full]);
});

test('an invalid entry is refused, and nothing is added', () => {
  const packed = new PackedEntries('dhash', 256);
  const other = hashFromHex('dhash', HEX.slice(48));
  const fitting = hashFromHex('dhash', HEX);
  expect(() => packed.push({ hash, labels: [] })).toThrow(TypeError);
  expect(() => packed.push({ hash: other, labels: [] })).toThrow(RangeError);
  for (const quality of [-1, 101, 0.5, Number.NaN]) {
    expect(() => packed.push({ hash: fitting, labels: [], quality })).toThrow(RangeError);
  }
  expect(packed.size).toBe(0);
  expect(() => packed.entryAt(0)).toThrow(RangeError);
  expect(() => new PackedEntries('md4' as never, 64)).toThrow(TypeError);
  expect(() => new PackedEntries('md4' as never)).toThrow(TypeError);
  expect(() => new PackedEntries('md5', 64)).toThrow(RangeError);
  expect(() => new PackedEntries('pdq', 64)).toThrow(RangeError);
});
