import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  halve,
  invert,
  reduce,
  reducedLuma,
  turnedPixels,
} from '../../../src/kernels/pixels/plane.js';
import { partOf, viewOf } from '../../../src/variants/view.js';
import { pixelsOf } from '../../arbitraries.js';
import { meanOfSquare, sampleAt } from '../../oracles/pixels/plane.js';
import { runs } from '../../seed.js';

test('a picture of 3 x 3 at scale 2: its last row and column count twice in the luma', () => {
  const data = Uint8Array.of(0, 10, 20, 30, 40, 50, 60, 70, 80);
  const red = new Uint8Array(4);
  const luma = new Float32Array(4);
  const view = viewOf({ data, width: 3, height: 3, channels: 1 });
  reduce(data, 1, view, 2, { luma, red, green: red, blue: red });
  expect([...red]).toEqual([0, 20, 60, 80]);
  expect([...luma].map(Math.round)).toEqual([20, 35, 65, 80]);
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
      reduce(data, channels, viewOf(pixels), scale, { luma, red, green, blue });
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
        const near = Math.floor((scale - 1) / 4);
        const first = [0, 1, 2].map((channel) =>
          sampleAt(
            data,
            pixels,
            scale * (at % columns) + near,
            scale * Math.floor(at / columns) + near,
            channels < 3 ? 0 : channel,
          ),
        );
        expect([red[at], green[at], blue[at]]).toEqual(first);
        expect(luma[at]).toBeCloseTo(0.299 * r + 0.587 * g + 0.114 * b, 3);
      }
    }),
    { numRuns: runs(60) },
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

test('the luma of a part is that of a picture of its own', () => {
  const case_ = fc.record({
    pixels: pixelsOf(20),
    shares: fc.array(fc.nat({ max: 99 }), { minLength: 4, maxLength: 4 }),
    scale: fc.integer({ min: 1, max: 5 }),
  });
  fc.assert(
    fc.property(case_, ({ pixels, shares, scale }) => {
      const { data, width: stride, height: all, channels } = pixels;
      const [left, top] = [Math.floor((shares[0]! * stride) / 100), ((shares[1]! * all) / 100) | 0];
      const width = 1 + Math.floor((shares[2]! * (stride - left - 1)) / 100);
      const height = 1 + Math.floor((shares[3]! * (all - top - 1)) / 100);
      const part = new Uint8Array(width * height * channels);
      for (let y = 0; y < height; y++) {
        const from = ((top + y) * stride + left) * channels;
        part.set(data.subarray(from, from + width * channels), y * width * channels);
      }
      const count = Math.ceil(width / scale) * Math.ceil(height / scale);
      const [luma, expected] = [new Float32Array(count), new Float32Array(count)];
      const red = new Uint8Array(count);
      const lay = partOf(viewOf(pixels), { left, top, width, height });
      reducedLuma(data, channels, lay, scale, luma);
      const own = viewOf({ data: part, width, height, channels });
      reduce(part, channels, own, scale, { luma: expected, red, green: red, blue: red });
      for (let at = 0; at < count; at++) expect(luma[at]).toBeCloseTo(expected[at]!, 3);
    }),
    { numRuns: runs(60) },
  );
});

test('halves a plane: means of two by two, and the last row and column again', () => {
  const halved = new Float32Array(4);
  halve(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9), 3, 3, halved);
  expect([...halved]).toEqual([3, 4.5, 7.5, 9]);
  const one = new Float32Array(1);
  halve(Float32Array.of(7), 1, 1, one);
  expect([...one]).toEqual([7]);
});

test('inverts colours twice to the same, and never alpha', () => {
  fc.assert(
    fc.property(pixelsOf(9), ({ data, channels }) => {
      const [once, twice] = [new Uint8Array(data.length), new Uint8Array(data.length)];
      invert(data, channels, once);
      invert(once, channels, twice);
      expect([...twice]).toEqual([...data]);
      const isAlpha = (at: number) => channels % 2 === 0 && at % channels === channels - 1;
      for (const [at, value] of once.entries()) {
        expect(value).toBe(isAlpha(at) ? data[at]! : 255 - data[at]!);
      }
    }),
    { numRuns: runs(40) },
  );
});
