import { expect, test } from 'vitest';
import {
  cellsOf,
  edgeRectangles,
  squareCells,
} from '../../../src/variants/detect/edge-rectangles.js';
import { type WorkingPlane, workingPlane } from '../../../src/variants/working-plane.js';
import { drawn, rectanglesOf } from '../pictures.js';

const enclosed = (plane: WorkingPlane) => rectanglesOf(edgeRectangles(plane));

/** Soft shapes without edges, each with its own lightness. */
const soft = (light: number) => (x: number, y: number) =>
  light + 30 * Math.sin(x / 23) + 30 * Math.cos(y / 31 + x / 47);

test('finds the photo between a caption and a footer', () => {
  const shape = soft(120);
  const canvas = drawn(400, 500, (x, y) => (y < 90 || y >= 410 ? 250 : shape(x, y)));
  expect(enclosed(workingPlane(canvas))).toContainEqual({
    left: 0,
    top: 90,
    width: 400,
    height: 320,
  });
});

test('finds the cells of collages without gaps', () => {
  const light = soft(190);
  const dark = soft(70);
  const two = drawn(600, 300, (x, y) => (x < 300 ? light(x, y) : dark(x, y)));
  const halves = enclosed(workingPlane(two));
  expect(halves).toContainEqual({ left: 0, top: 0, width: 300, height: 300 });
  expect(halves).toContainEqual({ left: 300, top: 0, width: 300, height: 300 });
  const three = drawn(500, 400, (x, y) =>
    x < 200 ? light(x, y) : y < 150 ? dark(x, y) : 255 - dark(x, y) / 3,
  );
  expect(enclosed(workingPlane(three))).toContainEqual({
    left: 200,
    top: 150,
    width: 300,
    height: 250,
  });
});

test('finds the cells of three columns and rows without gaps', () => {
  const grid = drawn(360, 300, (x, y) =>
    soft(60 + 50 * ((Math.floor(x / 120) + Math.floor(y / 100)) % 3))(x, y),
  );
  const cells = cellsOf(workingPlane(grid));
  expect(cells).toHaveLength(9);
  expect(cells).toContainEqual({ left: 120, top: 200, width: 120, height: 100 });
});

test('finds the square cells of a profile, without the row that is cut off', () => {
  const profile = drawn(360, 500, (x, y) => {
    if (y < 90) return 255;
    return soft(60 + 50 * ((Math.floor(x / 120) + Math.floor((y - 90) / 120)) % 3))(x, y);
  });
  const box = { left: 0, top: 90, width: 360, height: 410 };
  const cells = squareCells(workingPlane(profile), box);
  expect(cells).toHaveLength(9);
  expect(cells).toContainEqual({ left: 240, top: 330, width: 120, height: 120 });
  // One photo is no grid.
  const whole = workingPlane(drawn(360, 360, soft(120)));
  expect(squareCells(whole, { left: 0, top: 0, width: 360, height: 360 })).toEqual([]);
});

test('finds none where there is nothing', () => {
  expect(enclosed(workingPlane(drawn(300, 200, () => 9)))).toEqual([]);
  expect(enclosed(workingPlane(drawn(1, 1, () => 9)))).toEqual([]);
  expect(enclosed(workingPlane(drawn(1, 400, () => 9)))).toEqual([]);
});
