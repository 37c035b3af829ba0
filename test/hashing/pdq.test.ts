import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { hashToHex, type Resample } from '../../src/hash.js';
import {
  bitsAbove,
  lowerMedian,
  type PdqOptions,
  pdq,
  qualityOf,
  rasterOf,
} from '../../src/hashing/pdq.js';
import { pdqDihedral } from '../../src/hashing/pdq-dihedral.js';
import { checkedPixels, type Pixels } from '../../src/pixels.js';
import { DIHEDRAL_NAMES } from '../../src/variant.js';
import { gradientPlane, pixelsOf } from '../arbitraries.js';
import { hexOfBits, naivePdq, quality } from '../oracles/pixels/pdq.js';
import { readPnm } from '../pictures/pnm.js';
import { isDeep, runs } from '../seed.js';

const FIXTURES = join(import.meta.dirname, '../../fixtures/pdq');

interface Expected {
  pdq: string;
  quality: number;
  dihedral: string[];
}
const expected: (Expected & { file: string; resized512?: Expected })[] = JSON.parse(
  readFileSync(join(FIXTURES, 'pixels.json'), 'utf8'),
);

const hexOf = (pixels: Pixels, options?: PdqOptions) => {
  const { hash, quality } = pdq(pixels, options);
  return { hex: hashToHex(hash), quality };
};

test('hash and quality of a picture', () => {
  const { hash, quality } = pdq(readPnm(join(FIXTURES, 'p39-photo-crop-194x329.pgm')));
  expect(hash.algorithm).toBe('pdq');
  expect(hash.bytes).toHaveLength(32);
  expect(quality).toBe(100);
});

test('a hash names the size convention it was made in', () => {
  for (const [width, height] of [
    [3, 3],
    [64, 64],
    [100, 80],
    [600, 20],
  ] as const) {
    const pixels = { data: new Uint8Array(width * height).fill(7), width, height };
    for (const exact of [true, false]) {
      expect(pdq(pixels, { exact }).resample).toBe(512);
      expect(pdqDihedral(pixels, { exact }).resample).toBe(512);
      for (const resample of [512, 'none'] as const) {
        expect(pdq(pixels, { resample, exact }).resample).toBe(resample);
        expect(pdqDihedral(pixels, { resample, exact }).resample).toBe(resample);
      }
    }
  }
});

describe.each([
  ['exact', true],
  ['by default', false],
])('fixtures/pdq, %s: bit for bit what the reference computes', (_, exact) => {
  test.each(expected)('$file', ({ file, resized512, ...whole }) => {
    const pixels = readPnm(join(FIXTURES, file));
    const conventions: [Resample, Expected][] = [['none', whole]];
    // Up to 512 pixels a side both conventions agree.
    conventions.push([512, resized512 ?? whole]);
    for (const [resample, wanted] of conventions) {
      expect(hexOf(pixels, { resample, exact })).toEqual({
        hex: wanted.pdq,
        quality: wanted.quality,
      });
      const { hashes } = pdqDihedral(pixels, { resample, exact });
      expect(DIHEDRAL_NAMES.map((name) => hashToHex(hashes[name]))).toEqual(wanted.dihedral);
    }
  });
});

