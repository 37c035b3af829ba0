import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageFormatOf } from '../../src/formats/image-format.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures');
const formatOfFile = (file: string, folder = 'images') =>
  imageFormatOf(readFileSync(join(FIXTURES, folder, file)));

test('recognises each format by its first bytes', () => {
  expect(formatOfFile('baseline.jpg')).toBe('jpeg');
  expect(formatOfFile('rgb.png')).toBe('png');
  expect(formatOfFile('lossless.webp')).toBe('webp');
  expect(formatOfFile('still.gif')).toBe('gif');
  expect(formatOfFile('rgb.tiff')).toBe('tiff');
  expect(formatOfFile('rgb-16-bit.tiff')).toBe('tiff');
  expect(formatOfFile('lossless.avif')).toBe('avif');
  expect(formatOfFile('photo.heic', 'heic')).toBe('heic');
  // TIFF with 64-bit offsets, in either byte order.
  expect(imageFormatOf(Buffer.from('II+\0\b\0\0\0'))).toBe('tiff');
  expect(imageFormatOf(Buffer.from('MM\0+\0\b\0\0'))).toBe('tiff');
});

test('gives undefined for other formats', () => {
  for (const file of [
    'empty.jpg',
    'text.jpg',
    'html.png',
    'drawing.svg',
    'page.pdf',
    'picture.bmp',
    'sound.wav',
    'film.mp4',
  ]) {
    expect(formatOfFile(file), file).toBeUndefined();
  }
});

const ftyp = (major: string, ...compatible: string[]) =>
  new Uint8Array([
    ...[0, 0, 0, 16 + 4 * compatible.length],
    ...Buffer.from(`ftyp${major}\0\0\0\0${compatible.join('')}`),
  ]);

test('a brand that leaves the coding open defers to the compatible ones', () => {
  expect(imageFormatOf(ftyp('mif1', 'miaf', 'avif'))).toBe('avif');
  expect(imageFormatOf(ftyp('mif1', 'heic'))).toBe('heic');
  expect(imageFormatOf(ftyp('heix'))).toBe('heic');
  expect(imageFormatOf(ftyp('avis', 'msf1'))).toBe('avif');
  // A video may contain pictures, but is not one.
  expect(imageFormatOf(ftyp('isom', 'avif'))).toBeUndefined();
  // The four bytes after the major brand are its version, not a brand.
  expect(imageFormatOf(Buffer.from('\0\0\0\x14ftypmif1avifheic'))).toBe('heic');
  // A brand beyond the box does not count.
  expect(imageFormatOf(Buffer.concat([ftyp('mif1'), Buffer.from('avif')]))).toBe('heic');
});

test('any bytes, cut anywhere, give a format or undefined', () => {
  const starts = [ftyp('mif1', 'avif'), Buffer.from('RIFF\0\0\0\0WEBP'), Buffer.from('GIF89a')];
  fc.assert(
    fc.property(fc.constantFrom(...starts), fc.nat(30), fc.uint8Array(), (start, cut, rest) => {
      const bytes = Buffer.concat([start.subarray(0, cut), rest]);
      expect([undefined, 'avif', 'heic', 'webp', 'gif']).toContain(imageFormatOf(bytes));
    }),
  );
});
