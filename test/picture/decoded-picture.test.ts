import { expect, test } from 'vitest';
import { pictureOf } from '../../src/picture/decoded-picture.js';
import type { Channels } from '../../src/pixels.js';

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
