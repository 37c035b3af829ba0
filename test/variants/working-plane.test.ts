import fc from 'fast-check';
import { expect, test } from 'vitest';
import { channelsOf, type Pixels } from '../../src/pixels.js';
import { workingPlane } from '../../src/variants/working-plane.js';
import { pixelsOf } from '../arbitraries.js';
import { drawn, patches } from './pictures.js';

/** Mean of a channel over the pixels that one pixel of the plane stands for. */
function mean(
  pixels: Pixels,
  scale: number,
  x: number,
  y: number,
  channel: number,
  step = 1,
): number {
  const channels = channelsOf(pixels);
  let sum = 0;
  let count = 0;
  for (let row = y * scale; row < Math.min((y + 1) * scale, pixels.height); row += step) {
    for (let column = x * scale; column < Math.min((x + 1) * scale, pixels.width); column += step) {
      sum += pixels.data[(row * pixels.width + column) * channels + (channels < 3 ? 0 : channel)]!;
      count++;
    }
  }
  return sum / count;
}

function expectMeans(pixels: Pixels, step: number) {
  const { width, height, scale, luma, red, green, blue } = workingPlane(pixels);
  let wrong = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b] = [0, 1, 2].map((channel) => mean(pixels, scale, x, y, channel, step));
      const at = y * width + x;
      if (red[at] !== Math.floor(r! + 0.5) || green[at] !== Math.floor(g! + 0.5)) wrong++;
      if (blue[at] !== Math.floor(b! + 0.5)) wrong++;
      if (Math.abs(luma[at]! - (0.299 * r! + 0.587 * g! + 0.114 * b!)) > 1e-4) wrong++;
    }
  }
  expect(wrong).toBe(0);
}

test('up to 1,535 pixels a side it has the pixels themselves', () => {
  fc.assert(
    fc.property(pixelsOf(12), (pixels) => {
      const before = pixels.data.slice();
      expectMeans(pixels, 1);
      expect(pixels.data).toEqual(before);
    }),
  );
});

test('of a larger picture, the means of squares', () => {
  for (const [width, height, scale] of [
    [1535, 3, 1],
    [1536, 3, 2],
    [1601, 7, 2],
    [5, 3001, 3],
  ] as const) {
    const pixels = patches(width, height, width, 3);
    expect(workingPlane(pixels).scale).toBe(scale);
    expectMeans(pixels, 1);
  }
});

test('from four on, of every second pixel of every second row', () => {
  const pixels = patches(4001, 11, 1, 3);
  expect(workingPlane(pixels).scale).toBe(4);
  expectMeans(pixels, 2);
});

test('the mean of luma', () => {
  expect(workingPlane(drawn(10, 10, (x) => 20 * x)).mean).toBeCloseTo(90, 4);
});
