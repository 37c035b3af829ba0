import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashOf } from '../../src/hashing/algorithms.js';
import { pictureOf } from '../../src/picture/hash-picture.js';
import type { Channels, CheckedPixels, Orientation } from '../../src/pixels.js';
import type { HashedVariant } from '../../src/variant.js';
import { furtherVariants } from '../../src/variants/further-variants.js';
import type { VariantOptions } from '../../src/variants/variant-profile.js';
import {
  contiguousPixels,
  movedPixels,
  partOf,
  SIDE,
  turned,
  viewOf,
} from '../../src/variants/view.js';
import { planeOf, workingPlane } from '../../src/variants/working-plane.js';
import { pixelsOf } from '../arbitraries.js';
import { oriented } from '../oracles/pixels/pixels.js';
import { runs } from '../seed.js';
import { patches } from './pictures.js';

const anyTurn = fc.constantFrom<Orientation>(1, 2, 3, 4, 5, 6, 7, 8);
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

test('a 3 x 2 picture turned to the right, and its lower right corner', () => {
  const pixels = {
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
    width: 3,
    height: 2,
    channels: 1,
  } as const;
  const view = viewOf(pixels, 6);
  expect([view.width, view.height]).toEqual([2, 3]);
  expect([...movedPixels(view).data]).toEqual([4, 1, 5, 2, 6, 3]);
  const corner = partOf(view, { left: 1, top: 1, width: 1, height: 2 });
  expect([...movedPixels(corner).data]).toEqual([2, 3]);
});

test('views turned twice, and their parts, are those of moved pixels', () => {
  const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      pixelsOf(30),
      anyTurn,
      anyTurn,
      fc.tuple(share, share, share, share),
      (pixels, first, second, [x, y, w, h]) => {
        const before = pixels.data.slice();
        const moved = oriented(oriented(pixels, first), second);
        const view = turned(viewOf(pixels, first), second);
        expect([view.width, view.height]).toEqual([moved.width, moved.height]);
        expect(same(movedPixels(view).data, moved.data)).toBe(true);
        expect(same(contiguousPixels(view).data, moved.data)).toBe(true);
        const left = Math.floor(x * moved.width);
        const top = Math.floor(y * moved.height);
        const width = 1 + Math.floor(w * (moved.width - left));
        const height = 1 + Math.floor(h * (moved.height - top));
        const part = { left, top, width, height };
        const plainly = movedPixels(partOf(viewOf(moved), part));
        expect(same(movedPixels(partOf(view, part)).data, plainly.data)).toBe(true);
        expect(same(contiguousPixels(partOf(view, part)).data, plainly.data)).toBe(true);
        expect(same(pixels.data, before)).toBe(true);
      },
    ),
    { numRuns: runs(300) },
  );
});

test('contiguous pixels are not copied, and moved ones always are', () => {
  const pixels = { data: Uint8Array.of(1, 2, 3, 4), width: 2, height: 2, channels: 1 } as const;
  expect(contiguousPixels(viewOf(pixels)).data.buffer).toBe(pixels.data.buffer);
  expect(movedPixels(viewOf(pixels)).data.buffer).not.toBe(pixels.data.buffer);
  const lower = partOf(viewOf(pixels), { left: 0, top: 1, width: 2, height: 1 });
  expect([...contiguousPixels(lower).data]).toEqual([3, 4]);
});

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

test('samples are those of moved pixels, in the words of the size convention', () => {
  const side = fc.integer({ min: 1, max: 700 });
  fc.assert(
    fc.property(side, side, fc.constantFrom<Channels>(1, 2, 3, 4), anyTurn, (...drawn) => {
      const [width, height, channels, orientation] = drawn;
      const pixels = distinct(width, height, channels);
      const coding = { orientation, exif: true, alpha: false };
      const sample = pictureOf(pixels, coding).sampled(orientation);
      expect([sample.width, sample.height, sample.channels]).toEqual([SIDE, SIDE, channels]);
      expect(same(sample.data, sampledPlainly(oriented(pixels, orientation)))).toBe(true);
    }),
    { numRuns: runs(24) },
  );
});

