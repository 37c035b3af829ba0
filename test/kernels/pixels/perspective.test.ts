import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  perspectiveGrid,
  perspectiveOf,
  perspectivePixels,
  perspectivePoint,
} from '../../../src/kernels/pixels/perspective.js';
import { pointIn, sampleWithin } from '../../oracles/pixels/perspective.js';
import { sampleAt } from '../../oracles/pixels/plane.js';
import { runs } from '../../seed.js';

const WIDTH = 60;
const HEIGHT = 50;
const luma = Float32Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * i) % 251);
const plane = { luma, width: WIDTH, height: HEIGHT };

type Point = readonly [number, number];

/** Convex ones, in part beyond the plane: a rectangle whose corners move by a fifth of its side. */
const quadrilaterals = fc
  .tuple(
    fc.double({ min: -10, max: 30, noNaN: true }),
    fc.double({ min: -10, max: 30, noNaN: true }),
    fc.double({ min: 8, max: 50, noNaN: true }),
    fc.double({ min: 8, max: 50, noNaN: true }),
    fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 8, maxLength: 8 }),
  )
  .map(([left, top, width, height, by]) =>
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ].map(
      ([x, y], i): Point => [
        left + width * (x! + by[2 * i]!),
        top + height * (y! + by[2 * i + 1]!),
      ],
    ),
  );

test('takes the corners of the square to those of the quadrilateral, and all between', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(quadrilaterals, share, share, (corners, u, v) => {
      const numbers = perspectiveOf(Float64Array.from(corners.flat()));
      const place = perspectivePoint(numbers, u, v);
      const [x, y] = pointIn(corners, u, v);
      expect(place[0]).toBeCloseTo(x, 6);
      expect(place[1]).toBeCloseTo(y, 6);
    }),
  );
});

test('a sample is a tent of 25 taps, each within a twentieth of a pixel of its place', () => {
  const side = 16;
  const out = new Float64Array(side * side);
  fc.assert(
    fc.property(quadrilaterals, fc.constantFrom(0, 1 / 8), (corners, shift) => {
      perspectiveGrid(plane, perspectiveOf(Float64Array.from(corners.flat())), side, shift, out);
      for (const [i, value] of out.entries()) {
        const column = ((i % side) + 0.5 + shift) / side;
        const row = (Math.floor(i / side) + 0.5 + shift) / side;
        const apart = 1 / (5 * side);
        const [least, most] = sampleWithin(plane, corners, [column, row], apart, 0.06);
        expect(value).toBeGreaterThanOrEqual(least - 1e-6);
        expect(value).toBeLessThanOrEqual(most + 1e-6);
      }
    }),
    { numRuns: runs(30) },
  );
});

test('draws the nearest pixels of each plane', () => {
  const planes = [Uint8Array.from(luma), Uint8Array.from(luma, (value) => 255 - value)];
  fc.assert(
    fc.property(quadrilaterals, (corners) => {
      const numbers = perspectiveOf(Float64Array.from(corners.flat()));
      const out = new Uint8Array(2 * 7 * 5);
      perspectivePixels(planes, WIDTH, HEIGHT, { numbers, width: 7, height: 5 }, out);
      for (let i = 0; i < 35; i++) {
        const [x, y] = pointIn(corners, ((i % 7) + 0.5) / 7, (Math.floor(i / 7) + 0.5) / 5);
        // What lies on the line between two pixels may be either.
        const near = [-1e-6, 1e-6].flatMap((dx) =>
          [-1e-6, 1e-6].map((dy) =>
            sampleAt(planes[0]!, plane, Math.floor(x + dx), Math.floor(y + dy)),
          ),
        );
        expect(near).toContain(out[2 * i]);
        expect(out[2 * i + 1]).toBe(255 - out[2 * i]!);
      }
    }),
  );
});
