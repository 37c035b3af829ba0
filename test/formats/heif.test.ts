import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { heifHeader } from '../../src/formats/heif.js';
import { edited, imageFormatOf } from '../../src/formats/image-format.js';
import { heicPath, imagePath } from '../node/fixtures.js';

const bytesOf = (file: string) =>
  Uint8Array.from(readFileSync(file.endsWith('heic') ? heicPath(file) : imagePath(file)));
const headerOf = (bytes: Uint8Array) =>
  heifHeader(bytes, imageFormatOf(bytes) === 'avif' ? 'avif' : 'heic');
const corrupt = expect.objectContaining({ code: 'corrupt' });

test('a rotation in an AVIF is removed and reported', () => {
  const turns = { 'turned.avif': 6, 'mirrored.avif': 2, 'lossless.avif': 1 };
  for (const [file, orientation] of Object.entries(turns)) {
    const bytes = bytesOf(file);
    const header = headerOf(bytes);
    expect([header.orientation, header.exif]).toEqual([orientation, false]);
    expect(headerOf(edited(bytes, header.edits))).toMatchObject({
      ...{ orientation: 1, width: header.width, height: header.height },
    });
  }
});

test('the alpha plane of an AVIF can be hidden', () => {
  const bytes = bytesOf('cut-out.avif');
  const { alpha, hideAlpha } = headerOf(bytes);
  expect(alpha).toBe(true);
  expect(headerOf(edited(bytes, hideAlpha!)).hideAlpha).toBeUndefined();
  expect(headerOf(bytesOf('lossless.avif'))).toMatchObject({ alpha: false });
  expect(headerOf(bytesOf('cut-out.heic'))).toMatchObject({ alpha: true });
});

test('sides are those of the clean aperture of the primary item', () => {
  // HEVC has even sides, and tiles of a grid have their own.
  for (const file of ['photo.heic', 'grid.heic']) {
    expect(headerOf(bytesOf(file))).toMatchObject({ width: 301, height: 150 });
  }
});

test.each(['lossless.avif', 'mosaic.heic'])('%s is corrupt', (file) => {
  const damaged = (name: string, change: (bytes: Buffer, at: number) => void) => {
    const bytes = Buffer.from(bytesOf(file));
    change(bytes, bytes.indexOf(name));
    return () => headerOf(bytes);
  };
  // Without sides, without a primary item, and without its properties.
  for (const name of ['ispe', 'pitm', 'ipma', 'meta']) {
    expect(damaged(name, (bytes, at) => bytes.write('free', at))).toThrow(corrupt);
  }
  // With a property longer than the box around it.
  expect(damaged('ispe', (bytes, at) => bytes.writeUInt32BE(4000, at - 4))).toThrow(corrupt);
  // With a primary item whose property does not exist.
  expect(damaged('ipma', (bytes, at) => bytes.writeUInt8(0x7f, at + 4 + 4 + 4 + 3))).toThrow(
    corrupt,
  );
});

test('a file shorter than its last box declares is not whole', () => {
  for (const file of ['lossless.avif', 'photo.heic']) {
    const bytes = bytesOf(file);
    const { width } = headerOf(bytes);
    expect(headerOf(bytes.subarray(0, -10))).toMatchObject({ width, whole: false });
  }
});
