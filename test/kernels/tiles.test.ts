import { expect, test } from 'vitest';
import { boxAhead, boxCount, boxWindow, tileCentres } from '../../src/kernels/tiles.js';
import { boxLine } from '../oracles/pdq.js';

test('the middle of tile i of 512 is sample 8 i + 4', () => {
  expect([...tileCentres(512)]).toEqual(Array.from({ length: 64 }, (_, i) => 8 * i + 4));
});

test('a line of 5 is looked at at its five samples alone', () => {
  expect([...new Set(tileCentres(5))]).toEqual([0, 1, 2, 3, 4]);
});

test('half a tile makes a window, and a line is never shorter', () => {
  expect([1, 128, 129, 256, 257, 512, 513, 4000].map(boxWindow)).toEqual([1, 1, 2, 2, 3, 4, 5, 32]);
});

test('a box holds as many samples as the running sum does', () => {
  for (const length of [5, 63, 129, 300, 511, 512, 700, 1000]) {
    const window = boxWindow(length);
    // Sums of a line of ones are the counts: 1 / count of them is the share that a lone 1 gives.
    for (let at = 0; at < length; at += 7) {
      const line = Array.from({ length }, (_, x) => (x === at ? 1 : 0));
      expect(boxLine(line, window)[at]).toBe(Math.fround(1 / boxCount(at, length, window)));
    }
    expect(boxAhead(window)).toBeLessThanOrEqual(window);
  }
});
