import sharp from 'sharp';
import { expect, test } from 'vitest';
import { variantPicture } from '../../src/node/variant-picture.js';
import { imagePath } from './fixtures.js';

test('draws a part of the picture as a PNG, no side longer than asked for', async () => {
  const rectangle = { left: 0, top: 0, width: 40, height: 20 };
  const variant = { name: 'box', geometry: { rectangle } } as const;
  const png = await variantPicture(imagePath('rgb.png'), variant, { maxSide: 30 });
  expect(await sharp(png).metadata()).toMatchObject({ format: 'png', width: 30, height: 15 });
});

test('its time covers reading', async () => {
  const stream = new ReadableStream<Uint8Array>();
  const drawing = variantPicture(stream, { name: 'original' }, { timeoutSeconds: 0.05 });
  await expect(drawing).rejects.toMatchObject({ code: 'timeout' });
});
