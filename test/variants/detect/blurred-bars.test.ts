import fc from 'fast-check';
import { expect, test } from 'vitest';
import { betweenBlurredBars } from '../../../src/variants/detect/blurred-bars.js';
import { type WorkingPlane, workingPlane } from '../../../src/variants/working-plane.js';
import { runs } from '../../seed.js';
import { drawn, patches, rectanglesOf } from '../pictures.js';

const between = (plane: WorkingPlane) => rectanglesOf(betweenBlurredBars(plane));

test('finds the picture between two blurred bars, vertical or horizontal', () => {
  fc.assert(
    fc.property(fc.integer({ min: 20, max: 120 }), fc.nat(), fc.boolean(), (bar, seed, upright) => {
      const part = patches(220, 220, seed, 4);
      const along = 220 + 2 * bar;
      const picture = drawn(upright ? along : 220, upright ? 220 : along, (x, y, channel) => {
        const place = upright ? x : y;
        const across = upright ? y : x;
        if (place < bar || place >= bar + 220) return 110 + 40 * Math.sin(place / 50 + across / 60);
        const [column, row] = upright ? [x - bar, y] : [x, y - bar];
        return part.data[3 * (row * 220 + column) + channel]!;
      });
      const found = between(workingPlane(picture));
      const errors = found.map(({ left, top, width, height }) =>
        Math.max(
          Math.abs((upright ? left : top) - bar),
          Math.abs((upright ? width : height) - 220),
        ),
      );
      expect(Math.min(...errors)).toBeLessThanOrEqual(2);
    }),
    { numRuns: runs(30) },
  );
});

test('finds none in a picture that is rough everywhere, or nowhere', () => {
  expect(between(workingPlane(patches(300, 200, 1, 3)))).toEqual([]);
  expect(between(workingPlane(drawn(300, 200, () => 9)))).toEqual([]);
  expect(between(workingPlane(drawn(1, 1, () => 9)))).toEqual([]);
  expect(between(workingPlane(drawn(9, 2, (x) => x)))).toEqual([]);
});
