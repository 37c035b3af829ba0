import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uncropped, uncroppedBy, unturnedCropped } from '../../../src/variants/detect/blind.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { patches } from '../pictures.js';

const part = fc.integer({ min: 0, max: 200 }).map((thousandths) => thousandths / 1000);
const side = fc.integer({ min: 100, max: 5000 });

test('restores the sides and the place of the uncropped photo', () => {
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

test('undoes cuts and turns in the order given, but no turn of a strip', () => {
  const namesOf = (width: number) =>
    Array.from(
      uncroppedBy('+2.5 4000 -1')(workingPlane(patches(width, 30, 1))),
      ({ name }) => name,
    );
  expect(namesOf(300)).toEqual(['unturnCropped', 'uncrop', 'unturnCropped']);
  expect(namesOf(301)).toEqual(['uncrop']);
});