describe('any pixels', () => {
  /**
   * Sides that reach every window up to 3, with noise or few values, so that ties and near ties
   * occur.
   */
  const hard = (maxSide: number) =>
    fc.tuple(pixelsOf(maxSide), fc.constantFrom(255, 255, 128, 1, 3)).map(([pixels, mask]) => ({
      ...pixels,
      data: pixels.data.map((value) => value & mask),
    }));

  test('exact and by default: hash and quality of the line-by-line twin; the pixels are only read', () => {
    fc.assert(
      fc.property(hard(90), (pixels) => {
        const before = pixels.data.slice();
        const wanted = naivePdq(pixels);
        expect(hexOf(pixels, { exact: true })).toEqual(wanted);
        expect(hexOf(pixels)).toEqual(wanted);
        expect(pixels.data).toEqual(before);
      }),
      { numRuns: runs(250) },
    );
  });

  test.each([
    [512, 512],
    [513, 512],
    [512, 511],
    [700, 5],
    [4, 700],
    [1000, 3],
    [650, 300],
    [64, 64],
    [257, 385],
  ])('%d x %d, in both size conventions', (width, height) => {
    const next = random(width * height);
    for (const channels of isDeep ? ([1, 3, 4] as const) : ([3] as const)) {
      const data = Uint8Array.from({ length: width * height * channels }, (_, i) =>
        channels === 1 ? (i >> 3) & 255 : next() & 255,
      );
      const pixels: Pixels = { data, width, height, channels };
      for (const resample of [512, 'none'] as const) {
        const wanted = naivePdq(pixels, resample);
        expect(hexOf(pixels, { resample, exact: true })).toEqual(wanted);
        expect(hexOf(pixels, { resample })).toEqual(wanted);
      }
    }
  });

  test('alpha is ignored; clamped arrays, shared memory and odd offsets give the same', () => {
    fc.assert(
      fc.property(pixelsOf(70, 3), fc.nat({ max: 7 }), fc.boolean(), (rgb, offset, wide) => {
        const { width, height } = rgb;
        // As many pixels as fit, to cover the word path of 512 x 512.
        const at = (i: number) => rgb.data[i % rgb.data.length]!;
        const [w, h] = wide ? [512, 512] : [width, height];
        const plain = new Uint8Array(w * h * 3).map((_, i) => at(i));
        const wanted = hexOf({ data: plain, width: w, height: h });
        const shared = new SharedArrayBuffer(w * h * 4 + offset);
        const rgba = new Uint8Array(shared, offset, w * h * 4);
        for (let i = 0; i < w * h; i++) {
          for (let c = 0; c < 3; c++) rgba[4 * i + c] = plain[3 * i + c]!;
          rgba[4 * i + 3] = (i * 89) & 255;
        }
        expect(hexOf({ data: rgba, width: w, height: h })).toEqual(wanted);
        const clamped = Uint8ClampedArray.from(rgba);
        expect(hexOf({ data: clamped, width: w, height: h })).toEqual(wanted);
        expect(hexOf({ data: clamped, width: w, height: h }, { exact: true })).toEqual(wanted);
      }),
      { numRuns: runs(20) },
    );
  });

  test('grey, and grey with alpha, are luma itself', () => {
    fc.assert(
      fc.property(pixelsOf(70, 1), (grey) => {
        const { width, height } = grey;
        const data = new Uint8Array(width * height * 2).map((_, i) =>
          i % 2 === 0 ? grey.data[i >> 1]! : (i * 31) & 255,
        );
        expect(hexOf({ data, width, height, channels: 2 })).toEqual(hexOf(grey));
      }),
      { numRuns: runs(100) },
    );
  });

  test('equal red, green and blue are luma itself for values whose three products sum to it', () => {
    const f = Math.fround;
    const whole = Array.from({ length: 256 }, (_, v) => v).filter(
      (v) => f(f(f(f(0.299) * v) + f(f(0.587) * v)) + f(f(0.114) * v)) === v,
    );
    expect(whole.length).toBeGreaterThan(100);
    expect(whole.length).toBeLessThan(256);
    const next = random(5);
    for (let n = 0; n < 50; n++) {
      const [width, height] = [5 + (next() % 90), 5 + (next() % 90)];
      const grey = new Uint8Array(width * height).map(() => whole[next() % whole.length]!);
      const rgb = new Uint8Array(3 * width * height).map((_, i) => grey[Math.floor(i / 3)]!);
      const exact = { exact: true };
      expect(hexOf({ data: rgb, width, height }, exact)).toEqual(
        hexOf({ data: grey, width, height }, exact),
      );
    }
  });
});

describe('small pictures', () => {
  test.each([
    [4, 4],
    [4, 500],
    [500, 4],
    [1, 1],
  ])('%d x %d: no bit, quality 0', (width, height) => {
    const next = random(1);
    const data = new Uint8Array(width * height).map(() => next() & 255);
    for (const exact of [true, false]) {
      expect(hexOf({ data, width, height }, { exact })).toEqual({
        hex: '0'.repeat(64),
        quality: 0,
      });
    }
  });

  test('a low picture over 512 pixels wide is hashed, because it is resampled first', () => {
    const next = random(1);
    const data = new Uint8Array(513 * 2).map(() => next() & 255);
    expect(hexOf({ data, width: 513, height: 2 }).hex).not.toBe('0'.repeat(64));
    expect(hexOf({ data, width: 513, height: 2 }, { resample: 'none' }).hex).toBe('0'.repeat(64));
  });
});

describe('hostile input', () => {
  const data = new Uint8Array(100);
  test.each<[string, unknown, unknown]>([
    ['no pixels', undefined, TypeError],
    ['an array of numbers', { data: [1, 2, 3, 4], width: 1, height: 1 }, TypeError],
    ['floats', { data: new Float32Array(100), width: 5, height: 5 }, TypeError],
    ['a buffer', { data: new ArrayBuffer(100), width: 5, height: 5 }, TypeError],
    ['too few samples', { data, width: 10, height: 11, channels: 1 }, RangeError],
    ['too many samples', { data, width: 3, height: 3 }, RangeError],
    ['five samples a pixel', { data, width: 5, height: 4 }, RangeError],
    ['half a pixel', { data, width: 0.5, height: 50 }, RangeError],
    ['a negative side', { data, width: -5, height: -5 }, RangeError],
    ['no side', { data: new Uint8Array(0), width: 0, height: 0 }, RangeError],
    ['not a number', { data, width: Number.NaN, height: 5 }, RangeError],
    ['sides past all memory', { data, width: 2 ** 40, height: 2 ** 40 }, RangeError],
    ['the wrong channels', { data, width: 5, height: 5, channels: 3 }, RangeError],
  ])('%s', (_, pixels, error) => {
    expect(() => pdq(pixels as Pixels)).toThrow(error as typeof Error);
    expect(() => pdqDihedral(pixels as Pixels)).toThrow(error as typeof Error);
  });

  test('an unknown size convention', () => {
    for (const resample of [256, '512', null]) {
      const options = { resample } as unknown as PdqOptions;
      expect(() => pdq({ data, width: 5, height: 5 }, options)).toThrow(RangeError);
      expect(() => pdqDihedral({ data, width: 5, height: 5 }, options)).toThrow(RangeError);
    }
  });
});

