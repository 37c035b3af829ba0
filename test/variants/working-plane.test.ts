import { expect, test } from 'vitest';
import { planeOfPart, shared, workingPlane } from '../../src/variants/working-plane.js';
import { drawn, patches } from './pictures.js';

test('luma is centred on 0: its mean, a whole number, is subtracted', () => {
  const { luma, red } = workingPlane(drawn(10, 10, (x) => 20 * x));
  expect([red[0], red[9]]).toEqual([0, 180]);
  expect(luma[0]).toBeCloseTo(-90, 4);
  expect(luma[9]).toBeCloseTo(90, 4);
});

test('the scale of a plane brings it near to 512 x 512, and no side over 4,096', () => {
  for (const [width, height, scale] of [
    [767, 767, 1],
    [769, 769, 2],
    [1155, 866, 2],
    [1080, 2340, 3],
    [4096, 1, 1],
    [4097, 5, 2],
    [7, 8193, 3],
    [3, 12289, 4],
  ] as const) {
    const pixels = { data: new Uint8Array(width * height), width, height, channels: 1 } as const;
    expect(workingPlane(pixels).scale).toBe(scale);
  }
});

test('shared data is computed once for each plane', () => {
  const made: number[] = [];
  const sides = shared(({ width, height }) => {
    made.push(width);
    return { width, height };
  });
  const [one, other] = [workingPlane(patches(30, 20, 1, 3)), workingPlane(patches(40, 20, 1, 3))];
  expect(sides(one)).toBe(sides(one));
  expect(sides(other)).toEqual({ width: 40, height: 20 });
  expect(made).toEqual([30, 40]);
});

test('a part that is small in the plane has a plane of its own, in more detail', () => {
  const pixels = patches(1600, 1200, 3, 9);
  const plane = workingPlane(pixels);
  expect(plane.scale).toBe(3);
  const large = { left: 10, top: 20, width: 900, height: 700 };
  expect(planeOfPart(plane, { rectangle: large })).toBe(plane);
  const rectangle = { left: 1500, top: 7, width: 100, height: 90 };
  const { scale, marginX, marginY, luma, width } = planeOfPart(plane, { rectangle });
  expect({ scale, marginX, marginY, width }).toEqual({
    scale: 1,
    marginX: -1500,
    marginY: -7,
    width: 100,
  });
  const red = pixels.data[3 * (50 * 1600 + 1530)]!;
  const [green, blue] = pixels.data.subarray(3 * (50 * 1600 + 1530) + 1);
  const expected = 0.299 * red + 0.587 * green! + 0.114 * blue!;
  expect(luma[43 * width + 30]).toBeCloseTo(expected, 3);
});
