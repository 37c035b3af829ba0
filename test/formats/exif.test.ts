import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { exifOrientation } from '../../src/formats/image-format.js';
import { block } from './exif-block.js';

test('the orientation of either byte order', () => {
  for (const little of [false, true]) {
    for (let value = 1; value <= 8; value++) {
      expect(exifOrientation(block(value, { little }))).toBe(value);
    }
  }
});

test('anything else is 1', () => {
  expect(exifOrientation(block(0))).toBe(1);
  expect(exifOrientation(block(9))).toBe(1);
  expect(exifOrientation(block(6, { tag: 0x0113 }))).toBe(1);
  expect(exifOrientation(block(6, { count: 2 }))).toBe(1);
  expect(exifOrientation(new Uint8Array(0))).toBe(1);
});

test('accepts any integer type and no other, as sharp does', async () => {
  const jpeg = await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const wide = { 1: 0x06_00_00_00, 4: 6, 6: 0x06_00_00_00, 9: 6 } as Record<number, number>;
  for (let kind = 0; kind <= 14; kind++) {
    for (const little of [false, true]) {
      const tiff = block(6, { kind, little });
      const view = new DataView(tiff.buffer);
      // BYTE and SBYTE fill the first byte, LONG and SLONG all four.
      if (wide[kind] !== undefined) view.setUint32(18, wide[kind], little && wide[kind] === 6);
      const body = Buffer.concat([Buffer.from('Exif\0\0'), tiff]);
      const segment = Buffer.concat([Buffer.from([0xff, 0xe1, 0, body.length + 2]), body]);
      const file = Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
      const { orientation = 1 } = await sharp(file).metadata();
      expect([kind, exifOrientation(tiff)]).toEqual([kind, orientation]);
      expect(orientation).toBe([1, 3, 4, 6, 8, 9].includes(kind) ? 6 : 1);
    }
  }
});

test('reads what sharp writes', async () => {
  for (const orientation of [1, 3, 6, 8]) {
    const { exif } = await sharp({
      create: { width: 8, height: 8, channels: 3, background: 'red' },
    })
      .withMetadata({ orientation })
      .jpeg()
      .toBuffer()
      .then((bytes) => sharp(bytes).metadata());
    // Without the six bytes that JPEG puts before it.
    expect(exifOrientation(new Uint8Array(exif!).subarray(6))).toBe(orientation);
  }
});

test('any bytes give 1 to 8, and stay unchanged', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc
      .tuple(fc.nat({ max: 9 }), fc.uint8Array({ maxLength: 26 }), fc.nat({ max: 25 }))
      .map(([value, noise, at]) => {
        const damaged = block(value);
        damaged.set(noise.subarray(0, 26 - at), at);
        return damaged;
      }),
  );
  fc.assert(
    fc.property(bytes, (given) => {
      const before = given.slice();
      const orientation = exifOrientation(given);
      expect(orientation).toBeGreaterThanOrEqual(1);
      expect(orientation).toBeLessThanOrEqual(8);
      expect(given).toEqual(before);
    }),
  );
});
