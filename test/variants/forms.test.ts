import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { pdqDihedral } from '../../src/hashing/pdq-dihedral.js';
import type { Orientation } from '../../src/pixels.js';
import { DIHEDRAL_NAMES } from '../../src/variant.js';
import { dihedral, isOpaque, onBackdrop, orient, withoutColour } from '../../src/variants/forms.js';
import { pixelsOf } from '../arbitraries.js';
import { oriented } from '../oracles/pixels/pixels.js';
import { runs } from '../seed.js';
import { photo } from './pictures.js';

test('a half-transparent red pixel on white and on black', () => {
  const pixels = { data: Uint8Array.of(200, 0, 0, 128), width: 1, height: 1, channels: 4 } as const;
  // 200 · 128/255 + 255 · 127/255 = 227.4; 127; on black 100.4.
  expect(onBackdrop(pixels, 255)).toMatchObject({ data: Uint8Array.of(227, 127, 127) });
  expect(onBackdrop(pixels, 0)).toMatchObject({ data: Uint8Array.of(100, 0, 0), channels: 3 });
});

test('every colour at every alpha is rounded to the nearest', () => {
  const data = new Uint8Array(2 * 65536);
  for (let i = 0; i < 65536; i++) {
    data[2 * i] = i >> 8;
    data[2 * i + 1] = i & 255;
  }
  const pixels = { data, width: 256, height: 256, channels: 2 } as const;
  for (const backdrop of [0, 255, 90]) {
    const { data: out } = onBackdrop(pixels, backdrop);
    const wrong: number[][] = [];
    for (let i = 0; i < 65536; i++) {
      const alpha = (i & 255) / 255;
      const exact = (i >> 8) * alpha + backdrop * (1 - alpha);
      if (Math.abs(out[i]! - exact) > 0.5) wrong.push([i >> 8, i & 255, out[i]!]);
    }
    expect(wrong).toEqual([]);
  }
});

test('opaque pixels keep their colour, and transparent ones get the backdrop', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<2 | 4>(2, 4).chain((n) => pixelsOf(12, n)),
      fc.integer({ min: 0, max: 255 }),
      (pixels, backdrop) => {
        const channels = pixels.channels!;
        // A third of the pixels are opaque, a third transparent.
        for (let at = channels - 1, i = 0; at < pixels.data.length; at += channels, i++) {
          if (i % 3 < 2) pixels.data[at] = i % 3 === 0 ? 255 : 0;
        }
        const before = pixels.data.slice();
        const out = onBackdrop(pixels, backdrop);
        expect(out.channels).toBe(channels - 1);
        for (let i = 0; i < pixels.width * pixels.height; i++) {
          const alpha = pixels.data[i * channels + channels - 1];
          for (let c = 0; c < channels - 1; c++) {
            const got = out.data[i * (channels - 1) + c];
            if (alpha === 255) expect(got).toBe(pixels.data[i * channels + c]);
            if (alpha === 0) expect(got).toBe(backdrop);
          }
        }
        expect(Buffer.from(pixels.data).equals(Buffer.from(before))).toBe(true);
      },
    ),
  );
});

test('a picture without alpha is returned unchanged, and opaque', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<1 | 3>(1, 3).chain((n) => pixelsOf(9, n)),
      (pixels) => {
        expect(onBackdrop(pixels, 255)).toBe(pixels);
        expect(isOpaque(pixels)).toBe(true);
      },
    ),
  );
});

test('a single alpha below 250 makes a picture not opaque', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<2 | 4>(2, 4).chain((n) => pixelsOf(9, n)),
      fc.nat(),
      fc.integer({ min: 0, max: 249 }),
      ({ data, width, height, channels }, at, alpha) => {
        const opaque = data.map((value, i) =>
          i % channels === channels - 1 ? 250 + (value % 6) : value,
        );
        expect(isOpaque({ data: opaque, width, height, channels })).toBe(true);
        opaque[(at % (width * height)) * channels + channels - 1] = alpha;
        expect(isOpaque({ data: opaque, width, height, channels })).toBe(false);
      },
    ),
  );
});

test('a picture of only greys gets one sample a pixel, two with alpha', () => {
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

test('a single coloured pixel keeps the picture unchanged', () => {
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
  );
});

test('pictures of one or two samples a pixel are returned as they are', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<1 | 2>(1, 2).chain((n) => pixelsOf(9, n)),
      (pixels) => {
        expect(withoutColour(pixels)).toBe(pixels);
      },
    ),
  );
});

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

test('agrees with the definitions of EXIF on any picture, which stays unchanged', () => {
  fc.assert(
    fc.property(pixelsOf(80), fc.constantFrom(...orientations), (pixels, orientation) => {
      const before = pixels.data.slice();
      const { data, width, height } = orient(pixels, orientation);
      const wanted = oriented(pixels, orientation);
      expect([width, height]).toEqual([wanted.width, wanted.height]);
      expect(Buffer.from(data).equals(Buffer.from(wanted.data))).toBe(true);
      expect(Buffer.from(pixels.data).equals(Buffer.from(before))).toBe(true);
    }),
    { numRuns: runs(400) },
  );
});

test('refuses invalid orientations', () => {
  const pixels = { data: Uint8Array.of(1), width: 1, height: 1, channels: 1 } as const;
  for (const wrong of [0, 9, 1.5, Number.NaN, 'toString']) {
    expect(() => orient(pixels, wrong as Orientation)).toThrow(RangeError);
  }
});

test('the forms of a 2 x 2 picture', () => {
  const pixels = { data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2, channels: 1 } as const;
  const forms = Object.fromEntries(
    DIHEDRAL_NAMES.map((name) => [name, dihedral(pixels, name).data.join('')]),
  );
  expect(forms).toEqual({
    original: '1234',
    rotate90: '2413',
    rotate180: '4321',
    rotate270: '3142',
    flipX: '3412',
    flipY: '2143',
    flipPlus1: '1324',
    flipMinus1: '4231',
  });
});

test('are named as the reference names its hashes', async () => {
  const pixels = await photo('airplane-from-above.jpg');
  const { hashes } = pdqDihedral(pixels, { resample: 'none' });
  for (const name of DIHEDRAL_NAMES) {
    const { hash } = pdq(dihedral(pixels, name), { resample: 'none' });
    const distances = DIHEDRAL_NAMES.map((other) => distance(hash, hashes[other]));
    expect(DIHEDRAL_NAMES[distances.indexOf(Math.min(...distances))]).toBe(name);
  }
});
