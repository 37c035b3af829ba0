import { expect, test } from 'vitest';
import { cells, cellsOf, cellsOfBoxes } from '../../../src/variants/detect/cells.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { drawn, rectanglesOf } from '../pictures.js';

/** Soft shapes without edges, each with its own lightness. */
const soft = (light: number) => (x: number, y: number) =>
  light + 30 * Math.sin(x / 23) + 30 * Math.cos(y / 31 + x / 47);

/** Cells of a side, `gap` apart from the next, from `left` and `top` on a ground of 255. */
function grid(side: readonly [number, number], gap: number, left: number, top: number) {
  return (x: number, y: number): number => {
    const column = Math.floor((x - left) / (side[0] + gap));
    const row = Math.floor((y - top) / (side[1] + gap));
    const isGap =
      x - left - column * (side[0] + gap) >= side[0] || y - top - row * (side[1] + gap) >= side[1];
    if (x < left || y < top || isGap) return 255;
    return soft(60 + 50 * ((column + row) % 3))(x, y);
  };
}

test('finds the cells of three columns and rows without gaps', () => {
  const cells = cellsOf(workingPlane(drawn(360, 300, grid([120, 100], 0, 0, 0))));
  expect(cells).toHaveLength(9);
  expect(cells).toContainEqual({ left: 120, top: 200, width: 120, height: 100 });
});

test('finds the square cells of a profile, without the row that is cut off', () => {
  const profile = workingPlane(drawn(360, 500, grid([120, 120], 0, 0, 90)));
  const found = cellsOfBoxes(profile);
  expect(found).toHaveLength(9);
  expect(found).toContainEqual({ left: 240, top: 330, width: 120, height: 120 });
  // One photo is no grid.
  expect(cellsOf(workingPlane(drawn(360, 360, soft(120))))).toEqual([]);
});

test.each([1, 2, 3, 5])('cells that are %i pixels apart are found exactly', (gap) => {
  const [width, height] = [3 * 110 + 2 * gap, 3 * 90 + 2 * gap];
  const found = cellsOf(workingPlane(drawn(width, height, grid([110, 90], gap, 0, 0))));
  expect(found).toHaveLength(9);
  expect(found[4]).toEqual({ left: 110 + gap, top: 90 + gap, width: 110, height: 90 });
  expect(found[8]).toEqual({ left: 220 + 2 * gap, top: 180 + 2 * gap, width: 110, height: 90 });
});

test('finds the cells of a collage on a ground, and of one row', () => {
  const ground = (x: number, y: number) =>
    x < 20 || y < 20 || x >= 340 || y >= 260 ? 255 : grid([160, 120], 0, 20, 20)(x, y);
  const four = rectanglesOf(cells(workingPlane(drawn(360, 280, ground))));
  expect(four).toContainEqual({ left: 20, top: 140, width: 160, height: 120 });
  expect(four).toHaveLength(4);
  const row = (x: number, y: number) =>
    y < 80 || y >= 200 ? 255 : grid([120, 120], 0, 0, 80)(x, y);
  const three = rectanglesOf(cells(workingPlane(drawn(360, 300, row))));
  expect(three).toContainEqual({ left: 240, top: 80, width: 120, height: 120 });
});

test('finds none in a photo, in a flat picture and in a very small one', () => {
  for (const [width, height] of [
    [300, 200],
    [1, 1],
    [1, 400],
    [9, 9],
  ] as const) {
    expect(rectanglesOf(cells(workingPlane(drawn(width, height, () => 9))))).toEqual([]);
    expect(cellsOf(workingPlane(drawn(width, height, soft(120))))).toEqual([]);
  }
});
