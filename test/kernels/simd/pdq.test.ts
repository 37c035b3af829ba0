import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../../bench/workloads.js';
import { bitsAbove, dct, jaroszFilter } from '../../../src/hashing/pdq.js';
import { qualityWithin, tentPlane } from '../../../src/hashing/pdq-fast.js';
import { bitsByKernels } from '../../../src/kernels/pdq/ranks.js';
import type { Raster } from '../../../src/kernels/pixels/luma.js';
import {
  beside,
  hasKernels,
  inArena,
  inJavaScript,
  kernelsOf,
} from '../../../src/kernels/simd/arena.js';
import { TENT_KERNELS } from '../../../src/kernels/simd/tents.js';
import type { Pixels } from '../../../src/pixels.js';
import { gradientPlane } from '../../arbitraries.js';
import { decimate, lumaPlane, tentFilter } from '../../oracles/pixels/pdq.js';
import { lumaRows, tentPlane as naivePlane } from '../../oracles/pixels/tent.js';
import { runs } from '../../seed.js';

test('this machine has SIMD, so the properties below compare two forms', () => {
  expect(hasKernels()).toBe(true);
  inArena((arena) => {
    expect(kernelsOf(arena.take(Uint8Array, 1), TENT_KERNELS)).toBeDefined();
  });
});

/** A side, and the places of so many pixels in a line of `length`, from either end. */
const line = (most: number) =>
  fc
    .tuple(
      fc.oneof(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 71, max: most })),
      fc.integer({ min: 0, max: 9 }),
      fc.boolean(),
      fc.boolean(),
    )
    .map(([length, before, isReversed, isTaken]) => {
      const count = isTaken ? 512 : Math.min(length, 512);
      const at = Int32Array.from({ length: count }, (_, x) => Math.floor((x * length) / count));
      const places = at.map((place) => before + (isReversed ? length - 1 - place : place));
      return { full: before + length + (before % 3), places };
    });

/** Rasters of all channel counts, with odd strides, mirrored or resampled or not. */
const rasters = (most: number): fc.Arbitrary<Raster> =>
  fc
    .record({
      across: line(most),
      down: line(most),
      channels: fc.constantFrom(1, 2, 3, 4),
      kind: fc.constantFrom('noise', 'white', 'flat', 'stripes'),
      seed: fc.integer(),
      byWords: fc.boolean(),
    })
    .map(({ across, down, channels, kind, seed, byWords }) => {
      const bytes = new Uint8Array(across.full * down.full * channels);
      let state = seed | 1;
      for (let i = 0; i < bytes.length; i++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
        if (kind === 'noise') bytes[i] = state >>> 24;
        else if (kind === 'stripes') bytes[i] = (i >> 4) & 1 ? 255 : seed & 127;
        else bytes[i] = kind === 'white' ? 255 : seed & 255;
      }
      const words = channels === 4 && byWords ? new Int32Array(bytes.buffer) : null;
      const { places: columns } = across;
      return { bytes, words, channels, stride: across.full, columns, rows: down.places };
    });

/** The places at which two arrays differ. */
const differences = (a: ArrayLike<number>, b: ArrayLike<number>): number[] =>
  Array.from({ length: a.length }, (_, i) => i).filter((i) => !Object.is(a[i], b[i]));

/** What a work with an array in an arena leaves in it. */
const filled = (length: number, work: (out: Float64Array) => void): Float64Array =>
  inArena((arena) => {
    const out = arena.take(Float64Array, length);
    work(out);
    return out.slice();
  });

describe('the short cut from pixels to the plane', () => {
  test('is the same with kernels and without, and near the two boxes', () => {
    fc.assert(
      fc.property(rasters(600), (raster) => {
        const { bytes, channels, stride, columns, rows } = raster;
        const before = bytes.slice();
        const fast = filled(64 * 64, (out) => tentPlane(raster, out));
        const plain = inJavaScript(() => filled(64 * 64, (out) => tentPlane(raster, out)));
        expect(differences(fast, plain)).toEqual([]);
        expect(Buffer.compare(bytes, before)).toBe(0);
        if (columns.length < 5 || rows.length < 5 || columns.length * rows.length > 6000) return;
        const wanted = naivePlane(lumaRows(bytes, channels, stride, columns, rows));
        const worst = wanted.reduce(
          (most, value, at) => Math.max(most, Math.abs(value - fast[at]!)),
          0,
        );
        expect(worst).toBeLessThan(1e-10);
      }),
      { numRuns: runs(200) },
    );
  });

  test('is exact where the picture is flat', () => {
    const columns = Int32Array.from({ length: 512 }, (_, x) => x);
    const bytes = new Uint8Array(512 * 512).fill(201);
    const raster = { bytes, words: null, channels: 1, stride: 512, columns, rows: columns };
    expect(new Set(filled(64 * 64, (out) => tentPlane(raster, out)))).toEqual(new Set([201]));
  });
});

