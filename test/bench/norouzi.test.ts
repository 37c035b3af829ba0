import { expect, test } from 'vitest';
import { answerOf, naiveScan } from '../../bench/index-peers.js';
import { norouzi } from '../../bench/norouzi.js';
import {
  adversarialHashes,
  clusteredHashes,
  plant,
  random,
  uniformHashes,
} from '../../bench/workloads.js';

const COUNT = 600;
const lists = [uniformHashes, clusteredHashes, adversarialHashes].map(
  (make) => make(COUNT, 3).bytes,
);

test('finds what the naive loop finds, at every distance', () => {
  const out = new Uint32Array(2 * COUNT);
  for (const bytes of lists) {
    const words = new Int32Array(bytes.buffer);
    const index = norouzi(bytes);
    const next = random(4);
    const query = new Uint8Array(32);
    for (let max = 0; max <= 64; max++) {
      plant(bytes, next() % COUNT, query, 0, next() % (max + 2), next);
      const total = naiveScan(words, COUNT, new Int32Array(query.buffer), max, out);
      const expected = answerOf(out, total);
      expect(answerOf(out, index.searchInto(query, max, out))).toBe(expected);
    }
  }
});

test('finds a hash that only one substring leads to', () => {
  const out = new Uint32Array(2);
  const zero = norouzi(new Uint8Array(32));
  for (let max = 0; max < 64; max++) {
    const [radius, wider] = [max >> 4, max & 15];
    for (let only = 0; only <= wider; only++) {
      // The others of the first substrings are one bit too far, and so are those after them.
      const query = Uint8Array.from({ length: 32 }, (_, i) => {
        const substring = i >> 1;
        const bits = radius + (substring <= wider && substring !== only ? 1 : 0);
        return i % 2 === 0 ? 2 ** bits - 1 : 0;
      });
      expect([max, only, zero.searchInto(query, max, out), out[1]]).toEqual([max, only, 1, max]);
      if (max > 0) expect(zero.searchInto(query, max - 1, out)).toBe(0);
    }
  }
});

test('counts hits that `out` has no room for', () => {
  const bytes = new Uint8Array(32 * 5);
  const out = new Uint32Array(2);
  expect(norouzi(bytes).searchInto(new Uint8Array(32), 0, out)).toBe(5);
  expect([...out]).toEqual([0, 0]);
});

test('knows that all bits may differ', () => {
  const out = new Uint32Array(2);
  expect(norouzi(new Uint8Array(32).fill(255)).searchInto(new Uint8Array(32), 256, out)).toBe(1);
  expect([...out]).toEqual([0, 256]);
});
