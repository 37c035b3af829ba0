import fc from 'fast-check';
import { expect, test } from 'vitest';
import { withoutColour } from '../../src/variants/grey.js';
import { pixelsOf } from '../arbitraries.js';

test('a picture in greys alone has one sample a pixel, two with alpha', () => {
  expect(
    withoutColour({ data: Uint8Array.of(7, 7, 7, 9, 9, 9), width: 2, height: 1, channels: 3 }),
  ).toMatchObject({ data: Uint8Array.of(7, 9), channels: 1 });
  expect(
    withoutColour({
      data: Uint8Array.of(7, 7, 7, 1, 9, 9, 9, 2),
      width: 1,
      height: 2,
      channels: 4,
    }),
  ).toMatchObject({ data: Uint8Array.of(7, 1, 9, 2), width: 1, height: 2, channels: 2 });
});

test('one pixel of colour, anywhere and in any sample, keeps the picture as it is', () => {
  fc.assert(
    fc.property(
      pixelsOf(12, 1),
      fc.constantFrom<3 | 4>(3, 4),
      fc.nat(),
      fc.constantFrom(0, 1, 2),
      ({ data: grey, width, height }, channels, at, sample) => {
        const data = new Uint8Array(grey.length * channels).fill(200);
        for (let i = 0; i < grey.length; i++) data.fill(grey[i]!, i * channels, i * channels + 3);
        const picture = { data, width, height, channels };
        expect(withoutColour(picture).data.length).toBe(grey.length * (channels - 2));
        data[(at % grey.length) * channels + sample]! ^= 1;
        expect(withoutColour(picture)).toBe(picture);
      },
    ),
    { seed: 1 },
  );
});

test('pictures of one or two samples a pixel are their own', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<1 | 2>(1, 2).chain((n) => pixelsOf(9, n)),
      (pixels) => {
        expect(withoutColour(pixels)).toBe(pixels);
      },
    ),
    { seed: 1 },
  );
});
