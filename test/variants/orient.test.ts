import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Orientation, Pixels } from '../../src/pixels.js';
import { orient } from '../../src/variants/orient.js';
import { pixelsOf } from '../arbitraries.js';

/** EXIF 2.32, tag Orientation, in its own words: which side as displayed the stored row 0 and column 0 are. */
const SIDES = {
  1: ['top', 'left'],
  2: ['top', 'right'],
  3: ['bottom', 'right'],
  4: ['bottom', 'left'],
  5: ['left', 'top'],
  6: ['right', 'top'],
  7: ['right', 'bottom'],
  8: ['left', 'bottom'],
} as const;

/** Every stored pixel is put where the standard's words say. */
function naive(pixels: Pixels, orientation: Orientation): Pixels {
  const { data, width, height } = pixels;
  const channels = data.length / (width * height);
  const [rowSide, columnSide] = SIDES[orientation];
  const turned = rowSide === 'left' || rowSide === 'right';
  const across = turned ? height : width;
  const down = turned ? width : height;
  const out = new Uint8Array(data.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const place = { top: 0, left: 0, bottom: down - 1, right: across - 1 };
      const toward = { top: 1, left: 1, bottom: -1, right: -1 };
      const alongRows = place[rowSide] + toward[rowSide] * row;
      const alongColumns = place[columnSide] + toward[columnSide] * column;
      const [x, y] = turned ? [alongRows, alongColumns] : [alongColumns, alongRows];
      for (let sample = 0; sample < channels; sample++) {
        out[(y * across + x) * channels + sample] =
          data[(row * width + column) * channels + sample]!;
      }
    }
  }
  return { data: out, width: across, height: down };
}

const orientations = [1, 2, 3, 4, 5, 6, 7, 8] as const;

test('a 2 x 1 picture in the eight orientations', () => {
  const pixels = { data: Uint8Array.of(1, 2), width: 2, height: 1, channels: 1 } as const;
  const shown = orientations.map((orientation) => {
    const { data, width, height } = orient(pixels, orientation);
    return `${width}x${height} ${data.join()}`;
  });
  expect(shown).toEqual([
    '2x1 1,2',
    '2x1 2,1',
    '2x1 2,1',
    '2x1 1,2',
    '1x2 1,2',
    '1x2 1,2',
    '1x2 2,1',
    '1x2 2,1',
  ]);
});

test('orientation 1 is the picture itself', () => {
  const pixels = { data: Uint8Array.of(1, 2), width: 2, height: 1, channels: 1 } as const;
  expect(orient(pixels, 1)).toBe(pixels);
});

test('agrees with the words of EXIF on any picture, and leaves it as it was', () => {
  fc.assert(
    fc.property(pixelsOf(80), fc.constantFrom(...orientations), (pixels, orientation) => {
      const before = pixels.data.slice();
      const { data, width, height } = orient(pixels, orientation);
      const wanted = naive(pixels, orientation);
      expect([width, height]).toEqual([wanted.width, wanted.height]);
      expect(Buffer.from(data).equals(Buffer.from(wanted.data))).toBe(true);
      expect(Buffer.from(pixels.data).equals(Buffer.from(before))).toBe(true);
    }),
    { numRuns: 400, seed: 1 },
  );
});

test('refuses what is no orientation', () => {
  const pixels = { data: Uint8Array.of(1), width: 1, height: 1, channels: 1 } as const;
  for (const wrong of [0, 9, 1.5, Number.NaN, 'toString']) {
    expect(() => orient(pixels, wrong as Orientation)).toThrow(RangeError);
  }
});