/** Neighbouring pixels differ, as far as their samples allow. */
function distinct(width: number, height: number, channels: Channels): CheckedPixels {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < data.length; i++) data[i] = Math.imul(i, 2654435761) >>> 24;
  return { data, width, height, channels };
}

/** With fewer channels, or with an alpha that is of no consequence. */
function inChannels(pixels: CheckedPixels, channels: Channels): CheckedPixels {
  const { data, width, height } = pixels;
  const out = new Uint8Array(width * height * channels);
  for (let i = 0; i < out.length; i++) {
    const channel = i % channels;
    const isAlpha = channels % 2 === 0 && channel === channels - 1;
    out[i] = isAlpha ? i & 255 : data[3 * Math.floor(i / channels) + channel]!;
  }
  return { data: out, width, height, channels };
}

test('the working plane is that of moved pixels', () => {
  const side = fc.integer({ min: 1, max: 90 });
  const area = fc.constantFrom(2 ** 4, 2 ** 8, 2 ** 14);
  const channels = fc.constantFrom<Channels>(1, 2, 3, 4);
  fc.assert(
    fc.property(side, side, channels, anyTurn, area, (...drawn) => {
      const [width, height, samples, orientation, about] = drawn;
      const pixels = distinct(width, height, samples);
      const { view: _, ...plane } = planeOf(viewOf(pixels, orientation), about);
      const { view: __, ...moved } = workingPlane(oriented(pixels, orientation), about);
      expect(plane).toEqual(moved);
    }),
    { numRuns: runs(200) },
  );
});

/** Every further variant: of a stored picture by its orientation, and of moved pixels. */
function bothWays(pixels: CheckedPixels, orientation: Orientation, options: VariantOptions) {
  const moved = oriented(pixels, orientation);
  const hash = (of: CheckedPixels) => hashOf(of, options);
  const original: HashedVariant = { name: 'original', ...hash(moved) };
  const near = { hashes: [original.hash], distance: 40, enough: 31, leastQuality: 50 };
  const all = (of: CheckedPixels, by: Orientation) => {
    const view = viewOf(of, by);
    const given = (variant: HashedVariant) => variant;
    const picture = { view, isTransparent: false, given };
    const variants = furtherVariants(picture, [original], options, hash);
    const out: HashedVariant[] = [];
    const rest = { [Symbol.iterator]: () => ({ next: () => variants.next() }) };
    for (const variant of rest) {
      // It asks what came near.
      if (variant === undefined) break;
      out.push(variant);
    }
    // Every other one is said to have come near to something, and is looked at closer.
    const nears = out.flatMap((_, i) => (i & 1 ? [] : [{ ...near, at: i + 1 }]));
    let { value } = variants.next(nears);
    for (; value; value = variants.next().value) out.push(value);
    return out;
  };
  return [all(pixels, orientation), all(moved, 1)];
}

test('all variants of a stored picture are those of its moved pixels', () => {
  const size = fc.constantFrom([90, 61], [230, 340], [700, 520], [517, 1201], [1600, 1190]);
  const options = fc.record<VariantOptions>({
    variants: fc.constantFrom('thorough', 'thorough', 'quick', 'dihedral'),
    algorithm: fc.constantFrom('pdq', 'pdq', 'pdq', 'dhash'),
    resample: fc.constantFrom(512 as const, 512 as const, 'none' as const),
    crops: fc.boolean(),
  });
  const channels = fc.constantFrom<Channels>(1, 2, 3, 4);
  fc.assert(
    fc.property(size, fc.nat(), channels, anyTurn, options, (sides, seed, samples, by, given) => {
      const [width, height] = sides as [number, number];
      // A picture on a plain ground, so that detectors find parts and measure their sides.
      const pixels = patches(width, height, seed, 9);
      const edge = Math.round(width / 7);
      for (let y = 0; y < height; y++) {
        pixels.data.fill(255, 3 * y * width, 3 * (y * width + edge));
        if (y < height / 9) pixels.data.fill(255, 3 * y * width, 3 * (y + 1) * width);
      }
      const [stored, moved] = bothWays(inChannels(pixels, samples), by, given);
      expect(stored).toEqual(moved);
    }),
    { numRuns: runs(24) },
  );
});
