import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitTurn } from '../../../src/variants/detect/turn-fit.js';
import { type WorkingPlane, workingPlane } from '../../../src/variants/working-plane.js';
import { runs } from '../../seed.js';
import { drawn, patches, turned } from '../pictures.js';

const turnOf = (plane: WorkingPlane) => [...fitTurn(plane)][0]?.geometry;

test('finds any picture it can, to 3 pixels a side and 3 along the longer one', () => {
  const side = fc.integer({ min: 64, max: 420 });
  // No side is under a seventh of the other: at 15 degrees it is 0.35 of the canvas's.
  const other = fc.integer({ min: 0, max: 1000 });
  fc.assert(
    fc.property(
      side.chain((longer) =>
        other.map((share) => {
          const least = Math.max(64, Math.ceil(longer / 7));
          return [longer, least + Math.round(((longer - least) * share) / 1000)] as const;
        }),
      ),
      fc.integer({ min: 100, max: 1500 }).map((hundredths) => hundredths / 100),
      fc.boolean(),
      fc.boolean(),
      fc.nat(),
      ([longer, shorter], degrees, upright, clockwise, seed) => {
        const [width, height] = upright ? [shorter, longer] : [longer, shorter];
        const angle = clockwise ? degrees : -degrees;
        const found = turnOf(workingPlane(turned(patches(width, height, seed), angle)));
        const radians = (Math.abs(found!.angle! - angle) * Math.PI) / 180;
        expect(radians * longer).toBeLessThanOrEqual(3);
        expect(Math.abs(found!.rectangle.width - width)).toBeLessThanOrEqual(3);
        expect(Math.abs(found!.rectangle.height - height)).toBeLessThanOrEqual(3);
      },
    ),
    { numRuns: runs(100) },
  );
});

test('finds nothing where there is nothing', () => {
  expect(turnOf(workingPlane(patches(300, 200, 5)))).toBeUndefined();
  expect(turnOf(workingPlane(drawn(300, 200, () => 0)))).toBeUndefined();
  expect(turnOf(workingPlane(drawn(3, 2, () => 0)))).toBeUndefined();
  // An upright photo in a frame is not turned.
  const framed = drawn(300, 200, (x, y) =>
    x < 20 || y < 20 || x >= 280 || y >= 180 ? 255 : (x * y) % 200,
  );
  expect(turnOf(workingPlane(framed))).toBeUndefined();
});
