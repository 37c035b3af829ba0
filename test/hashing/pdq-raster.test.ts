import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rasterOf } from '../../src/hashing/pdq-raster.js';
import { pixelsOf } from '../arbitraries.js';

test('up to 512 a side, or without resampling: every row and column as it is', () => {
  fc.assert(
    fc.property(pixelsOf(40), fc.constantFrom<512 | 'none'>(512, 'none'), (pixels, resample) => {
      const { columns, rows, stride, channels } = rasterOf(pixels, resample);
      expect([...columns]).toEqual([...columns.keys()]);
      expect([...rows]).toEqual([...rows.keys()]);
      expect([columns.length, rows.length]).toEqual([pixels.width, pixels.height]);
      expect([stride, channels]).toEqual([pixels.width, pixels.channels]);
    }),
    { seed: 1 },
  );
});

test('a side over 512: 512 of each, from floor(x · side / 512) on; a short side is enlarged', () => {
  const pixels = { data: new Uint8Array(1025 * 3), width: 1025, height: 3 };
  const { columns, rows } = rasterOf(pixels, 512);
  expect(columns).toHaveLength(512);
  expect([columns[0], columns[1], columns[511]]).toEqual([0, 2, 1022]);
  expect([rows[170], rows[171], rows[341], rows[342], rows[511]]).toEqual([0, 1, 1, 2, 2]);
});

test('the samples are a view, and so are the words, where four samples lie on a word', () => {
  const buffer = new ArrayBuffer(4 * 36 + 4);
  for (const offset of [0, 1, 2, 3, 4]) {
    const pixels = { data: new Uint8Array(buffer, offset, 4 * 36), width: 6, height: 6 };
    const { bytes, words } = rasterOf(pixels, 512);
    expect([bytes.buffer, bytes.byteOffset, bytes.length]).toEqual([buffer, offset, 144]);
    expect(words?.byteOffset).toBe(offset % 4 === 0 ? offset : undefined);
  }
  const rgb = rasterOf({ data: new Uint8Array(108), width: 6, height: 6 }, 512);
  expect(rgb.words).toBeNull();
});
