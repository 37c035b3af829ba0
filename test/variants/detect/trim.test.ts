import fc from 'fast-check';
import { expect, test } from 'vitest';
import { trim } from '../../../src/variants/detect/trim.js';
import { type WorkingPlane, workingPlane } from '../../../src/variants/working-plane.js';
import { runs } from '../../seed.js';
import { drawn, laidOn, patches, rectanglesOf } from '../pictures.js';

const trimmed = (plane: WorkingPlane) => rectanglesOf(trim(plane));

const border = fc.integer({ min: 0, max: 40 });
const byte = fc.integer({ min: 0, max: 255 });

test('finds a border of any colour and widths exactly', () => {
  fc.assert(
    fc.property(
      fc.tuple(border, border, border, border),
      // Patches have values of 40…167, further off than a border may vary.
      fc.tuple(fc.constantFrom(0, 8, 250), byte, byte),
      fc.nat(),
      ([left, top, right, bottom], colour, seed) => {
        const part = patches(140, 120, seed);
        const width = 140 + left + right;
        const height = 120 + top + bottom;
        const plane = workingPlane(laidOn(part, width, height, left, top, colour));
        const found = trimmed(plane);
        if (left + top + right + bottom === 0) return expect(found).toEqual([]);
        expect(found[0]).toEqual({ left, top, width: 140, height: 120 });
        for (const { left: l, top: t, width: w, height: h } of found) {
          expect(l).toBeLessThanOrEqual(left);
          expect(t).toBeLessThanOrEqual(top);
          expect(l + w).toBeGreaterThanOrEqual(left + 140);
          expect(t + h).toBeGreaterThanOrEqual(top + 120);
        }
      },
    ),
    { numRuns: runs(60) },
  );
});

test('also gives equal borders: opposite ones, then all four', () => {
  const plane = workingPlane(laidOn(patches(100, 100, 1), 170, 160, 20, 25, [0, 0, 0]));
  expect(trimmed(plane)).toEqual([
    { left: 20, top: 25, width: 100, height: 100 },
    { left: 20, top: 25, width: 130, height: 110 },
    { left: 20, top: 20, width: 130, height: 120 },
  ]);
});

test('tolerates two pixels in a hundred, no more', () => {
  const noisy = (strangers: number) =>
    drawn(100, 100, (x, y, channel) => {
      if (y >= 10) return 40 + ((x * 7 + y * 13 + channel) % 128);
      return x < strangers ? 200 : 0;
    });
  expect(trimmed(workingPlane(noisy(2)))[0]?.top).toBe(10);
  expect(trimmed(workingPlane(noisy(3)))).toEqual([]);
});

test('a picture of one colour has no border', () => {
  expect(trimmed(workingPlane(drawn(50, 40, () => 7)))).toEqual([]);
});

test('finds the border of a large picture to the pixel', () => {
  const plane = workingPlane(laidOn(patches(1900, 1700, 3, 40), 2000, 1801, 37, 58, [0, 0, 0]));
  expect(plane.scale).toBe(4);
  expect(trimmed(plane)[0]).toEqual({ left: 37, top: 58, width: 1900, height: 1700 });
});
