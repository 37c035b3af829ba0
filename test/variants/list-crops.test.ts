import { expect, test } from 'vitest';
import { listCrops } from '../../src/variants/list-crops.js';
import { patches } from './pictures.js';

test('gives nine parts of the picture, each with its place', () => {
  const pixels = patches(200, 100, 1);
  const before = pixels.data.slice();
  const crops = [...listCrops(pixels)];
  expect(crops.map(({ geometry: { rectangle: r } }) => [r.left, r.top, r.width, r.height])).toEqual(
    [
      [3, 2, 194, 96],
      [12, 6, 188, 94],
      [0, 6, 188, 94],
      [0, 0, 188, 94],
      [12, 0, 188, 94],
      [8, 0, 192, 100],
      [0, 4, 200, 96],
      [0, 0, 192, 100],
      [0, 0, 200, 96],
    ],
  );
  for (const { pixels: part, geometry } of crops) {
    const { left, top, width, height } = geometry.rectangle;
    expect([part.width, part.height]).toEqual([width, height]);
    for (const [x, y] of [
      [0, 0],
      [width - 1, height - 1],
    ] as const) {
      const there = 3 * ((top + y) * 200 + left + x);
      const here = 3 * (y * width + x);
      expect([...part.data.slice(here, here + 3)]).toEqual([
        ...pixels.data.slice(there, there + 3),
      ]);
    }
  }
  expect(Buffer.compare(Buffer.from(pixels.data), Buffer.from(before))).toBe(0);
});

test('gives none of a picture that is too small', () => {
  expect([...listCrops(patches(63, 900, 1))]).toEqual([]);
});
