import { describe, expect, test } from 'vitest';
import { pictureOf } from '../../src/picture/decoded-picture.js';
import type { Channels, CheckedPixels, Orientation } from '../../src/pixels.js';
import { orient } from '../../src/variants/forms.js';
import { SIDE } from '../../src/variants/view.js';

/** Every pixel another, as far as its samples allow. */
function distinct(width: number, height: number, channels: Channels): CheckedPixels {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = (i * 2654435761) >>> 24;
  return { data, width, height, channels };
}

/** The 512 x 512 pixels of a displayed picture, by the words of PDQ's size convention. */
function sampledPlainly({ data, width, height, channels }: CheckedPixels): Uint8Array {
  const out = new Uint8Array(SIDE * SIDE * channels);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const at = Math.floor((y * height) / SIDE) * width + Math.floor((x * width) / SIDE);
      out.set(data.subarray(at * channels, (at + 1) * channels), (y * SIDE + x) * channels);
    }
  }
  return out;
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8] as Orientation[])('turned by %i', (orientation) => {
  test.each([
    [700, 40, 1],
    [513, 600, 3],
    [37, 900, 4],
  ] as [number, number, Channels][])('%i x %i', (width, height, channels) => {
    const pixels = distinct(width, height, channels);
    const picture = pictureOf(pixels, { orientation, exif: true, alpha: false });
    const sample = picture.sampled(orientation);
    // Not toEqual, which takes seconds for a megabyte.
    expect(Buffer.compare(sample.data, sampledPlainly(orient(pixels, orientation)))).toBe(0);
  });
});

test('facts are of every pixel', () => {
  const factsOf = (data: number[], channels: Channels, alpha: boolean) => {
    const pixels = {
      data: Uint8Array.from(data),
      width: data.length / channels,
      height: 1,
      channels,
    };
    return pictureOf(pixels, { orientation: 1, exif: true, alpha }).facts();
  };
  expect(factsOf([5, 5, 5, 6, 6, 6], 3, false)).toEqual({ opaque: true, grey: true });
  expect(factsOf([5, 5, 5, 6, 6, 7], 3, false)).toEqual({ opaque: true, grey: false });
  expect(factsOf([5, 5, 5, 255, 6, 6, 6, 255], 4, true)).toEqual({ opaque: true, grey: true });
  expect(factsOf([5, 5, 5, 255, 6, 6, 7, 249], 4, true)).toEqual({ opaque: false, grey: false });
  expect(factsOf([5, 255, 6, 0], 2, true)).toEqual({ opaque: false, grey: true });
  expect(factsOf([5, 6], 1, false)).toEqual({ opaque: true, grey: true });
});
