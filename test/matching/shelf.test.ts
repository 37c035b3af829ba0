import { expect, test, vi } from 'vitest';
import type { Hash } from '../../src/hash.js';
import { createIndex } from '../../src/indexing/mutable-index.js';
import { Shelf } from '../../src/matching/shelf.js';
import { PackedEntries } from '../../src/packed-entries.js';
import { flipBits } from '../arbitraries.js';
import { BASE, ORDER } from './bases.js';

const hashes = [0, 40, 80, 120].map((bits) => flipBits(BASE, ORDER, bits));
const withdrawHash = (shelf: Shelf, hash: Hash) => shelf.prepareRemoval(shelf.idsOfHash(hash))();
const withdrawName = (shelf: Shelf, name: string) =>
  shelf.prepareRemoval(shelf.idsOfName(name, undefined))();
const labelsAt = (shelf: Shelf, hash: Hash) =>
  shelf.search(hash, 0).map(({ id }) => shelf.entryAt(id).labels.join());

test('ids are those of the index, also after an attached one with gaps', () => {
  const entries = new PackedEntries('pdq', 256);
  for (const hash of hashes) entries.push({ hash, labels: ['attached'], id: 'x' });
  const index = createIndex(entries.hashes);
  index.remove(1);
  index.remove(3);
  const shelf = new Shelf('pdq', 256, { index, entries });
  shelf.add({ hash: hashes[1]!, labels: ['added'], id: 'x' });
  expect(shelf.size).toBe(3);
  expect(shelf.search(hashes[1]!, 0)).toEqual([{ id: 4, distance: 0 }]);
  expect(labelsAt(shelf, hashes[1]!)).toEqual(['added']);
  // Two from the index, which had lost two before, and the added one.
  expect(withdrawName(shelf, 'x')).toBe(3);
  expect(shelf.size).toBe(0);
});

test('a withdrawn entry is overwritten, and its row is reused', () => {
  const put = vi.spyOn(PackedEntries.prototype, 'put');
  try {
    const shelf = new Shelf('pdq', 256);
    for (let round = 0; round < 20; round++) {
      for (const [i, hash] of hashes.entries()) shelf.add({ hash, labels: [`${round} ${i}`] });
      expect(shelf.size).toBe(4);
      for (const [i, hash] of hashes.entries()) {
        expect(labelsAt(shelf, hash)).toEqual([`${round} ${i}`]);
        expect(withdrawHash(shelf, hash)).toBe(1);
      }
      const table = put.mock.contexts[0] as PackedEntries;
      expect(table.hashes.bytes).toEqual(new Uint8Array(4 * 32));
    }
  } finally {
    put.mockRestore();
  }
});

test('a reused row belongs to its new entry only', () => {
  const shelf = new Shelf('pdq', 256);
  shelf.add({ hash: hashes[0]!, labels: ['first'], id: '1' });
  withdrawHash(shelf, hashes[0]!);
  shelf.add({ hash: hashes[1]!, labels: ['second'], id: '2' });
  expect(withdrawName(shelf, '2')).toBe(1);
  shelf.add({ hash: hashes[2]!, labels: ['third'] });
  shelf.add({ hash: hashes[3]!, labels: ['fourth'] });
  expect(labelsAt(shelf, hashes[2]!)).toEqual(['third']);
  expect(labelsAt(shelf, hashes[3]!)).toEqual(['fourth']);
});

test('withdrawal by id before any search', () => {
  const shelf = new Shelf('pdq', 256);
  for (const [i, hash] of hashes.entries()) shelf.add({ hash, labels: [`${i}`], id: `${i}` });
  expect(withdrawName(shelf, '1')).toBe(1);
  expect(hashes.flatMap((hash) => labelsAt(shelf, hash))).toEqual(['0', '2', '3']);
  expect(withdrawHash(shelf, { algorithm: 'dhash', bytes: hashes[0]!.bytes })).toBe(0);
  expect(shelf.size).toBe(3);
});

test('an entry that the index refuses leaves no row behind', () => {
  const put = vi.spyOn(PackedEntries.prototype, 'put');
  try {
    const index = createIndex([], { algorithm: 'pdq' });
    const shelf = new Shelf('pdq', 256, { index, entries: new PackedEntries('pdq', 256) });
    shelf.add({ hash: hashes[0]!, labels: ['first'] });
    shelf.add({ hash: hashes[1]!, labels: ['second'] });
    withdrawHash(shelf, hashes[0]!);
    const table = put.mock.contexts[0] as PackedEntries;
    // First with an erased row to reuse, then without one.
    for (const size of [2, 2]) {
      const before = table.hashes.bytes.slice();
      const refuse = vi.spyOn(index, 'add').mockImplementation(() => {
        throw new RangeError('no memory');
      });
      const entry = { hash: hashes[2]!, labels: ['third'], id: 'x' };
      expect(() => shelf.add(entry)).toThrow(RangeError);
      expect([table.size, table.hashes.bytes]).toEqual([size, before]);
      refuse.mockRestore();
      shelf.add({ hash: hashes[3]!, labels: ['fourth'] });
      expect(shelf.idsOfName('x', undefined)).toEqual([]);
    }
    expect(shelf.size).toBe(3);
  } finally {
    put.mockRestore();
  }
});

test('what is undone is no longer counted, before there is an index and after', () => {
  const shelf = new Shelf('pdq', 256);
  const [hash] = hashes as [Hash];
  for (let round = 0; round < 2; round++) {
    const undo = shelf.checkpoint();
    shelf.add({ hash, labels: [], list: 'a' });
    shelf.add({ hash, labels: [] });
    expect(Object.fromEntries(shelf.counts)).toEqual({ a: 1, '': 1 });
    undo();
    expect(Object.fromEntries(shelf.counts)).toEqual({ a: 0, '': 0 });
    shelf.search(hash, 0);
  }
});
