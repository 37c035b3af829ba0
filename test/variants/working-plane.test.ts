import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CheckedPixels } from '../../src/pixels.js';
import { workingPlane } from '../../src/variants/working-plane.js';
import { pixelsOf } from '../arbitraries.js';
import { meanOfSquare } from '../oracles/plane.js';
import { drawn, patches } from './pictures.js';

function expectMeans(pixels: CheckedPixels) {
  const { width, height, scale, luma, red, green, blue } = workingPlane(pixels);
  let wrong = 0;
  let offset: number | undefined;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b] = [0, 1, 2].map((channel) =>
        meanOfSquare(pixels.data, pixels, scale, x, y, pixels.channels < 3 ? 0 : channel),
      );
      const at = y * width + x;
      if (red[at] !== Math.floor(r! + 0.5) || green[at] !== Math.floor(g! + 0.5)) wrong++;
      if (blue[at] !== Math.floor(b! + 0.5)) wrong++;
      const less = 0.299 * r! + 0.587 * g! + 0.114 * b! - luma[at]!;
      offset ??= Math.round(less);
      if (Math.abs(less - offset) > 1e-4) wrong++;
    }
  }
  expect(wrong).toBe(0);
}

test('up to 1,535 pixels a side it contains the pixels themselves', () => {
  fc.assert(
    fc.property(pixelsOf(12), (pixels) => {
      const before = pixels.data.slice();
      expectMeans(pixels);
      expect(pixels.data).toEqual(before);
    }),
  );
});

test('of a larger picture it contains the means of four pixels of each square', () => {
  for (const [width, height, scale] of [
    [1535, 3, 1],
    [1536, 3, 2],
    [1601, 7, 2],
    [5, 3001, 3],
    [4001, 11, 4],
    [3, 5119, 5],
  ] as const) {
    const pixels = patches(width, height, width, 3);
    expect(workingPlane(pixels).scale).toBe(scale);
    expectMeans(pixels);
  }
});

test('luma is centred on 0: its mean, a whole number, is subtracted', () => {
  const { luma } = workingPlane(drawn(10, 10, (x) => 20 * x));
  expect(luma[0]).toBeCloseTo(-90, 4);
  expect(luma[9]).toBeCloseTo(90, 4);
});
