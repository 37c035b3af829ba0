import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cornersIn,
  turnedQuad,
  warpOnto,
} from '../../../../../bench/robustness/copies/drawing/warp.js';
import type { Quad } from '../../../../../bench/robustness/edit.js';
import { blank, type Raster } from '../../../../../bench/robustness/raster.js';
import { patches } from '../../../../variants/pictures.js';

const picture = patches(90, 60, 1) as Raster;

test('onto its own place, it is the same picture', () => {
  const canvas = blank(90, 60, [0, 0, 0]);
  warpOnto(canvas, picture, turnedQuad([45, 30], 90, 60, 0));
  expect(canvas.data.every((value, at) => Math.abs(value - picture.data[at]!) <= 1)).toBe(true);
});

test('a half turn reverses the pixels', () => {
  const canvas = blank(90, 60, [0, 0, 0]);
  warpOnto(canvas, picture, turnedQuad([45, 30], 90, 60, 180));
  for (let pixel = 0; pixel < 90 * 60; pixel++) {
    const other = 90 * 60 - 1 - pixel;
    expect(Math.abs(canvas.data[3 * pixel]! - picture.data[3 * other]!)).toBeLessThanOrEqual(1);
  }
});

/** Convex quadrilaterals about (50, 50). */
const quad = fc.array(fc.integer({ min: -18, max: 18 }), { minLength: 8, maxLength: 8 }).map(
  (by) =>
    [
      [20, 20],
      [80, 20],
      [80, 80],
      [20, 80],
    ].map(([x, y], at) => [x! + by[2 * at]!, y! + by[2 * at + 1]!]) as unknown as Quad,
);

test('corners go to the corners', () => {
  fc.assert(
    fc.property(quad, (corners) => {
      const all = { left: 0, top: 0, width: 90, height: 60 };
      for (const [at, [x, y]] of cornersIn(corners, picture, all).entries()) {
        expect(x).toBeCloseTo(corners[at]![0], 6);
        expect(y).toBeCloseTo(corners[at]![1], 6);
      }
    }),
  );
});

test('a part of the picture is where cornersIn states', () => {
  const spotted: Raster = { ...blank(90, 60, [0, 0, 0]) };
  const spot = { left: 30, top: 20, width: 12, height: 10 };
  for (let y = spot.top; y < spot.top + spot.height; y++) {
    spotted.data.fill(255, 3 * (90 * y + spot.left), 3 * (90 * y + spot.left + spot.width));
  }
  fc.assert(
    fc.property(quad, (corners) => {
      const canvas = blank(100, 100, [0, 0, 0]);
      warpOnto(canvas, spotted, corners);
      const place = cornersIn(corners, spotted, spot);
      const mean = (of: 0 | 1) => place.reduce((sum, point) => sum + point[of], 0) / 4;
      let [weight, x, y] = [0, 0, 0];
      for (let pixel = 0; pixel < 10_000; pixel++) {
        const value = canvas.data[3 * pixel]!;
        weight += value;
        x += value * ((pixel % 100) + 0.5);
        y += value * (Math.floor(pixel / 100) + 0.5);
      }
      expect(Math.hypot(x / weight - mean(0), y / weight - mean(1))).toBeLessThan(1);
    }),
  );
});
