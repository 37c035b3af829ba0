import sharp from 'sharp';
import { expect, test } from 'vitest';
import { variantPicture } from '../../../src/node/report/variant-picture.js';
import { imagePath } from '../fixtures.js';

test('draws a part of the picture as a PNG, no side longer than requested', async () => {
  const rectangle = { left: 0, top: 0, width: 40, height: 20 };
  const variant = { name: 'box', geometry: { rectangle } } as const;
  const png = await variantPicture(imagePath('rgb.png'), variant, { maxSide: 30 });
  expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 30, height: 15 });
});

test('draws a tilted part upright', async () => {
  const rectangle = { left: 0, top: 0, width: 40, height: 30 };
  const corners = [
    [4, 0],
    [40, 3],
    [36, 30],
    [0, 27],
  ] as const;
  const variant = { name: 'quadrilateral', geometry: { rectangle, corners } } as const;
  const png = await variantPicture(imagePath('rgb.png'), variant);
  expect(await sharp(png).metadata()).toMatchObject({ width: 36, height: 27 });
});

test.each([
  [[]],
  [[1, 2, 3, 4]],
  [[[0, 0], [1, 0], [1, 1], [0]]],
  ['four'],
  [
    [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, Number.NaN],
    ],
  ],
])('refuses corners that are not four points: %j', async (corners) => {
  const rectangle = { left: 0, top: 0, width: 9, height: 9 };
  const variant = { name: 'quadrilateral', geometry: { rectangle, corners } } as never;
  await expect(variantPicture(imagePath('rgb.png'), variant)).rejects.toThrow(TypeError);
});

test('the timeout includes reading', async () => {
  const stream = new ReadableStream<Uint8Array>();
  const drawing = variantPicture(stream, { name: 'original' }, { timeoutSeconds: 0.05 });
  await expect(drawing).rejects.toMatchObject({ code: 'timeout' });
});
