import { expect, test } from 'vitest';
import { withMargins } from '../../src/variants/margins.js';
import { workingPlane } from '../../src/variants/working-plane.js';
import { drawn, patches } from './pictures.js';

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

test('each pixel of a margin is the mean of the border as wide as it lies away, faded', () => {
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

test('around a picture of one colour there is nothing else', () => {
  const { luma } = withMargins(workingPlane(drawn(30, 20, () => 77)));
  expect(luma.every((value) => value === 0)).toBe(true);
});
