import { expect, test } from 'vitest';
import { realisticHashes } from '../../../bench/index/realistic-hashes.js';
import { distance } from '../../../src/index.js';

const COUNT = 81;
const QUERIES = 64;
const realistic = (await realisticHashes(5))!;

const hashAt = (bytes: Uint8Array, at: number) =>
  ({ algorithm: 'pdq', bytes: bytes.subarray(32 * at, 32 * at + 32) }) as const;

/** Distances from a query to all entries. */
function distances(bytes: Uint8Array, query: Uint8Array, at: number): number[] {
  return Array.from({ length: bytes.length / 32 }, (_, id) =>
    distance(hashAt(bytes, id), hashAt(query, at)),
  );
}

test('a short list is the beginning of a long one, and another seed gives another list', async () => {
  const { bytes } = realistic.hashes(COUNT);
  expect(bytes).toHaveLength(32 * COUNT);
  expect(realistic.hashes(20).bytes).toEqual(bytes.slice(0, 32 * 20));
  expect((await realisticHashes(6))!.hashes(COUNT).bytes).not.toEqual(bytes);
});

test('a list continues where the one before ended, also within a crop', async () => {
  const { bytes } = realistic.hashes(COUNT);
  const again = (await realisticHashes(5))!;
  for (const count of [20, 19, COUNT, 30]) {
    expect(again.hashes(count).bytes).toEqual(bytes.slice(0, 32 * count));
  }
});

test('every eight hashes are the forms of one crop: with a flip, half of their signs change', () => {
  const { bytes } = realistic.hashes(16);
  for (let form = 1; form < 8; form++) {
    expect(distance(hashAt(bytes, 0), hashAt(bytes, form))).toBeGreaterThan(80);
  }
});

test('planted queries are near an entry; those of other photos are not', () => {
  const { bytes } = realistic.hashes(COUNT);
  const planted = realistic.planted(COUNT, QUERIES);
  const unrelated = realistic.unrelated(QUERIES);
  const nearest = (query: Uint8Array) =>
    Array.from({ length: QUERIES }, (_, at) => Math.min(...distances(bytes, query, at)));
  const near = nearest(planted);
  expect(near.filter((bits) => bits <= 31).length).toBeGreaterThan(QUERIES / 3);
  // They are crops of their own, not copies.
  expect(Math.max(...near)).toBeGreaterThan(10);
  expect(Math.min(...nearest(unrelated))).toBeGreaterThan(40);
});
