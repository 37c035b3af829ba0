import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  placeOnLine,
  soften,
  softGrid,
  turnedGrid,
  uprightGrid,
} from '../../../src/kernels/pixels/tent-grid.js';
import { between, softened } from '../../oracles/pixels/tent-grid.js';
import { runs } from '../../seed.js';

const sides = fc.record({
  width: fc.integer({ min: 1, max: 12 }),
  height: fc.integer({ min: 1, max: 12 }),
  seed: fc.integer({ min: 1, max: 999 }),
});
const planeOf = ({ width, height, seed }: { width: number; height: number; seed: number }) => ({
  width,
  height,
  luma: Float32Array.from({ length: width * height }, (_, i) => (seed * (i + 7) ** 2) % 251),
});
const places = fc
  .tuple(fc.integer({ min: -90, max: 190 }), fc.integer({ min: -40, max: 40 }))
  .map(([start, step]) =>
    Float64Array.from({ length: 64 }, (_, i) => start / 13 + (i * step) / 64),
  );

function axisOf(at: Float64Array, length: number) {
  const axis = {
    before: new Int32Array(64),
    after: new Int32Array(64),
    share: new Float64Array(64),
  };
  placeOnLine(at, length, axis);
  return axis;
}

test('a sample between four pixels mixes them by how near they are', () => {
  const plane = { luma: Float32Array.of(0, 10, 100, 110), width: 2, height: 2 };
  const [across, down] = [0.25, 0.5].map((place) => axisOf(new Float64Array(64).fill(place), 2));
  const out = new Float64Array(4096);
  uprightGrid(plane, across!, down!, out);
  expect(out.every((value) => value === 52.5)).toBe(true);
});

test('upright and turned grids sample as their twin does, and the border outside', () => {
  fc.assert(
    fc.property(sides, places, places, (size, xs, ys) => {
      const plane = planeOf(size);
      const before = plane.luma.slice();
      const [across, down] = [axisOf(xs, size.width), axisOf(ys, size.height)];
      const upright = new Float64Array(4096);
      uprightGrid(plane, across, down, upright);
      const [cosine, sine] = [0.96, -0.28];
      const turned = new Float64Array(4096);
      turnedGrid(plane, { left: 3, top: -1, cosine, sine }, xs, ys, turned);
      for (let at = 0; at < 4096; at += 17) {
        const [x, y] = [xs[at & 63]!, ys[at >> 6]!];
        expect(upright[at]).toBeCloseTo(between(plane, x, y), 3);
        const turnedX = 3 + x * cosine - y * sine;
        const turnedY = -1 + x * sine + y * cosine;
        expect(turned[at]).toBeCloseTo(between(plane, turnedX, turnedY), 3);
      }
      expect(plane.luma).toEqual(before);
    }),
    { numRuns: runs(60) },
  );
});

const kernel = fc.constantFrom([1, 0, 0], [0.5, 0.25, 0], [0.7, 0.15, 0], [0.2, 0.2, 0.2]);

test('samples with softening are those of the softened plane', () => {
  fc.assert(
    fc.property(sides, places, places, kernel, kernel, (size, xs, ys, byX, byY) => {
      const plane = planeOf(size);
      const [across, down] = [axisOf(xs, size.width), axisOf(ys, size.height)];
      const [acrossKernel, downKernel] = [Float64Array.from(byX), Float64Array.from(byY)];
      const direct = new Float64Array(4096);
      softGrid(plane, across, down, acrossKernel, downKernel, direct);
      const soft = new Float32Array(plane.luma.length);
      soften(plane, acrossKernel, downKernel, soft);
      const twin = new Float64Array(4096);
      uprightGrid({ ...plane, luma: soft }, across, down, twin);
      for (let at = 0; at < 4096; at += 17) expect(direct[at]).toBeCloseTo(twin[at]!, 3);
    }),
    { numRuns: runs(100) },
  );
});

test('softens as its twin does, in either direction', () => {
  fc.assert(
    fc.property(sides, kernel, kernel, (size, across, down) => {
      const plane = planeOf(size);
      const out = new Float32Array(plane.luma.length);
      soften(plane, Float64Array.from(across), Float64Array.from(down), out);
      for (let at = 0; at < out.length; at++) {
        const x = at % size.width;
        const y = Math.floor(at / size.width);
        expect(out[at]).toBeCloseTo(softened(plane, across, down, x, y), 3);
      }
    }),
    { numRuns: runs(100) },
  );
});
