import { expect, test } from 'vitest';
import { cellGuesses, shapeGuesses } from '../../../src/variants/detect/shape-guesses.js';
import { workingPlane } from '../../../src/variants/working-plane.js';
import { collage, patches, rectanglesOf } from '../pictures.js';

const guesses = (width: number, height: number) =>
  rectanglesOf(shapeGuesses(workingPlane(patches(width, height, 1, 20))));

test('puts a square back into the photos of cameras, lying and upright', () => {
  const places = guesses(300, 300);
  expect(places).toHaveLength(18);
  // 3:2 and 2:3, the square in the middle.
  expect(places).toContainEqual({ left: -75, top: 0, width: 450, height: 300 });
  expect(places).toContainEqual({ left: 0, top: -75, width: 300, height: 450 });
});

test('tries other places after the middle', () => {
  const places = guesses(320, 180);
  expect(places[0]).toEqual({ left: 0, top: -30, width: 320, height: 240 });
  expect(places).toHaveLength(4);
  const aside = places
    .slice(2)
    .map(({ top, height }) => (-top - (height - 180) / 2) / (height - 180));
  expect(aside[0]).toBeCloseTo(-0.25, 1);
  expect(aside[1]).toBeCloseTo(0.25, 1);
});

test('where little was kept, a guess lies within a 28th of the photo of any likely place', () => {
  for (const [width, height, length] of [
    [400, 500, 889],
    [400, 500, 750],
    [400, 500, 667],
    [400, 400, 711],
  ] as const) {
    const places = guesses(width, height).filter(
      (place) => place.height === height && Math.abs(place.width - length) < 3,
    );
    const cut = length - width;
    // The last guess may lie a step from the end of the likely places.
    for (let before = 0.2; before <= 0.8; before += 0.01) {
      const off = Math.min(...places.map(({ left }) => Math.abs(-left - before * cut)));
      expect(off).toBeLessThanOrEqual(0.036 * length + 3);
    }
  }
});

test('leaves alone pictures of no such shape, and is not misled by a rounded side', () => {
  expect(guesses(400, 300)).toEqual([]);
  expect(guesses(300, 200)).toEqual([]);
  expect(guesses(300, 310)).toEqual([]);
  expect(guesses(300, 304)).toHaveLength(18);
});

test('every place holds the picture and keeps one of its sides', () => {
  for (const [width, height] of [
    [1, 1],
    [160, 90],
    [9, 16],
    [161, 201],
  ] as const) {
    for (const { left, top, width: w, height: h } of guesses(width, height)) {
      expect(left <= 0 && top <= 0 && left + w >= width && top + h >= height).toBe(true);
      expect(w === width || h === height).toBe(true);
    }
  }
});

test('puts the square cells of a collage back, the first guess for all before the second', () => {
  const cells = [0, 1].map((at) => [patches(150, 150, at), 10 + 160 * at, 10] as const);
  const places = rectanglesOf(cellGuesses(workingPlane(collage(330, 170, [255, 255, 255], cells))));
  expect(places).toHaveLength(8);
  // Between 4:3 and 3:2, lying; then 16:9.
  for (const at of [0, 1]) {
    const left = Math.min(places[0]!.left, places[1]!.left) + 160 * at;
    expect(places.slice(0, 2)).toContainEqual({ left, top: 10, width: 212, height: 150 });
  }
  expect(places.slice(4).map(({ width, height }) => Math.max(width, height))).toEqual([
    266, 266, 266, 266,
  ]);
});

test('leaves alone the cells of other shapes', () => {
  const cells = [0, 1].map((at) => [patches(150, 100, at), 10 + 160 * at, 10] as const);
  const canvas = collage(330, 120, [255, 255, 255], cells);
  expect([...cellGuesses(workingPlane(canvas))]).toEqual([]);
});
