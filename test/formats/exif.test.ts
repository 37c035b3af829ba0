import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { exifOrientation } from '../../src/formats/exif.js';
import { pngHeader } from '../../src/formats/png.js';
import { chunk, header, pngOf } from '../browser/png-file.js';

/** A TIFF header and a directory with one entry. */
function block(
  value: number,
  { little = false, tag = 0x0112, kind = 3, count = 1 } = {},
): Uint8Array {
  const view = new DataView(new ArrayBuffer(26));
  view.setUint16(0, little ? 0x4949 : 0x4d4d);
  view.setUint16(2, 42, little);
  view.setUint32(4, 8, little);
  view.setUint16(8, 1, little);
  view.setUint16(10, tag, little);
  view.setUint16(12, kind, little);
  view.setUint32(14, count, little);
  view.setUint16(18, value, little);
  return new Uint8Array(view.buffer);
}

test('the orientation of either byte order', () => {
  for (const little of [false, true]) {
    for (let value = 1; value <= 8; value++) {
      expect(exifOrientation(block(value, { little }))).toBe(value);
    }
  }
});

test('of a PNG the first before the picture counts, as for sharp', async () => {
  const [six, three] = [chunk('eXIf', block(6)), chunk('eXIf', block(3))];
  const [head, ...rest] = [
    chunk('IHDR', header({ width: 1, height: 1, depth: 8, type: 0 })),
    chunk('IDAT', deflateSync(Uint8Array.of(0, 0))),
    chunk('IEND'),
  ];
  for (const [chunks, orientation] of [
    [[head, six, three, ...rest], 6],
    [[head, rest[0], six, rest[1]], 1],
  ] as [Uint8Array[], number][]) {
    const file = pngOf(chunks);
    expect((await sharp(file).metadata()).orientation ?? 1).toBe(orientation);
    expect(pngHeader(file).orientation).toBe(orientation);
  }
});

test('what is none is 1', () => {
  expect(exifOrientation(block(0))).toBe(1);
  expect(exifOrientation(block(9))).toBe(1);
  expect(exifOrientation(block(6, { tag: 0x0113 }))).toBe(1);
  expect(exifOrientation(block(6, { kind: 2 }))).toBe(1);
  expect(exifOrientation(block(6, { count: 2 }))).toBe(1);
  expect(exifOrientation(new Uint8Array(0))).toBe(1);
});

test('as sharp writes it', async () => {
  for (const orientation of [1, 3, 6, 8]) {
    const { exif } = await sharp({
      create: { width: 8, height: 8, channels: 3, background: 'red' },
    })
      .withMetadata({ orientation })
      .jpeg()
      .toBuffer()
      .then((bytes) => sharp(bytes).metadata());
    // Without the six letters that JPEG puts before it.
    expect(exifOrientation(new Uint8Array(exif!).subarray(6))).toBe(orientation);
  }
});

test('any bytes give 1 to 8, and are left as they were', () => {
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
