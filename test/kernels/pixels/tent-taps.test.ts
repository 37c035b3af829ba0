import { describe, expect, test } from 'vitest';
import { boxAhead, boxCount, boxWindow, tileCentres } from '../../../src/kernels/pdq/box-filter.js';
import { tentTaps } from '../../../src/kernels/pixels/tent-taps.js';
import { twoBoxes } from '../../oracles/pixels/tent.js';

test('512 samples: 1 2 3 4 3 2 1 from 8 i + 2, cut off at the end', () => {
  const { starts, counts, weights, room } = tentTaps(512);
  for (let i = 0; i < 63; i++) {
    expect([starts[i], counts[i]]).toEqual([8 * i + 2, 7]);
    const row = [...weights.slice(room * i, room * i + 7)].map((weight) => 16 * weight);
    for (const [tap, weight] of [1, 2, 3, 4, 3, 2, 1].entries()) {
      expect(row[tap]).toBeCloseTo(weight, 12);
    }
  }
  expect([starts[63], counts[63]]).toEqual([506, 6]);
  const last = [...weights.slice(room * 63, room * 63 + 6)].map((weight) => 48 * weight);
  for (const [tap, weight] of [3, 6, 9, 13, 10, 7].entries()) {
    expect(last[tap]).toBeCloseTo(weight, 12);
  }
});

describe.each([5, 9, 63, 64, 65, 128, 129, 200, 256, 257, 300, 511, 513, 640, 700, 1000])(
  '%d samples',
  (length) => {
    test('the weights are the share of a single 1 in the middle of each tile', () => {
      const { starts, counts, weights, room } = tentTaps(length);
      const centres = tileCentres(length);
      const got = Array.from({ length: 64 }, () => new Array<number>(length).fill(0));
      for (let i = 0; i < 64; i++) {
        for (let tap = 0; tap < counts[i]!; tap++) {
          got[i]![starts[i]! + tap] = weights[room * i + tap]!;
        }
      }
      for (let at = 0; at < length; at += length < 200 ? 1 : 5) {
        const line = Array.from({ length }, (_, x) => (x === at ? 1 : 0));
        const filtered = twoBoxes(line);
        for (let i = 0; i < 64; i++) expect(got[i]![at]).toBeCloseTo(filtered[centres[i]!]!, 12);
      }
    });
  },
);

/** The weights of one position, box by box. */
function boxByBox(length: number, centre: number): number[] {
  const window = boxWindow(length);
  const ahead = boxAhead(window);
  const first = Math.max(centre + ahead - window, 0);
  const last = Math.min(centre + ahead, length) - 1;
  const start = Math.max(first + ahead - window, 0);
  const weights = new Array<number>(Math.min(last + ahead, length) - start).fill(0);
  for (let inner = first; inner <= last; inner++) {
    const weight = 1 / (last - first + 1) / boxCount(inner, length, window);
    const from = Math.max(inner + ahead - window, 0) - start;
    for (let tap = from; tap < Math.min(inner + ahead, length) - start; tap++) {
      weights[tap]! += weight;
    }
  }
  return weights;
}

test('the weights are rounded like a sum box by box', () => {
  for (let length = 1; length < 5000; length += length < 300 ? 1 : 83) {
    const { counts, weights, room } = tentTaps(length);
    for (const [i, centre] of tileCentres(length).entries()) {
      const row = [...weights.subarray(room * i, room * i + counts[i]!)];
      expect(row).toEqual(boxByBox(length, centre));
    }
  }
});

test('a line of two million samples takes time linear in its length', () => {
  // Box by box it took minutes, for four times as many.
  const { weights, room } = tentTaps(2 ** 21);
  expect(weights.subarray(room * 31, room * 32).reduce((sum, weight) => sum + weight)).toBeCloseTo(
    1,
  );
});
