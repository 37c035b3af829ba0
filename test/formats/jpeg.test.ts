import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { edited } from '../../src/formats/image-format.js';
import { jpegHeader } from '../../src/formats/jpeg.js';
import { imagePath } from '../node/fixtures.js';

const read = (file: string) => Uint8Array.from(readFileSync(imagePath(file)));
/** A file with bytes inserted before its second segment, which follows JFIF. */
const withBytes = (file: string, ...put: number[]) => {
  const bytes = read(file);
  return Uint8Array.from([...bytes.subarray(0, 20), ...put, ...bytes.subarray(20)]);
};
const corrupt = expect.objectContaining({ code: 'corrupt' });

test('the first of several EXIF segments applies, as for sharp', async () => {
  const exifOf = (file: string) => {
    const bytes = read(file);
    const at = bytes.findIndex((byte, i) => byte === 0xff && bytes[i + 1] === 0xe1);
    return bytes.subarray(at, at + 2 + bytes[at + 2]! * 256 + bytes[at + 3]!);
  };
  const two = withBytes('orientation-3.jpg', ...exifOf('orientation-6.jpg'));
  const { orientation, edits } = jpegHeader(two);
  expect(orientation).toBe(6);
  expect((await sharp(two).metadata()).orientation).toBe(6);
  // Both are dropped, as one stretch.
  expect(edits.drop).toHaveLength(2);
  expect(jpegHeader(edited(two, edits)).orientation).toBe(1);
});

test('segments are found as libjpeg finds them', async () => {
  for (const [put, whole] of [
    // FF before a marker, and standalone markers.
    [[0xff, 0xff, 0xff], true],
    [[0xff, 0x01, 0xff, 0xd3], true],
    // A segment whose length is too short for itself.
    [[0xff, 0xe5, 0, 0], true],
    // Bytes outside any segment.
    [[0], false],
    [[0xff, 0], false],
    [[0xff, 0xff, 0, 0x12], false],
  ] as const) {
    const bytes = withBytes('baseline.jpg', ...put);
    expect(jpegHeader(bytes), put.join()).toMatchObject({ width: 96, height: 64, whole });
    const strict = await sharp(bytes, { failOn: 'warning' })
      .raw()
      .toBuffer()
      .catch(() => undefined);
    expect(strict !== undefined, put.join()).toBe(whole);
  }
});

test.each<[string, Uint8Array]>([
  ['another beginning', withBytes('baseline.jpg', 0xff, 0xd8)],
  ['an end before the picture', withBytes('baseline.jpg', 0xff, 0xd9)],
  ['no scan', read('baseline.jpg').subarray(0, 300)],
  ['a frame header of no sides', withBytes('baseline.jpg', 0xff, 0xc0, 0, 4, 8, 0)],
])('%s is corrupt', (_, bytes) => {
  expect(() => jpegHeader(bytes)).toThrow(corrupt);
});

test('CMYK is not plain, and a file without an end is not whole', () => {
  expect(jpegHeader(read('cmyk.jpg')).plain).toBe(false);
  expect(jpegHeader(read('grey.jpg')).plain).toBe(true);
  expect(jpegHeader(read('half.jpg'))).toMatchObject({ width: 96, height: 64, whole: false });
});
