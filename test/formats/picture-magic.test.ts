import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageFormatOf } from '../../src/formats/image-format.js';
import { beginsAsPicture, HEAD_BYTES } from '../../src/formats/picture-magic.js';

const IMAGES = join(import.meta.dirname, '../../fixtures/images');
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const ftyp = (major: string, ...compatible: string[]) =>
  latin1(
    `\0\0\0${String.fromCharCode(16 + 4 * compatible.length)}ftyp${major}\0\0\0\0${compatible.join('')}`,
  );

test('every supported format begins as a picture', () => {
  const read = readdirSync(IMAGES).map((file) => readFileSync(join(IMAGES, file)));
  for (const bytes of read.filter((one) => imageFormatOf(one) !== undefined)) {
    expect(beginsAsPicture(bytes)).toBe(true);
    expect(beginsAsPicture(bytes.subarray(0, HEAD_BYTES))).toBe(true);
  }
});

test.each([
  ['BMP', readFileSync(join(IMAGES, 'picture.bmp'))],
  ['SVG', readFileSync(join(IMAGES, 'drawing.svg'))],
  ['BMP of OS/2', latin1(`BM\x1a\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0`)],
  ['ICO', latin1('\0\0\x01\0\x01\0')],
  ['CUR', latin1('\0\0\x02\0\x01\0')],
  ['JPEG XL', latin1('\xff\x0a\0')],
  ['JPEG XL in boxes', latin1('\0\0\0\x0cJXL \r\n\x87\n')],
  ['JPEG 2000', latin1('\0\0\0\x0cjP  \r\n\x87\n')],
  ['JPEG 2000, bare', latin1('\xff\x4f\xff\x51\0')],
  ['PSD', latin1('8BPS\0\x01')],
  ['OpenEXR', latin1('v/1\x01')],
  ['EMF', latin1(`\x01\0\0\0${'x'.repeat(36)} EMF`)],
  ['DICOM', latin1(`${'\0'.repeat(128)}DICM`)],
  ['a raw file of Canon', ftyp('crx ')],
  ['HEIF of AVC', ftyp('avci')],
  ['AVIF by a compatible brand', ftyp('isom', 'mp42', 'avif')],
  ['AVIF with a length of 64 bits', latin1('\0\0\0\x01ftyp\0\0\0\0\0\0\0\x1cavif\0\0\0\0')],
  ['PGM', latin1('P5\n# a comment\n# another\n640 480\n255\n')],
  ['PAM', latin1('P7\nWIDTH 8\n')],
])('%s begins as a picture', (_, head) => {
  expect(beginsAsPicture(head)).toBe(true);
});

const ROOT = '<svg xmlns="http://www.w3.org/2000/svg"/>';

test.each([
  ROOT,
  `\xef\xbb\xbf${ROOT}`,
  ` \r\n\t${ROOT}`,
  `<?xml version="1.0"?><!-- a --><!-- <b> --> ${ROOT}`,
  `<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">${ROOT}`,
  `<!DOCTYPE a [<!ENTITY b "]>"> <!ENTITY c ">">]>${ROOT}`,
  '<a:svg xmlns:a="http://www.w3.org/2000/svg"/>',
  '<svg>',
])('SVG begins as a picture: %s', (text) => {
  expect(beginsAsPicture(latin1(text))).toBe(true);
  const wide = Buffer.from(text.replace('\xef\xbb\xbf', '\ufeff'), 'utf16le');
  expect(beginsAsPicture(wide)).toBe(true);
  expect(beginsAsPicture(Buffer.from(wide).swap16())).toBe(true);
});

test('bytes that the head does not identify count as a picture', () => {
  for (const long of [' '.repeat(5000), `<!--${'-'.repeat(5000)}`, `<?a ${'b'.repeat(5000)}`]) {
    expect(beginsAsPicture(latin1(long))).toBe(true);
    expect(beginsAsPicture(latin1(long.slice(0, HEAD_BYTES - 1)))).toBe(false);
  }
  for (let start = 0; start < 7; start++) {
    const many = ' '.repeat(start) + '<!---->'.repeat(600);
    expect(beginsAsPicture(latin1(many))).toBe(true);
  }
});

test.each([
  '',
  '<',
  '{"type":"WEBP"}',
  '[1]',
  'a=b&c=d',
  'BM is short for British Museum',
  'P1 is late',
  'II. A chapter',
  '<!doctype html><svg></svg>',
  '<html><svg/></html>',
  '<?xml version="1.0"?><svgs/>',
  '<!DOCTYPE a [<!ENTITY b "c">]><a/>',
  '<?php echo 1;',
  'PK\x03\x04',
  '\x1f\x8b\b\0',
  '%PDF-1.7',
  '\0'.repeat(HEAD_BYTES),
  '--boundary\r\n',
])('begins as no picture: %s', (text) => {
  expect(beginsAsPicture(latin1(text))).toBe(false);
});

test.each(['empty.jpg', 'text.jpg', 'html.png', 'page.pdf', 'sound.wav', 'film.mp4'])(
  '%s is no picture',
  (file) => {
    expect(beginsAsPicture(readFileSync(join(IMAGES, file)))).toBe(false);
  },
);

test('JSON begins as no picture', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(beginsAsPicture(Buffer.from(JSON.stringify(value)))).toBe(false);
    }),
  );
});

test('any bytes are classified, and not changed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const copy = bytes.slice();
      expect(typeof beginsAsPicture(bytes)).toBe('boolean');
      expect(bytes).toEqual(copy);
    }),
  );
  expect(() => beginsAsPicture('abc' as never)).toThrow(TypeError);
});
