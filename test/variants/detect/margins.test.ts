import { expect, test } from 'vitest';
import { distance } from '../../../src/hash.js';
import { pdqRegion } from '../../../src/hashing/pdq-region.js';
import { withMargins } from '../../../src/variants/detect/margins.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { drawn, patches } from '../pictures.js';

const mean = (values: Float32Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

test('keeps the picture, less its mean, and adds a quarter of its sides around it', () => {
  const plane = workingPlane(patches(203, 101, 5));
  const before = plane.luma.slice();
  const wide = withMargins(plane);
  expect(wide).toMatchObject({ scale: 1, marginX: 51, marginY: 26, width: 305, height: 153 });
  const middle = mean(plane.luma);
  for (let y = 0; y < 101; y++) {
    for (let x = 0; x < 203; x++) {
      const kept = wide.luma[(y + 26) * 305 + 51 + x]!;
      expect(Math.abs(kept - (plane.luma[y * 203 + x]! - middle))).toBeLessThan(1e-3);
    }
  }
  expect(plane.luma).toEqual(before);
});

test('each margin pixel is a faded mean of the border, as wide as its distance', () => {
  const plane = workingPlane(patches(60, 80, 9, 7));
  const { luma, width, marginX, marginY } = withMargins(plane);
  const middle = mean(plane.luma);
  for (const [away, y] of [
    [1, 40],
    [3, 12],
    [6, 79],
    [15, 0],
  ] as const) {
    const near: number[] = [];
    for (let i = Math.max(0, y - away); i <= Math.min(79, y + away); i++) near.push(i);
    const border = (x: number) =>
      near.reduce((sum, i) => sum + plane.luma[i * 60 + x]! - middle, 0) / near.length;
    const left = 1 - away / 15;
    const row = (y + marginY) * width + marginX;
    expect(luma[row - away]).toBeCloseTo(left * border(0), 3);
    expect(luma[row + 59 + away]).toBeCloseTo(left * border(59), 3);
  }
});

test('ends at the mean of the part', () => {
  const plane = workingPlane(patches(90, 70, 2));
  const { luma, width } = withMargins(plane, { left: 20, top: 5, width: 41, height: 33 });
  for (let x = 0; x < width; x++)
    expect([luma[x], luma.at(-1 - x)].map((value) => Math.abs(value!))).toEqual([0, 0]);
  // Beside the part itself; the corners are continued from what was continued already.
  for (let y = 9; y < 9 + 33; y++) expect(Math.abs(luma[y * width]!)).toBe(0);
});

test('a part has its place in the picture, also where the plane is reduced', () => {
  const plane = workingPlane(patches(1500, 1100, 3, 40));
  const { scale } = plane;
  expect(scale).toBeGreaterThan(1);
  const part = { left: 101, top: 67, width: 301, height: 203 };
  const wide = withMargins(plane, part);
  const rectangle = {
    left: scale * part.left,
    top: scale * part.top,
    width: scale * part.width,
    height: scale * part.height,
  };
  const { hash } = pdqRegion(wide, { rectangle }, 512);
  // What lies beyond the part counts a little along its sides.
  expect(distance(hash, pdqRegion(plane, { rectangle }, 512).hash)).toBeLessThanOrEqual(10);
});

test('parts of a pixel, of a line, and of one colour', () => {
  const plane = workingPlane(drawn(1300, 20, () => 77));
  for (const [width, height] of [
    [1, 1],
    [1300, 1],
    [1, 20],
    [1300, 20],
  ] as const) {
    const { luma, ...sides } = withMargins(plane, { left: 0, top: 0, width, height });
    expect(luma).toHaveLength(sides.width * sides.height);
    expect(luma.every((value) => value === 0)).toBe(true);
  }
});
