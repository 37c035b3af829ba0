import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  uncropped,
  uncut,
  unturnedCropped,
  withMargins,
} from '../../../src/variants/detect/blind.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { drawn, patches } from '../pictures.js';

const part = fc.integer({ min: 0, max: 200 }).map((thousandths) => thousandths / 1000);
const side = fc.integer({ min: 100, max: 5000 });

test('restores the sides and the place of what was cut', () => {
  fc.assert(
    fc.property(side, side, part, part, part, part, (width, height, left, top, right, bottom) => {
      const x = Math.round(left * width);
      const y = Math.round(top * height);
      const keptWidth = width - x - Math.round(right * width);
      const keptHeight = height - y - Math.round(bottom * height);
      const { rectangle } = uncropped(keptWidth, keptHeight, [left, top, right, bottom]);
      expect(Math.abs(rectangle.left + x)).toBeLessThanOrEqual(2);
      expect(Math.abs(rectangle.top + y)).toBeLessThanOrEqual(2);
      expect(Math.abs(rectangle.width - width)).toBeLessThanOrEqual(3);
      expect(Math.abs(rectangle.height - height)).toBeLessThanOrEqual(3);
    }),
  );
});

test('the corners of a straightened crop lie on the sides of the turned photo', () => {
  fc.assert(
    fc.property(
      side,
      side,
      fc.double({ min: -15, max: 15, noNaN: true }),
      (width, height, angle) => {
        const { rectangle } = unturnedCropped(width, height, angle);
        const radians = (angle * Math.PI) / 180;
        let inside = 0;
        for (const [x, y] of [
          [1, 1],
          [1, -1],
        ] as const) {
          // In the photo's own axes, in units of its half sides: 1 is on a side.
          const u =
            (x * width * Math.cos(radians) + y * height * Math.sin(radians)) / rectangle.width;
          const v =
            (y * height * Math.cos(radians) - x * width * Math.sin(radians)) / rectangle.height;
          inside = Math.max(inside, Math.abs(u), Math.abs(v));
        }
        expect(inside).toBeGreaterThan(1 - 0.02);
        expect(inside).toBeLessThan(1 + 0.02);
      },
    ),
  );
});

test('undoes cuts and turns in the order told, but no turn of a strip', () => {
  const namesOf = (width: number) =>
    Array.from(uncut('+2.5 4000 -1')(workingPlane(patches(width, 30, 1))), ({ name }) => name);
  expect(namesOf(300)).toEqual(['unturnCropped', 'uncrop', 'unturnCropped']);
  expect(namesOf(301)).toEqual(['uncrop']);
});

test('keeps the plane and adds a tenth of its sides around it', () => {
  const plane = workingPlane(patches(203, 101, 5));
  const before = plane.luma.slice();
  const wide = withMargins(plane);
  expect(wide).toMatchObject({ marginX: 21, marginY: 11, width: 245, height: 123 });
  for (let y = 0; y < 101; y++) {
    const start = (y + 11) * 245 + 21;
    const row = wide.luma.subarray(start, start + 203);
    expect(row).toEqual(before.subarray(y * 203, (y + 1) * 203));
  }
  expect(plane.luma).toEqual(before);
});

test('each margin pixel is a faded mean of the border, as wide as its distance', () => {
  const plane = workingPlane(patches(60, 80, 9, 7));
  const { luma, width, marginX, marginY } = withMargins(plane);
  for (const [away, y] of [
    [1, 40],
    [3, 12],
    [6, 79],
    [2, 0],
  ] as const) {
    const near: number[] = [];
    for (let i = Math.max(0, y - away); i <= Math.min(79, y + away); i++) near.push(i);
    const mean = (x: number) =>
      near.reduce((sum, i) => sum + plane.luma[i * 60 + x]!, 0) / near.length;
    const fade = Math.exp(-away / (0.12 * 60));
    const row = (y + marginY) * width + marginX;
    expect(luma[row - away]).toBeCloseTo(fade * mean(0), 4);
    expect(luma[row + 59 + away]).toBeCloseTo(fade * mean(59), 4);
  }
});

test('the margin of a picture of one colour has the same colour', () => {
  const { luma } = withMargins(workingPlane(drawn(30, 20, () => 77)));
  expect(luma.every((value) => value === 0)).toBe(true);
});