describe('the steps', () => {
  test('up to 512 a side, or without resampling: all rows and columns', () => {
    fc.assert(
      fc.property(pixelsOf(40), fc.constantFrom<512 | 'none'>(512, 'none'), (pixels, resample) => {
        const { columns, rows, stride, channels } = rasterOf(checkedPixels(pixels), resample);
        expect([...columns]).toEqual([...columns.keys()]);
        expect([...rows]).toEqual([...rows.keys()]);
        expect([columns.length, rows.length]).toEqual([pixels.width, pixels.height]);
        expect([stride, channels]).toEqual([pixels.width, pixels.channels]);
      }),
    );
  });

  test('a side over 512: 512 of each, at floor(x · side / 512); a short side is enlarged', () => {
    const pixels = { data: new Uint8Array(1025 * 3), width: 1025, height: 3 };
    const { columns, rows } = rasterOf(checkedPixels(pixels), 512);
    expect(columns).toHaveLength(512);
    expect([columns[0], columns[1], columns[511]]).toEqual([0, 2, 1022]);
    expect([rows[170], rows[171], rows[341], rows[342], rows[511]]).toEqual([0, 1, 1, 2, 2]);
  });

  test('samples and words are views, words only if four samples are aligned', () => {
    const buffer = new ArrayBuffer(4 * 36 + 4);
    for (const offset of [0, 1, 2, 3, 4]) {
      const pixels = { data: new Uint8Array(buffer, offset, 4 * 36), width: 6, height: 6 };
      const { bytes, words } = rasterOf(checkedPixels(pixels), 512);
      expect([bytes.buffer, bytes.byteOffset, bytes.length]).toEqual([buffer, offset, 144]);
      expect(words?.byteOffset).toBe(offset % 4 === 0 ? offset : undefined);
    }
    const rgb = rasterOf(checkedPixels({ data: new Uint8Array(108), width: 6, height: 6 }), 512);
    expect(rgb.words).toBeNull();
  });

  test('quality of any plane, as by the line-by-line twin', () => {
    const told = new Set<number>();
    fc.assert(
      fc.property(gradientPlane, (values) => {
        told.add(quality(values));
        expect(qualityOf(values)).toBe(quality(values));
      }),
      { numRuns: runs(200) },
    );
    expect(told.size).toBeGreaterThan(runs(20));
  });

  test('median: the 128th smallest of 256', () => {
    expect(lowerMedian(Float64Array.from({ length: 256 }, (_, i) => (i * 77) % 256))).toBe(127);
  });

  test('median of any values, tied or sorted too, as by sorting; values are only read', () => {
    const value = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.double({ noNaN: true }).map((x) => x + 0),
    );
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 256, maxLength: 256 }),
        fc.constantFrom(0, 1, -1),
        (list, order) => {
          const values = Float64Array.from(list);
          if (order !== 0) values.sort((a, b) => order * (a - b));
          const before = values.slice();
          expect(lowerMedian(values) + 0).toBe(values.slice().sort()[127]! + 0);
          expect(values).toEqual(before);
        },
      ),
      { numRuns: runs(1000) },
    );
  });

  test('bit 16 i + j is coefficient (i, j); the number is written from bit 255 down', () => {
    const coefficients = new Float64Array(256);
    coefficients[0] = 1;
    coefficients[255] = 1;
    const hash = bitsAbove(coefficients, -1)!;
    expect(hashToHex(hash)).toBe(`8${'0'.repeat(62)}1`);
  });

  test('any coefficients, with ties: the bits of the line-by-line twin, in new bytes each time', () => {
    const value = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(value, { minLength: 256, maxLength: 256 }), (list) => {
        const coefficients = Float64Array.from(list);
        const hash = bitsAbove(coefficients, -1)!;
        expect(hashToHex(hash)).toBe(hexOfBits(coefficients));
        expect(bitsAbove(coefficients, -1)!.bytes).not.toBe(hash.bytes);
      }),
      { numRuns: runs(500) },
    );
  });

  test('in doubt if another coefficient is within the band around the median', () => {
    const apart = Float64Array.from({ length: 256 }, (_, i) => (i * 101) % 256);
    const median = apart.indexOf(127);
    expect(bitsAbove(apart, 0.02)).toBeDefined();
    for (const [near, inDoubt] of [
      [0.02, true],
      [-0.02, true],
      [0.021, false],
      [-0.021, false],
      [0, true],
    ] as const) {
      const close = apart.slice();
      // 126 and 128 keep their side of the median.
      close[apart.indexOf(near < 0 ? 126 : 128)] = 127 + near;
      close[median] = 127;
      expect(bitsAbove(close, 0.0200001) === undefined).toBe(inDoubt);
    }
  });
});
