import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bmvbhash } from 'blockhash-core';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { hashToHex } from '../../src/hash.js';
import { blockhash } from '../../src/hashing/blockhash.js';
import type { Channels, Pixels } from '../../src/pixels.js';
import { pixelsOf } from '../arbitraries.js';
import { PICTURE_KINDS, picture } from '../pictures/pictures.js';
import { ROOT } from '../project/package.js';
import { isDeep, runs } from '../seed.js';

/** Any picture as the RGBA that blockhash-core reads. */
function toRgba({ data, width, height, channels = 4 }: Pixels): Pixels {
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const at = i * channels;
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = data[channels < 3 ? at : at + c]!;
    rgba[4 * i + 3] = channels % 2 === 0 ? data[at + channels - 1]! : 255;
  }
  return { data: rgba, width, height, channels: 4 };
}

/** The hash by blockhash-core. */
type Width = 64 | 256;
const oracle = (pixels: Pixels, bits: Width) =>
  bmvbhash(toRgba(pixels) as Parameters<typeof bmvbhash>[0], Math.sqrt(bits));

const ours = (pixels: Pixels, bits: Width) => hashToHex(blockhash(pixels, { bits }).hash);

const BITS: Width[] = [64, 256];
const PHOTOS = join(ROOT, 'fixtures/photos');
/** The deep run takes every size and place. */
const STEP = isDeep ? 1 : 4;

test('a picture gives a hash of 256 bits by default', () => {
  const pixels = picture('noise', 40, 30);
  const { hash } = blockhash(pixels);
  expect(hash.algorithm).toBe('blockhash');
  expect(hash.bytes).toHaveLength(32);
  expect(hashToHex(hash)).toBe(oracle(pixels, 256));
  expect(blockhash(pixels, { bits: 64 }).hash.bytes).toHaveLength(8);
});

describe('the hash is that of blockhash-core', () => {
  test.each(PICTURE_KINDS)('on sizes of 1 to 40 pixels a side: %s', (kind) => {
    const wrong: string[] = [];
    for (let width = 1; width <= 40; width++) {
      for (let height = 1 + (width % STEP); height <= 40; height += STEP) {
        const pixels = picture(kind, width, height, 41 * width + height);
        for (const bits of BITS) {
          if (ours(pixels, bits) !== oracle(pixels, bits)) wrong.push(`${width} x ${height}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test('on larger pictures of even and odd sizes', () => {
    const next = random(7);
    const sizes = [
      [512, 512],
      [511, 509],
      [1023, 767],
      [1024, 768],
      [4111, 20],
      [3, 2000],
    ];
    while (sizes.length < 6 + runs(34)) sizes.push([41 + (next() % 500), 41 + (next() % 500)]);
    for (const [at, [width, height]] of sizes.entries()) {
      const pixels = picture(PICTURE_KINDS[at % PICTURE_KINDS.length]!, width!, height!, at);
      for (const bits of BITS)
        expect(ours(pixels, bits), `${width} x ${height}`).toBe(oracle(pixels, bits));
    }
  });

  test('with one transparent pixel somewhere', () => {
    for (const [width, height] of [
      [32, 32],
      [35, 33],
    ] as const) {
      for (let at = 0; at < width * height; at += 3 * STEP - 2) {
        const { data, ...shape } = picture('gradient', width, height);
        data[4 * at + 3] = 0;
        for (const bits of BITS)
          expect(ours({ data, ...shape }, bits)).toBe(oracle({ data, ...shape }, bits));
      }
    }
  });

  test('on any pixels of 1 to 4 channels', () => {
    fc.assert(
      fc.property(pixelsOf(48), fc.constantFrom(...BITS), (pixels, bits) => {
        const before = pixels.data.slice();
        expect(ours(pixels, bits)).toBe(oracle(pixels, bits));
        expect(pixels.data).toEqual(before);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('if the pixels begin at any byte of their buffer', () => {
    const { data, width, height } = picture('noise', 37, 41);
    for (let offset = 0; offset < 5; offset++) {
      const moved = new Uint8Array(data.length + offset).subarray(offset);
      moved.set(data);
      expect(ours({ data: moved, width, height }, 256)).toBe(
        oracle({ data, width, height, channels: 4 }, 256),
      );
    }
  });

  test.each(
    readdirSync(PHOTOS)
      .filter((name) => name.endsWith('.jpg'))
      .filter((_, at) => at % STEP === 0),
  )('on the photo %s', async (name) => {
    const file = readFileSync(join(PHOTOS, name));
    for (const decoder of [
      sharp(file),
      sharp(file).ensureAlpha(),
      sharp(file).resize(333, 251, { fit: 'fill' }),
      sharp(file).greyscale(),
    ]) {
      const { data, info } = await decoder.raw().toBuffer({ resolveWithObject: true });
      const { width, height } = info;
      const pixels = { data, width, height, channels: info.channels as Channels };
      for (const bits of BITS) expect(ours(pixels, bits)).toBe(oracle(pixels, bits));
    }
  });
});

test('refuses other hash widths and inconsistent pixels', () => {
  const pixels = picture('flat', 4, 4);
  expect(() => blockhash(pixels, { bits: 128 as Width })).toThrow(RangeError);
  expect(() => blockhash({ ...pixels, width: 5 })).toThrow(RangeError);
  expect(() => blockhash({ ...pixels, data: [] as never })).toThrow(TypeError);
});
