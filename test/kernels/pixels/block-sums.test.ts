import { expect, test } from 'vitest';
import { blockSums } from '../../../src/kernels/pixels/block-sums.js';
import { naiveBlockSums } from '../../oracles/pixels/block-sums.js';
import { PICTURE_KINDS, picture } from '../../pictures/pictures.js';

/**
 * The sums of the kernel in pixels, read by words and by bytes. The kernel counts in units of 1 /
 * grid².
 */
function sums(data: ArrayLike<number>, width: number, height: number, grid: number) {
  const bytes = Uint8Array.from(data);
  const byWords = new Float64Array(grid * grid).fill(NaN);
  const byBytes = new Float64Array(grid * grid).fill(NaN);
  const pixels = { data: bytes, width, height, channels: 4 };
  blockSums({ ...pixels, words: new Int32Array(bytes.buffer) }, grid, byWords);
  blockSums({ ...pixels, words: null }, grid, byBytes);
  expect(byWords).toEqual(byBytes);
  return byWords.map((sum) => sum / (grid * grid));
}

test('sums of a grid are those of its rectangles; pixels on a border are shared by area', () => {
  for (const kind of PICTURE_KINDS) {
    for (const [width, height] of [
      [16, 16],
      [32, 48],
      [17, 31],
      [33, 16],
      [50, 47],
      [64, 39],
    ] as const) {
      for (const grid of [8, 16]) {
        const { data } = picture(kind, width, height, width + height);
        expect(sums(data, width, height, grid), `${kind} ${width} x ${height} / ${grid}`).toEqual(
          naiveBlockSums(data, width, height, grid),
        );
      }
    }
  }
});

test('a rectangle too wide for a lane is summed in parts', () => {
  const { data } = picture('white', 5003, 17);
  const [sum] = sums(data, 5003, 17, 8);
  expect(sum).toBeCloseTo((765 * 5003 * 17) / 64, 6);
});

test('the sums cover the whole picture', () => {
  const { data } = picture('noise', 301, 77, 5);
  let total = 0;
  for (let i = 0; i < data.length; i += 4) total += data[i]! + data[i + 1]! + data[i + 2]!;
  expect(sums(data, 301, 77, 16).reduce((a, b) => a + b)).toBe(total);
});
