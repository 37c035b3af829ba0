import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageFormatOf } from '../../src/formats/image-format.js';
import { beginsAsPicture } from '../../src/formats/picture-magic.js';
import { VIDEO_HEAD_BYTES, videoFormatOf } from '../../src/formats/video-format.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures');
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const packets = (length: number, sync: number) => {
  const bytes = new Uint8Array(VIDEO_HEAD_BYTES);
  for (let at = sync; at < bytes.length; at += length) bytes[at] = 0x47;
  return bytes;
};
/** The beginning of a PNG with these chunks, of 13 bytes each. */
const png = (...chunks: string[]) =>
  latin1(`\x89PNG\r\n\x1a\n${chunks.map((name) => `\0\0\0\x0d${name}${'.'.repeat(17)}`).join('')}`);

test('knows the clips by their first bytes', () => {
  for (const file of readdirSync(join(FIXTURES, 'vpdq/clips'))) {
    const head = readFileSync(join(FIXTURES, 'vpdq/clips', file)).subarray(0, VIDEO_HEAD_BYTES);
    expect(videoFormatOf(head)).toBe(file.endsWith('webm') ? 'matroska' : 'mov');
  }
});

test.each([
  ['an MP4', latin1('\0\0\0\x14ftypisom\0\0\0\0mp41'), 'mov'],
  ['a film of QuickTime', latin1('\0\0\0\x14ftypqt  \0\0\0\0qt  '), 'mov'],
  ['one without brands', latin1('\0\0\0\x08wide\0\0\x10\0mdat'), 'mov'],
  ['one whose index comes first', latin1('\0\0\x10\0moov\0\0\0\x6cmvhd'), 'mov'],
  ['AVI', latin1('RIFF\x24\0\0\0AVI LIST'), 'avi'],
  ['MPEG-TS', packets(188, 0), 'mpegts'],
  ['MPEG-TS of a Blu-ray', packets(192, 4), 'mpegts'],
  ['GIF', latin1('GIF89a'), 'gif'],
  ['WAV', latin1('RIFF\x24\0\0\0WAVEfmt '), undefined],
  ['WebP', latin1('RIFF\x24\0\0\0WEBPVP8 '), undefined],
  ['a still WebP with alpha', latin1('RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x10'), undefined],
  ['an animated one', latin1('RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x12'), 'webp'],
  ['a still PNG', png('IHDR', 'IDAT', 'acTL'), undefined],
  ['an animated one, after its colours', png('IHDR', 'gAMA', 'acTL', 'IDAT'), 'png'],
  ['a PNG that ends early', png('IHDR').subarray(0, 30), undefined],
  ['a still AVIF', latin1('\0\0\0\x14ftypavif\0\0\0\0mif1avis'), undefined],
  ['a sequence', latin1('\0\0\0\x14ftypavif\0\0\0\0avis'), 'avif'],
  ['one by its major brand', latin1('\0\0\0\x14ftypavis\0\0\0\0mif1'), 'avif'],
  ['HEIC', latin1('\0\0\0\x14ftypheic\0\0\0\0mif1'), undefined],
  ['AVIF by a compatible brand', latin1('\0\0\0\x14ftypisom\0\0\0\0avif'), undefined],
  ['one packet of MPEG-TS', packets(188, 0).subarray(0, 100), undefined],
  ['a playlist', latin1('#EXTM3U\n#EXT-X-TARGETDURATION:1\n'), undefined],
  ['a script of files', latin1('ffconcat version 1.0\nfile /etc/passwd\n'), undefined],
])('%s', (_, head, format) => {
  expect(videoFormatOf(head)).toBe(format);
});

test('no file is both a picture and a video, but one that moves', () => {
  for (const folder of ['images', 'heic']) {
    for (const file of readdirSync(join(FIXTURES, folder))) {
      const head = readFileSync(join(FIXTURES, folder, file)).subarray(0, VIDEO_HEAD_BYTES);
      const format = videoFormatOf(head);
      if (format && format === imageFormatOf(head)) expect(file).toMatch(/gif|anim|apng|avis/);
      else if (beginsAsPicture(head)) expect(format, file).toBeUndefined();
    }
  }
});

test('gives an answer for any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: VIDEO_HEAD_BYTES }), (head) => {
      const before = Uint8Array.from(head);
      const known = ['mov', 'matroska', 'mpegts', 'avi', 'gif', 'webp', 'png', 'avif', undefined];
      expect(known).toContain(videoFormatOf(head));
      expect(head).toEqual(before);
    }),
  );
  expect(() => videoFormatOf('text' as never)).toThrow(TypeError);
});
