import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allGrey,
  allOpaque,
  layOn,
  movePixels,
  takeGrey,
  takePixels,
} from '../../../src/kernels/pixels/pixels.js';
import type { Channels, Orientation } from '../../../src/pixels.js';
import { viewOf } from '../../../src/variants/view.js';
import { pixelsOf } from '../../arbitraries.js';
import * as naive from '../../oracles/pixels/pixels.js';

const withAlpha = fc.constantFrom<Channels>(2, 4).chain((channels) => pixelsOf(9, channels));
const inColour = fc.constantFrom<Channels>(3, 4).chain((channels) => pixelsOf(9, channels));
/** The pixel that differs from the others, and the sample; often there is none. */
const stranger = fc.option(fc.tuple(fc.nat(), fc.nat({ max: 2 })));

test('checks whether all pixels are opaque or grey, as the twins do', () => {
  fc.assert(
    fc.property(withAlpha, stranger, (pixels, odd) => {
      const { data, channels } = pixels;
      for (let at = channels - 1; at < data.length; at += channels) data[at] = 250;
      if (odd) data[(channels * odd[0] + channels - 1) % data.length] = 249;
      expect(allOpaque(data, channels)).toBe(naive.isOpaque(pixels));
      expect(allOpaque(data, channels)).toBe(odd === null);
    }),
  );
  fc.assert(
    fc.property(inColour, stranger, (pixels, odd) => {
      const { data, channels } = pixels;
      for (let at = 0; at < data.length; at += channels) data.fill(data[at]!, at, at + 3);
      if (odd) data[((channels * odd[0]) % data.length) + odd[1]]! ^= 1;
      expect(allGrey(data, channels)).toBe(naive.isGrey(pixels));
      expect(allGrey(data, channels)).toBe(odd === null);
    }),
  );
});

test('takes grey and composites on a backdrop, as the twins do', () => {
  fc.assert(
    fc.property(inColour, (pixels) => {
      const { data, width, height, channels } = pixels;
      const out = new Uint8Array(width * height * (channels - 2));
      takeGrey(data, channels, out);
      expect([...out]).toEqual(naive.greyOf(pixels));
    }),
  );
  fc.assert(
    fc.property(withAlpha, fc.nat({ max: 255 }), (pixels, backdrop) => {
      const { data, width, height, channels } = pixels;
      const out = new Uint8Array(width * height * (channels - 1));
      layOn(data, channels, backdrop, out);
      expect([...out]).toEqual(naive.laidOn(pixels, backdrop));
    }),
  );
});

test('moves pixels across several tiles: a half turn runs backwards', () => {
  fc.assert(
    fc.property(pixelsOf(40), ({ data, width, height, channels }) => {
      const lay = {
        width,
        height,
        first: data.length - channels,
        alongRow: -channels,
        alongColumn: -channels * width,
      };
      const out = new Uint8Array(data.length);
      movePixels(data, channels, lay, out);
      const turned = naive.oriented({ data, width, height, channels }, 3);
      expect(Buffer.compare(Buffer.from(out), Buffer.from(turned.data))).toBe(0);
    }),
  );
});

test('takes the pixels at the crossings of columns and rows', () => {
  fc.assert(
    fc.property(
      pixelsOf(12),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.array(fc.nat(), { maxLength: 6 }),
      fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8),
      (pixels, across, downs, orientation) => {
        const { data, channels } = pixels;
        const upright = naive.oriented(pixels, orientation);
        const columns = across.map((at) => at % upright.width);
        const rows = downs.map((at) => at % upright.height);
        const out = new Uint8Array(columns.length * rows.length * channels);
        const [at, down] = [Int32Array.from(columns), Int32Array.from(rows)];
        takePixels(data, channels, viewOf(pixels, orientation), at, down, out);
        expect([...out]).toEqual(naive.crossings(upright, columns, rows));
      },
    ),
  );
});
