import fc from 'fast-check';
import { expect, test } from 'vitest';
import { greyThumbnail } from '../../src/hashing/thumbnail.js';
import { pixelsOf } from '../arbitraries.js';
import { naiveThumbnail } from '../oracles/pixels/lanczos.js';
import { PICTURE_KINDS, picture } from '../pictures/pictures.js';
import { runs } from '../seed.js';

/** Columns and rows of every hash's thumbnail. */
const SHAPES = [
  [8, 8],
  [16, 16],
  [9, 8],
  [17, 16],
  [32, 32],
  [64, 64],
] as const;

test('a thumbnail is the grey picture, resampled along rows, then columns', () => {
  for (const kind of PICTURE_KINDS) {
    for (const [width, height] of [
      [64, 64],
      [201, 133],
      [1, 90],
      [130, 2],
    ] as const) {
      const pixels = picture(kind, width, height, 3);
      for (const [columns, rows] of SHAPES) {
        expect(
          Array.from(greyThumbnail(pixels, columns, rows)),
          `${kind} ${width} x ${height}`,
        ).toEqual(naiveThumbnail(pixels, columns, rows));
      }
    }
  }
});

test('a thumbnail of any pixels', () => {
  fc.assert(
    fc.property(pixelsOf(70), fc.constantFrom(...SHAPES), (pixels, [columns, rows]) => {
      expect(Array.from(greyThumbnail(pixels, columns, rows))).toEqual(
        naiveThumbnail(pixels, columns, rows),
      );
    }),
    { numRuns: runs(300) },
  );
});

test('a flat picture has a flat thumbnail, also at the brightest and the darkest', () => {
  for (let value = 0; value < 256; value++) {
    const pixels = {
      data: new Uint8Array(77 * 53).fill(value),
      width: 77,
      height: 53,
      channels: 1 as const,
    };
    expect(new Set(greyThumbnail(pixels, 32, 32))).toEqual(new Set([value]));
  }
});

test('overshoot at edges is clamped, as Pillow 11.1 does', () => {
  const data = new Uint8Array(96 * 96).map((_, i) => (i % 96 < 48 ? 0 : 255));
  const thumbnail = greyThumbnail({ data, width: 96, height: 96, channels: 1 }, 8, 8);
  expect(Array.from(thumbnail.slice(0, 8))).toEqual([0, 1, 0, 17, 238, 255, 254, 255]);
});
