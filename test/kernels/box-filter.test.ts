import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { boxColumns, boxPad, boxRows, boxRowsAt } from '../../src/kernels/box-filter.js';
import { boxAhead, boxCount, boxWindow, tileCentres } from '../../src/kernels/tiles.js';
import { boxLine } from '../oracles/pdq.js';

/** Windows of one sample, powers of two and others. */
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
  const window = boxWindow(length);
  const rows = [0, 1, 2, 3].map((r) => lineOf(length, 10 * length + r));
  const wanted = rows.map((row) => boxLine(row, window));
  const lines = sideBySide(rows, boxPad(window));

  test('along rows: the mean of every box, rounded as the reference does', () => {
    const out = new Float64Array(4 * length);
    boxRows(lines, length, window, out, 0, length, 2 * length, 3 * length);
    expect([...out]).toEqual(wanted.flat());
  });

  test('along rows, at the middle of tiles alone', () => {
    const centres = tileCentres(length);
    const out = new Float64Array(4 * 64);
    boxRowsAt(lines, length, window, centres, out, 0, 64, 128, 192);
    expect([...out]).toEqual(wanted.flatMap((row) => [...centres].map((x) => row[x]!)));
  });

  test('down columns: all rows written, one of zeros behind them, four steps a call', () => {
    // Column x is row x of the test above, upside down for x = 4.
    const columns = [...rows, [...rows[0]!].reverse()];
    const width = columns.length;
    const all = new Float64Array((length + 1) * width);
    columns.forEach((column, x) => {
      for (let y = 0; y < length; y++) all[y * width + x] = column[y]!;
    });
    const zeros = length * width;
    const sums = new Float64Array(width);
    const out = new Float64Array(4 * width);
    const means: number[][] = columns.map(() => []);
    const lag = boxAhead(window) - 1;
    for (let top = 0; top < length + lag; top += 4) {
      const ys = [top, top + 1, top + 2, top + 3];
      const newest = Int32Array.from(ys, (y) => (y < length ? y * width : zeros));
      const oldest = Int32Array.from(ys, (y) => {
        const old = y - window;
        return old >= 0 && old < length ? old * width : zeros;
      });
      const counts = Int32Array.from(ys, (y) => boxCount(y - lag, length, window));
      boxColumns(sums, all, newest, oldest, counts, out, 0);
      for (let r = 0; r < 4; r++) {
        const centre = top + r - lag;
        if (centre < 0 || centre >= length) continue;
        for (let x = 0; x < width; x++) means[x]!.push(out[4 * x + r]!);
      }
    }
    expect(means).toEqual(columns.map((column) => boxLine(column, window)));
  });
});