describe('bits and ranks', () => {
  const value = fc.oneof(
    fc.double({ min: -1e4, max: 1e4, noNaN: true }),
    fc.integer({ min: -40, max: 40 }),
    fc.constantFrom(0, -0, 1e-40, -1e-40, 1e38, 12.5, 12.500001, -12.5),
  );
  const many = (each: fc.Arbitrary<number>) =>
    fc.array(each, { minLength: 256, maxLength: 256, size: 'max' });
  // Drawn one by one, values come out alike too often.
  const apart = fc
    .tuple(fc.integer(), fc.constantFrom([1e3, 0] as const, [1, 0] as const, [0.02, 12.5] as const))
    .map(([seed, [scale, centre]]) => {
      const next = random(seed);
      return Array.from({ length: 256 }, () => (next() / 2 ** 32 - 0.5) * scale + centre);
    });
  const coefficients = fc.oneof(apart, many(value)).map((values) => Float64Array.from(values));
  const read = (values: Float64Array, band: number) => {
    const ranks = new Uint8Array(256);
    let bytes: Uint8Array | undefined;
    filled(256, (inside) => {
      inside.set(values);
      bytes = bitsAbove(inside, band, ranks)?.bytes;
      expect(differences(inside, values)).toEqual([]);
    });
    return { bytes, ranks };
  };

  test('are those of a sort', () => {
    let byKernels = 0;
    fc.assert(
      fc.property(coefficients, fc.constantFrom(-1, 0, 0.025, 5), (values, band) => {
        const both = read(values, band);
        expect(both).toEqual(inJavaScript(() => read(values, band)));
        const median = [...values].sort((a, b) => a - b)[127]!;
        const near = values.filter((each) => Math.abs(each - median) <= band).length;
        expect(both.bytes === undefined).toBe(near > 1);
        if (near > 1) return;
        const bits = [...values].map((each): number => (each > median ? 1 : 0));
        const bytes = Array.from({ length: 32 }, (_, i) =>
          bits.slice(8 * (31 - i), 8 * (32 - i)).reduce((sum, bit, at) => sum + bit * 2 ** at, 0),
        );
        expect([...both.bytes!]).toEqual(bytes);
        inArena((arena) => {
          const inside = arena.take(Float64Array, 256);
          inside.set(values);
          const out = new Uint8Array(32);
          if (bitsByKernels(inside, band, out, undefined) === true) byKernels++;
        });
      }),
      { numRuns: runs(400) },
    );
    expect(byKernels).toBeGreaterThan(runs(400) / 10);
  });
});

test('quality is the same with kernels and without', () => {
  const sums = new Set<number>();
  fc.assert(
    fc.property(gradientPlane, fc.constantFrom(0, 0.004, 0.5), (values, band) => {
      const quality = () => {
        let got = 0;
        filled(64 * 64, (plane) => {
          plane.set(values);
          got = qualityWithin(plane, band);
        });
        return got;
      };
      expect(quality()).toBe(inJavaScript(quality));
      sums.add(quality());
    }),
    { numRuns: runs(300) },
  );
  expect(sums.size).toBeGreaterThan(6);
});

describe('the order of the reference', () => {
  test('its filter is the same with kernels and without, and as its own code', () => {
    fc.assert(
      fc.property(rasters(700), (raster) => {
        if (raster.columns.length < 5 || raster.rows.length < 5) return;
        const run = () => filled(64 * 64, (out) => jaroszFilter(raster, out));
        const fast = run();
        expect(differences(fast, inJavaScript(run))).toEqual([]);
        const { bytes, channels, stride, columns, rows } = raster;
        if (columns.length * rows.length > 6000) return;
        // The picture that the raster sees.
        const data = new Uint8Array(columns.length * rows.length * channels);
        let to = 0;
        for (const row of rows) {
          for (const column of columns) {
            for (let c = 0; c < channels; c++)
              data[to++] = bytes[(row * stride + column) * channels + c]!;
          }
        }
        const pixels = { data, width: columns.length, height: rows.length, channels };
        const wanted = decimate(tentFilter(lumaPlane(pixels as Pixels, 'none')));
        expect(differences(fast, wanted)).toEqual([]);
      }),
      { numRuns: runs(200) },
    );
  });

  test('large pictures that do not fit into an arena are filtered without kernels', () => {
    const columns = Int32Array.from({ length: 40_000 }, (_, x) => Math.floor((x * 3) / 400));
    const rows = Int32Array.from({ length: 6 }, (_, y) => y);
    const bytes = Uint8Array.from({ length: 1800 }, (_, i) => (i * 7919) >> 3);
    const raster = { bytes, words: null, channels: 1, stride: 300, columns, rows };
    const run = () =>
      filled(64 * 64, (out) => {
        beside(out, Uint8Array, 31 * 2 ** 20);
        jaroszFilter(raster, out);
      });
    expect(differences(run(), inJavaScript(run))).toEqual([]);
  });

  test('its DCT is the same with kernels and without', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1, 255, 1e-6), (seed, scale) => {
        const next = random(seed);
        const run = (plane: Float64Array) =>
          filled(256, (out) => {
            const inside = beside(out, Float64Array, 4096);
            inside.set(plane);
            dct(inside, out);
          });
        const plane = Float64Array.from({ length: 4096 }, () =>
          Math.fround((next() / 2 ** 32) * scale),
        );
        const plain = inJavaScript(() => run(plane));
        expect(differences(run(plane), plain)).toEqual([]);
      }),
      { numRuns: runs(60) },
    );
  });
});
