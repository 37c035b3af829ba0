import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import {
  boxAhead,
  boxColumns,
  boxCount,
  boxPad,
  boxRows,
  boxRowsAt,
  boxWindow,
  columnBoxes,
  nextRows,
  tileCentres,
} from '../../../src/kernels/pdq/box-filter.js';
import { boxLine } from '../../oracles/pixels/pdq.js';

/** Windows of one sample, of powers of two, and others. */
const LENGTHS = [5, 6, 64, 128, 129, 200, 257, 300, 511, 512, 640, 700];

const lineOf = (length: number, seed: number) => {
  const next = random(seed);
  return Array.from({ length }, () => Math.fround((next() / 2 ** 32) * 255));
};

function sideBySide(rows: readonly number[][], pad: number): Float64Array {
  const length = rows[0]!.length;
  const out = new Float64Array(4 * (length + 2 * pad));
  for (let x = 0; x < length; x++) {
    for (let r = 0; r < 4; r++) out[4 * (pad + x) + r] = rows[r]![x]!;
  }
  return out;
}

describe.each(LENGTHS)('%d samples', (length) => {
  const rows = [0, 1, 2, 3].map((r) => lineOf(length, 10 * length + r));
  const wanted = rows.map((row) => boxLine(row, boxWindow(length)));
  const lines = sideBySide(rows, boxPad(length));

  test('along rows: the mean of every box, rounded as the reference does', () => {
    const out = new Float64Array(4 * length);
    boxRows(lines, length, out, Int32Array.of(0, length, 2 * length, 3 * length));
    expect([...out]).toEqual(wanted.flat());
  });

  test('along rows, only at the middle of tiles', () => {
    const centres = tileCentres(length);
    const out = new Float64Array(4 * 64);
    boxRowsAt(lines, length, centres, out, Int32Array.of(0, 64, 128, 192));
    expect([...out]).toEqual(wanted.flatMap((row) => [...centres].map((x) => row[x]!)));
  });

  test.each([0, 3])(
    'down columns, four rows at a time, of a plane that starts %d rows late',
    (delay) => {
      // Column x is row x of the test above, upside down for x = 4.
      const columns = [...rows, [...rows[0]!].reverse()];
      const width = columns.length;
      const boxes = columnBoxes(width, length, delay);
      const out = new Float64Array(1 + 4 * width);
      const means: number[][] = columns.map(() => []);
      const { lag } = boxes;
      for (let top = 0; top < length + lag; top += 4) {
        nextRows(boxes, top);
        for (let r = 0; r < 4; r++) {
          // Writes before and after the plane must not show.
          const y = top + r - delay;
          columns.forEach((column, x) => {
            boxes.rows[boxes.written[r]! + x] = column[y] ?? 1e6;
          });
        }
        boxColumns(boxes, out, 1);
        for (let r = 0; r < 4; r++) {
          const centre = top + r - lag;
          if (centre < 0 || centre >= length) continue;
          for (let x = 0; x < width; x++) means[x]!.push(out[1 + 4 * x + r]!);
        }
      }
      expect(means).toEqual(columns.map((column) => boxLine(column, boxWindow(length))));
    },
  );
});

test('the middle of tile i of 512 is sample 8 i + 4', () => {
  expect([...tileCentres(512)]).toEqual(Array.from({ length: 64 }, (_, i) => 8 * i + 4));
});

test('a line of 5 is sampled only at its five samples', () => {
  expect([...new Set(tileCentres(5))]).toEqual([0, 1, 2, 3, 4]);
});

test('a window is half a tile, and at least one sample', () => {
  expect([1, 128, 129, 256, 257, 512, 513, 4000].map(boxWindow)).toEqual([1, 1, 2, 2, 3, 4, 5, 32]);
});

test('a box holds as many samples as the running sum does', () => {
  for (const length of [5, 63, 129, 300, 511, 512, 700, 1000]) {
    const window = boxWindow(length);
    // Sums of a line of ones are the counts. A single 1 has a share of 1 / count.
    for (let at = 0; at < length; at += 7) {
      const line = Array.from({ length }, (_, x) => (x === at ? 1 : 0));
      expect(boxLine(line, window)[at]).toBe(Math.fround(1 / boxCount(at, length, window)));
    }
    expect(boxAhead(window)).toBeLessThanOrEqual(window);
  }
});
