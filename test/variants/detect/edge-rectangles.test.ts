import { expect, test } from 'vitest';
import { edgeRectangles } from '../../../src/variants/detect/edge-rectangles.js';
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

test('finds none where there is nothing', () => {
  expect(enclosed(workingPlane(drawn(300, 200, () => 9)))).toEqual([]);
  expect(enclosed(workingPlane(drawn(1, 1, () => 9)))).toEqual([]);
  expect(enclosed(workingPlane(drawn(1, 400, () => 9)))).toEqual([]);
});
