import { expect, test } from 'vitest';
import { at } from '../../../bench/robustness/edit.js';
import { placementOf } from '../../../bench/robustness/placement.js';
import type { HashedVariant, VariantGeometry, VariantName } from '../../../src/variant.js';

const hash = { algorithm: 'pdq', bytes: new Uint8Array(32) } as const;
const told = (name: VariantName, geometry?: VariantGeometry): HashedVariant => ({
  name,
  hash,
  ...(geometry && { geometry }),
});
const truth = at(100, 50, 300, 400);

test('no geometry, no placement', () => {
  expect(placementOf(told('original'), truth)).toBeUndefined();
});

test.each([
  [at(100, 50, 300, 400), true, true],
  [at(102, 48, 296, 404), true, true],
  [at(103, 50, 297, 400), false, true],
  // The diagonal is 500: a corner may be 10 pixels away.
  [at(106, 58, 300, 400), false, true],
  [at(110, 50, 300, 401), false, false],
  [at(100, 50, 300, 400, { angle: 0.4 }), false, true],
  [at(100, 50, 300, 400, { dihedral: 'flipY' }), false, false],
])('%j compared with the truth: right %s, near %s', (geometry, right, near) => {
  // Blind and found variants are judged alike.
  for (const name of ['box', 'uncrop'] as const) {
    expect(placementOf(told(name, geometry), truth)).toEqual({ variant: name, right, near });
  }
});

test('a turn is right within half a degree; its corners decide if it is near', () => {
  const turned = at(100, 50, 300, 400, { angle: 4 });
  const answer = (angle: number, left = 100) =>
    placementOf(told('unturn', at(left, 50, 300, 400, { angle })), turned);
  expect(answer(4.5)).toMatchObject({ right: true, near: true });
  expect(answer(4.6)).toMatchObject({ right: false, near: true });
  expect(answer(4, 140)).toMatchObject({ right: true, near: false });
  // Half the diagonal times the angle: 250 * 3 degrees is 13 pixels.
  expect(answer(1)).toMatchObject({ right: false, near: false });
});

test('a tilted part is right if each corner is within 2 pixels', () => {
  const corners = [
    [110, 50],
    [400, 60],
    [390, 450],
    [100, 440],
  ] as const;
  const tilted = { ...at(100, 50, 300, 400), corners };
  const moved = (by: number) => {
    const [a, b, c, [x, y]] = corners;
    return { ...tilted, corners: [a, b, c, [x + by, y]] as const };
  };
  const answer = (by: number) => placementOf(told('quadrilateral', moved(by)), tilted);
  expect(answer(2)).toMatchObject({ right: true, near: true });
  expect(answer(3)).toMatchObject({ right: false, near: true });
  expect(answer(11)).toMatchObject({ right: false, near: false });
  expect(placementOf(told('box', truth), tilted)).toMatchObject({ right: false });
});
