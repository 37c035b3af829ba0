import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reduce, turnedPixels } from '../../src/kernels/plane.js';
import { pixelsOf } from '../arbitraries.js';
import { meanOfSquare, sampleAt } from '../oracles/plane.js';

test('a picture of 3 x 3 at scale 2: its last row and column count twice', () => {
  const data = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70, 80);
  const red = new Uint8Array(4);
  const luma = new Float32Array(4);
  reduce(data, 3, 3, 1, 2, { luma, red, green: red, blue: red });
  expect([...red]).toEqual([20, 35, 65, 80]);
});

test('reduces any picture as its twin does', () => {
  fc.assert(
    fc.property(pixelsOf(20), fc.integer({ min: 1, max: 9 }), (pixels, scale) => {
      const { data, width, height, channels } = pixels;
      const columns = Math.ceil(width / scale);
      const rows = Math.ceil(height / scale);
      const luma = new Float32Array(columns * rows);
      const red = new Uint8Array(luma.length);
      const green = channels < 3 ? red : new Uint8Array(luma.length);
      const blue = channels < 3 ? red : new Uint8Array(luma.length);
      const before = data.slice();
      reduce(data, width, height, channels, scale, { luma, red, green, blue });
      expect(data).toEqual(before);
      for (let at = 0; at < luma.length; at++) {
        const [r, g, b] = [0, 1, 2].map((channel) =>
          meanOfSquare(
            data,
            pixels,
            scale,
            at % columns,
            Math.floor(at / columns),
            channels < 3 ? 0 : channel,
          ),
        ) as [number, number, number];
        expect([red[at], green[at], blue[at]]).toEqual([r, g, b].map((v) => Math.floor(v + 0.5)));
        expect(luma[at]).toBeCloseTo(0.299 * r + 0.587 * g + 0.114 * b, 3);
      }
    }),
    { numRuns: 60 },
  );
});

test('a turned grid takes the nearest pixels, and border pixels outside', () => {
  fc.assert(
    fc.property(
      pixelsOf(9, 1),
      pixelsOf(9, 1),
      fc.integer({ min: -3, max: 12 }),
      fc.integer({ min: -3, max: 12 }),
      fc.constantFrom([1, 0], [0, 1], [-1, 0], [0, -1], [0.8, 0.6], [0.96, -0.28]),
      ({ data, width, height }, { width: across, height: down }, centreX, centreY, turn) => {
        const [cosine, sine] = turn as [number, number];
        const grid = { width: across, height: down, centreX, centreY, cosine, sine };
        const inverted = data.map((value) => 255 - value);
        const out = new Uint8Array(2 * across * down);
        turnedPixels([data, inverted], width, height, grid, out);
        for (let y = 0; y < down; y++) {
          for (let x = 0; x < across; x++) {
            const u = x + 0.5 - across / 2;
            const v = y + 0.5 - down / 2;
            const column = Math.floor(centreX + u * cosine - v * sine);
            const row = Math.floor(centreY + u * sine + v * cosine);
            const value = sampleAt(data, { width, height }, column, row);
            const at = 2 * (y * across + x);
            expect([out[at], out[at + 1]]).toEqual([value, 255 - value]);
          }
        }
      },
    ),
  );
});
