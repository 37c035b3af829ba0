import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { edited } from '../../src/formats/image-format.js';
import { webpHeader } from '../../src/formats/webp.js';
import { imagePath } from '../node/fixtures.js';

const read = (file: string) => Uint8Array.from(readFileSync(imagePath(file)));

test('EXIF applies if VP8X declares it, as for sharp', async () => {
  const bytes = read('orientation-6.webp');
  expect(webpHeader(bytes).orientation).toBe(6);
  expect(bytes[20]! & 0x08).toBe(0x08);
  bytes[20]! &= ~0x08;
  expect(webpHeader(bytes).orientation).toBe(1);
  expect((await sharp(bytes).metadata()).orientation).toBeUndefined();
});

test('without its metadata, a file still declares its own length', async () => {
  const bytes = read('orientation-6.webp');
  const trailed = Uint8Array.from([...bytes, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const left = edited(trailed, webpHeader(trailed).edits);
  expect(left.length).toBeLessThan(bytes.length);
  expect(new DataView(left.buffer).getUint32(4, true)).toBe(left.length - 8);
  expect(webpHeader(left)).toMatchObject({ orientation: 1, whole: true });
  expect((await sharp(left).metadata()).exif).toBeUndefined();
});

test('counts the frames of an animation, which is not plain', () => {
  expect(webpHeader(read('animated.webp'))).toMatchObject({ plain: false, alpha: true, frames: 2 });
  expect(webpHeader(read('lossy.webp'))).toMatchObject({ plain: true, alpha: false, frames: 1 });
});

test('a chunk or file shorter than declared is not whole', () => {
  const bytes = read('animated.webp');
  expect(webpHeader(bytes.subarray(0, -4)).whole).toBe(false);
  // Without VP8X there are no sides then.
  const simple = read('lossy.webp');
  expect(() => webpHeader(simple.subarray(0, -4))).toThrow(
    expect.objectContaining({ code: 'corrupt' }),
  );
});
