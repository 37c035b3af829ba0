import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backgroundBoxes } from '../../src/variants/background-boxes.js';
import { workingPlane } from '../../src/variants/working-plane.js';
import { drawn, laidOn, patches } from './pictures.js';

const WHITE = [255, 255, 255] as const;

test('finds a photo on a background to the pixel', () => {
  const place = fc.record({
    width: fc.integer({ min: 100, max: 200 }),
    height: fc.integer({ min: 100, max: 200 }),
    left: fc.integer({ min: 8, max: 90 }),
    top: fc.integer({ min: 8, max: 90 }),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(place, ({ width, height, left, top, seed }) => {
      const part = patches(width, height, seed);
      const plane = workingPlane(laidOn(part, 300, 300, left, top, WHITE));
      expect(backgroundBoxes(plane)).toEqual([{ left, top, width, height }]);
    }),
    { numRuns: 40 },
  );
});

test('finds the cells of a collage with gaps, at most as many as told', () => {
  let canvas = drawn(430, 430, () => 255);
  for (const [left, top] of [
    [10, 10],
    [220, 10],
    [10, 220],
    [220, 220],
  ] as const) {
    const part = patches(200, 200, left * top);
    const before = canvas;
    canvas = drawn(430, 430, (x, y, channel) => {
      const inside = x >= left && y >= top && x < left + 200 && y < top + 200;
      const source = inside ? part : before;
      const at = inside ? (y - top) * 200 + x - left : y * 430 + x;
      return source.data[3 * at + channel]!;
    });
  }
  const boxes = backgroundBoxes(workingPlane(canvas));
  expect(boxes).toHaveLength(4);
  expect(boxes).toContainEqual({ left: 220, top: 10, width: 200, height: 200 });
  expect(backgroundBoxes(workingPlane(canvas), 2)).toHaveLength(2);
});

test('finds none on a picture without a background, or of nothing else', () => {
  const next = patches(200, 200, 9, 2);
  expect(backgroundBoxes(workingPlane(next))).toEqual([]);
  expect(backgroundBoxes(workingPlane(drawn(200, 200, () => 3)))).toEqual([]);
  expect(backgroundBoxes(workingPlane(drawn(2, 3, () => 3)))).toEqual([]);
});
