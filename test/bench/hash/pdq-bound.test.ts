import { describe, expect, test } from 'vitest';
import { roundingBound } from '../../../bench/hash/pdq-bound.js';
import { hardPicture } from '../../../bench/hash/pdq-images.js';
import { random } from '../../../bench/workloads.js';
import { dct, jaroszFilter, rasterOf } from '../../../src/hashing/pdq.js';
import {
  COEFFICIENT_BAND,
  DIFFERENCE_BAND,
  fastCoefficients,
  tentPlane,
} from '../../../src/hashing/pdq-fast.js';
import { boxAhead, boxWindow } from '../../../src/kernels/pdq/box-filter.js';
import { checkedPixels, type Pixels } from '../../../src/pixels.js';
import { boxLine } from '../../oracles/pixels/pdq.js';

const round = Math.fround;
const WEIGHTS = [round(0.299), round(0.587), round(0.114)] as const;
const luma = (red: number, green: number, blue: number) =>
  round(round(round(WEIGHTS[0] * red) + round(WEIGHTS[1] * green)) + round(WEIGHTS[2] * blue));

/** The colour, out of `tries` random ones, that moves the running sum of a box farthest one way. */
function farthest(sum: number, oldest: number, sign: number, tries: number, next: () => number) {
  let most = Number.NEGATIVE_INFINITY;
  let best = { colour: [0, 0, 0], value: 0, sum: 0 };
  for (let n = 0; n < tries; n++) {
    const word = next();
    const colour = [90 + (word & 127), 90 + ((word >> 8) & 127), 90 + ((word >> 16) & 127)];
    const value = luma(colour[0]!, colour[1]!, colour[2]!);
    const after = round(round(sum + value) - oldest);
    const error = sign * (after - (sum + value - oldest));
    if (error > most) {
      most = error;
      best = { colour, value, sum: after };
    }
  }
  return best;
}

/** A row whose roundings all drift one way in the first pass: colours, and their luma. */
function drifting(length: number, sign: number, next: () => number, tries = 60) {
  const window = boxWindow(length);
  const colours: number[] = [];
  const line: number[] = [];
  for (let x = 0, sum = 0; x < length; x++) {
    const oldest = x < window ? 0 : line[x - window]!;
    const best = farthest(sum, oldest, sign, tries, next);
    sum = best.sum;
    line.push(best.value);
    colours.push(...best.colour);
  }
  return { colours, line };
}

/**
 * The largest error of the reference's plane and of its coefficients, each as a share of its bound.
 */
function shares(pixels: Pixels, resample: 512 | 'none') {
  const raster = rasterOf(checkedPixels(pixels), resample);
  const bound = roundingBound(raster.columns.length, raster.rows.length, raster.channels > 2);
  const [fast, exact] = [new Float64Array(4096), new Float64Array(4096)];
  tentPlane(raster, fast);
  jaroszFilter(raster, exact);
  const ours = fastCoefficients(fast);
  const theirs = new Float64Array(256);
  dct(exact, theirs);
  const share = (a: Float64Array, b: Float64Array, limit: Float64Array) =>
    Math.max(...a.map((value, i) => Math.abs(value - b[i]!) / limit[i]!));
  return {
    plane: share(fast, exact, bound.plane),
    coefficients: share(ours, theirs, bound.coefficients),
    error: Math.max(...ours.map((value, i) => Math.abs(value - theirs[i]!))),
  };
}

describe("the proven bound of the reference's float32 errors", () => {
  test('is far wider than the measured bands, as their comments state', () => {
    const { coefficients, difference, gap, plane } = roundingBound(512, 512, true);
    expect(Math.max(...plane)).toBeCloseTo(0.049, 3);
    expect(Math.max(...coefficients)).toBeCloseTo(1.31, 2);
    expect(gap).toBeCloseTo(2.62, 2);
    expect(gap / COEFFICIENT_BAND).toBeGreaterThan(100);
    expect(difference / DIFFERENCE_BAND).toBeGreaterThan(24);
    expect(() => roundingBound(30_000, 30_000, true)).toThrow(RangeError);
  });

  test('luma: every colour of a grid of 32 values', () => {
    const values = Array.from({ length: 32 }, (_, i) => (i * 255) / 31).map(Math.round);
    const bound = roundingBound(64, 64, true).luma;
    let most = 0;
    for (const red of values) {
      for (const green of values) {
        for (const blue of values) {
          const exact = WEIGHTS[0] * red + WEIGHTS[1] * green + WEIGHTS[2] * blue;
          most = Math.max(most, Math.abs(luma(red, green, blue) - exact));
        }
      }
    }
    expect(most).toBeLessThanOrEqual(bound);
    expect(most).toBeGreaterThan(bound / 4);
  });

  // Windows of 1, 2, 4 and 6; the last is no power of two.
  test.each([64, 200, 512, 700])(
    'a pass along %d samples: random rows, and rows made to drift one way',
    (length) => {
      const next = random(length);
      const bound = roundingBound(length, length, true).across;
      const ahead = boxAhead(boxWindow(length));
      let most = 0;
      for (let n = 0; n < 24; n++) {
        const line =
          n < 8
            ? Array.from({ length }, () => round((next() / 2 ** 32) * 255))
            : drifting(length, n & 1 ? 1 : -1, next).line;
        for (const [at, value] of boxLine(line, boxWindow(length)).entries()) {
          const box = line.slice(Math.max(at + ahead - boxWindow(length), 0), at + ahead);
          const exact = box.reduce((sum, sample) => sum + sample, 0) / box.length;
          const error = Math.abs(value - exact);
          expect(error).toBeLessThanOrEqual(bound[at]!);
          if (bound[at]! > 0) most = Math.max(most, error / bound[at]!);
        }
      }
      // The bound is not idle: half of it would not hold.
      expect(most).toBeGreaterThan(0.5);
    },
  );

  test('planes and coefficients of 300 hard pictures, in both size conventions', () => {
    let seen = 0;
    for (let n = 0; seen < 300; n++) {
      const { pixels } = hardPicture(n, []);
      if (pixels.width < 5 || pixels.height < 5) continue;
      seen++;
      const large = pixels.width > 512 || pixels.height > 512;
      for (const resample of large ? ([512, 'none'] as const) : ([512] as const)) {
        const { plane, coefficients } = shares(pixels, resample);
        expect(plane).toBeLessThanOrEqual(1);
        expect(coefficients).toBeLessThanOrEqual(1);
      }
    }
  });

  test('a picture made to drift: within the bound, but beyond the measured band', () => {
    const side = 512;
    const next = random(2);
    // The errors of the rows change sign with the cosine of the second coefficient, where they add
    // up.
    const rows = Array.from({ length: side }, (_, y) =>
      drifting(side, Math.cos((2 * Math.PI * (y + 0.5)) / side) > 0 ? 1 : -1, next, 12),
    );
    const data = Uint8Array.from(rows.flatMap(({ colours }) => colours));
    const { plane, coefficients, error } = shares({ data, width: side, height: side }, 512);
    expect(plane).toBeLessThanOrEqual(1);
    expect(coefficients).toBeLessThanOrEqual(1);
    expect(error).toBeGreaterThan(0.06);
    expect(COEFFICIENT_BAND).toBeLessThan(0.06);
  });
});
