import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOpaque, onBackdrop } from '../../src/variants/backdrop.js';
import { pixelsOf } from '../arbitraries.js';

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

test('opaque pixels keep their colour, and those of alpha 0 have the backdrop', () => {
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
    { seed: 1 },
  );
});

test('a picture without alpha is its own, and opaque', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<1 | 3>(1, 3).chain((n) => pixelsOf(9, n)),
      (pixels) => {
        expect(onBackdrop(pixels, 255)).toBe(pixels);
        expect(isOpaque(pixels)).toBe(true);
      },
    ),
    { seed: 1 },
  );
});

test('one alpha below 255, anywhere, makes a picture not opaque', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<2 | 4>(2, 4).chain((n) => pixelsOf(9, n)),
      fc.nat(),
      fc.integer({ min: 0, max: 254 }),
      ({ data, width, height, channels }, at, alpha) => {
        const opaque = data.map((value, i) => (i % channels === channels - 1 ? 255 : value));
        expect(isOpaque({ data: opaque, width, height, channels })).toBe(true);
        opaque[(at % (width * height)) * channels + channels - 1] = alpha;
        expect(isOpaque({ data: opaque, width, height, channels })).toBe(false);
      },
    ),
    { seed: 1 },
  );
});
