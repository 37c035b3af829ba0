import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { halve } from '../../../src/kernels/pixels/plane.js';
import {
  gridAxis,
  placeOnLine,
  soften,
  softGrid,
  turnedGrid,
  uprightGrid,
} from '../../../src/kernels/pixels/tent-grid.js';
import { type Arena, kernelsOf } from '../../../src/kernels/simd/arena.js';
import { GRID_KERNELS } from '../../../src/kernels/simd/grids.js';
import { runs } from '../../seed.js';
import {
  differenceOf,
  expectSame,
  inGuardedArena,
  lumaOf,
  type Make,
  seeds,
  sides,
} from './guarded.js';

type Size = { readonly width: number; readonly height: number };
type Kernel = readonly number[];
type At = (x: number, y: number) => number;

test('these tests run kernels', () => {
  inGuardedArena((make) =>
    expect(kernelsOf(make(new Float32Array(1)), GRID_KERNELS)).toBeDefined(),
  );
});

/** The pixels of a plane, whose last ones count beyond it. */
const pixelsOf =
  (luma: Float32Array, { width, height }: Size): At =>
  (x, y) =>
    luma[Math.max(0, Math.min(y, height - 1)) * width + Math.max(0, Math.min(x, width - 1))]!;

/** One row after another. */
const grid = <T>(width: number, height: number, value: (x: number, y: number) => T): T[] =>
  Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));

test('halve: the same means, of odd and even sides', () => {
  fc.assert(
    fc.property(sides, seeds, (size, seed) => {
      const { width, height } = size;
      const luma = lumaOf(width, height, seed);
      const [across, down] = [Math.ceil(width / 2), Math.ceil(height / 2)];
      expectSame(
        (make) => {
          const plane = make(luma);
          const out = make(new Float32Array(across * down).fill(Number.NaN));
          halve(plane, width, height, out);
          return [out, plane];
        },
        () => {
          const at = pixelsOf(luma, size);
          const mean = (x: number, y: number) =>
            Math.fround((at(x, y) + at(x + 1, y) + at(x, y + 1) + at(x + 1, y + 1)) / 4);
          return [grid(across, down, (x, y) => mean(2 * x, 2 * y)), luma];
        },
      );
    }),
    { numRuns: runs(300) },
  );
});

/** Weights of a pixel, its neighbours and theirs: none, of one neighbour, of two. */
const weights = fc.oneof(
  fc.constant([1, 0, 0]),
  fc.double({ min: 0.01, max: 0.5, noNaN: true }).map((spread) => [1 - spread, spread / 2, 0]),
  fc
    .double({ min: 0.01, max: 1, noNaN: true })
    .map((wide) => [0.5 - 0.3 * wide, 0.25 - 0.05 * wide, 0.2 * wide]),
);

/** Weighted mean of five; order matters. */
const five = ([w0, w1, w2]: readonly number[], value: (away: number) => number) =>
  w0! * value(0) + w1! * (value(-1) + value(1)) + w2! * (value(-2) + value(2));

/** A mean of float32 along each row, then along each column of these. */
function softenTwin(luma: Float32Array, size: Size, across: Kernel, down: Kernel) {
  const at = pixelsOf(luma, size);
  const mixed = Float32Array.from(
    grid(size.width, size.height, (x, y) => five(across, (away) => at(x + away, y))),
  );
  const mixedAt = pixelsOf(mixed, size);
  return grid(size.width, size.height, (x, y) =>
    Math.fround(five(down, (away) => mixedAt(x, y + away))),
  );
}

describe('soften', () => {
  const softened = (luma: Float32Array, size: Size, across: Kernel, down: Kernel, make: Make) => {
    const plane = { luma: make(luma), ...size };
    const out = make(new Float32Array(luma.length).fill(Number.NaN));
    soften(plane, Float64Array.from(across), Float64Array.from(down), out);
    return [out, plane.luma];
  };

  test('the same planes, in either direction', () => {
    fc.assert(
      fc.property(sides, weights, weights, seeds, (size, across, down, seed) => {
        const luma = lumaOf(size.width, size.height, seed);
        expectSame(
          (make) => softened(luma, size, across, down, make),
          () => [softenTwin(luma, size, across, down), luma],
        );
      }),
      { numRuns: runs(300) },
    );
  });

  test.each([6199, 6200, 6201])('a plane %i pixels wide', (width) => {
    const size = { width, height: 3 };
    const luma = lumaOf(width, 3, 33);
    expectSame(
      (make) => softened(luma, size, [0.3, 0.2, 0.15], [0.3, 0.2, 0.15], make),
      () => [softenTwin(luma, size, [0.3, 0.2, 0.15], [0.3, 0.2, 0.15]), luma],
    );
  });
});

/** Places that rise or fall, dense or far apart, on a plane or beside it. */
const placesOn = (length: number) =>
  fc
    .tuple(
      fc.double({ min: -0.6, max: 1.6, noNaN: true }),
      fc.oneof(fc.double({ min: -2.2, max: 2.2, noNaN: true }), fc.constantFrom(0, 1, -1)),
      fc.boolean(),
    )
    .map(([start, span, isWhole]) => {
      const places = Float64Array.from(
        { length: 64 },
        (_, i) => length * start + (i * length * span) / 64,
      );
      // Samples exactly on pixels, too.
      return isWhole ? places.map(Math.round) : places;
    });

const cases = sides.chain((size) =>
  fc.record({
    size: fc.constant(size),
    xs: placesOn(size.width),
    ys: placesOn(size.height),
    luma: seeds.map((seed) => lumaOf(size.width, size.height, seed)),
  }),
);

/** An axis as `gridAxis` lays it out. */
function axisOf(places: Float64Array, length: number, make: Make) {
  const axis = gridAxis((_, count) => make(new Float64Array(count)) as never);
  placeOnLine(places, length, axis);
  return axis;
}

/** The pixel before a place on a line, and the share of the one after. */
function placeTwin(place: number, length: number): { before: number; share: number } {
  const inside = Math.max(0, Math.min(place, length - 1));
  return { before: Math.floor(inside), share: inside - Math.floor(inside) };
}

const newGrid = (make: Make) => make(new Float64Array(4096).fill(Number.NaN));

test('uprightGrid: the same samples, inside the plane and beside it', () => {
  fc.assert(
    fc.property(cases, ({ size, xs, ys, luma }) => {
      expectSame(
        (make) => {
          const plane = { luma: make(luma), ...size };
          const [across, down] = [axisOf(xs, size.width, make), axisOf(ys, size.height, make)];
          const out = newGrid(make);
          uprightGrid(plane, across, down, out);
          return [out, plane.luma];
        },
        () => {
          const at = pixelsOf(luma, size);
          const sample = (i: number, j: number) => {
            const x = placeTwin(xs[i]!, size.width);
            const y = placeTwin(ys[j]!, size.height);
            const column = (away: number) =>
              (1 - y.share) * at(x.before + away, y.before) +
              y.share * at(x.before + away, y.before + 1);
            return column(0) + x.share * (column(1) - column(0));
          };
          return [grid(64, 64, sample), luma];
        },
      );
    }),
    { numRuns: runs(160) },
  );
});

test('turnedGrid: the same samples, at any angle', () => {
  const turns = fc.record({
    left: fc.double({ min: -80, max: 700, noNaN: true }),
    top: fc.double({ min: -80, max: 700, noNaN: true }),
    angle: fc.oneof(fc.double({ min: -4, max: 4, noNaN: true }), fc.constantFrom(0, Math.PI / 2)),
  });
  fc.assert(
    fc.property(cases, turns, ({ size, xs, ys, luma }, { left, top, angle }) => {
      const { width, height } = size;
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
      // Most turns have their centre in the plane.
      const turn = { left: left % width, top: top % height, cosine, sine };
      const before = luma.slice();
      expectSame(
        (make) => {
          const plane = { luma: make(luma), ...size };
          const out = newGrid(make);
          turnedGrid(plane, turn, make(xs), make(ys), out);
          return [out, plane.luma];
        },
        () => {
          const at = pixelsOf(luma, size);
          const sample = (i: number, j: number) => {
            const x = placeTwin(turn.left - ys[j]! * sine + xs[i]! * cosine, width);
            const y = placeTwin(turn.top + ys[j]! * cosine + xs[i]! * sine, height);
            const row = (down: number) => {
              const [one, other] = [0, 1].map((right) => at(x.before + right, y.before + down));
              return one! + x.share * (other! - one!);
            };
            return row(0) + y.share * (row(1) - row(0));
          };
          return [grid(64, 64, sample), before];
        },
      );
    }),
    { numRuns: runs(160) },
  );
});

/**
 * Weights of six pixels, from two before the pixel before a place: those of that pixel's mean and
 * of the next one's, by their shares.
 */
const tapsTwin = (share: number, kernel: readonly number[]) =>
  [-2, -1, 0, 1, 2, 3].map((away) => {
    const ofBefore = (1 - share) * (kernel[Math.abs(away)] ?? 0);
    return ofBefore + share * (kernel[Math.abs(away - 1)] ?? 0);
  });

const sumOf = (terms: readonly number[]) => terms.reduce((sum, term) => sum + term);

function softGridTwin(
  luma: Float32Array,
  size: Size,
  [xs, ys]: readonly [Float64Array, Float64Array],
  [across, down]: readonly [Kernel, Kernel],
) {
  const at = pixelsOf(luma, size);
  return Array.from(ys).flatMap((place) => {
    const row = placeTwin(place, size.height);
    const taps = tapsTwin(row.share, down);
    const line = grid(size.width, 1, (x) =>
      sumOf(taps.map((weight, i) => weight * at(x, row.before + i - 2))),
    );
    return Array.from(xs, (across_) => {
      const column = placeTwin(across_, size.width);
      const pixel = (x: number) => line[Math.max(0, Math.min(x, size.width - 1))]!;
      return sumOf(
        tapsTwin(column.share, across).map((weight, i) => weight * pixel(column.before + i - 2)),
      );
    });
  });
}

describe('softGrid', () => {
  test('the same samples', () => {
    fc.assert(
      fc.property(cases, weights, weights, ({ size, xs, ys, luma }, byX, byY) => {
        expectSame(
          (make) => {
            const plane = { luma: make(luma), ...size };
            const [across, down] = [axisOf(xs, size.width, make), axisOf(ys, size.height, make)];
            const out = newGrid(make);
            softGrid(plane, across, down, Float64Array.from(byX), Float64Array.from(byY), out);
            return [out, plane.luma];
          },
          () => [softGridTwin(luma, size, [xs, ys], [byX, byY]), luma],
        );
      }),
      { numRuns: runs(200) },
    );
  });

  test.each([6199, 6200, 6201])('a plane %i pixels wide', (width) => {
    const size = { width, height: 2 };
    const luma = lumaOf(width, 2, 12);
    const xs = Float64Array.from({ length: 64 }, (_, i) => (i * (width + 40)) / 63 - 20.3);
    const ys = Float64Array.from({ length: 64 }, (_, i) => i / 32);
    const byX = [0.3, 0.2, 0.15];
    const byY = [0.5, 0.25, 0];
    expectSame(
      (make) => {
        const plane = { luma: make(luma), ...size };
        const [across, down] = [axisOf(xs, width, make), axisOf(ys, 2, make)];
        const out = newGrid(make);
        softGrid(plane, across, down, Float64Array.from(byX), Float64Array.from(byY), out);
        return [out];
      },
      () => [softGridTwin(luma, size, [xs, ys], [byX, byY])],
    );
  });
});

/** What is kept last: all scratch lies before it. */
const lastKept = (take: Arena['take']) => take(Uint8Array, 1);

test('no scratch of soften, softGrid and turnedGrid holds a plane afterwards', () => {
  const size = { width: 61, height: 40 };
  const places = Float64Array.from({ length: 64 }, (_, i) => i - 1.7);
  const wide = Float64Array.of(0.3, 0.2, 0.15);
  const scratchAfter = (luma: Float32Array) =>
    inGuardedArena((make, arena) => {
      const plane = { luma: make(luma), ...size };
      const [across, down] = [axisOf(places, size.width, make), axisOf(places, size.height, make)];
      const [xs, ys, out] = [make(places), make(places), newGrid(make)];
      soften(plane, wide, wide, make(new Float32Array(luma.length)));
      softGrid(plane, across, down, wide, wide, out);
      turnedGrid(plane, { left: 1, top: 1, cosine: 0.8, sine: 0.6 }, xs, ys, out);
      const { byteOffset } = arena.kept(lastKept);
      return new Uint8Array(plane.luma.buffer as ArrayBuffer, 0, byteOffset).slice();
    });
  const after = scratchAfter(new Float32Array(61 * 40));
  expect(after.length).toBeGreaterThan(100_000);
  for (const seed of [3, 4, 5]) {
    expect(differenceOf(scratchAfter(lumaOf(61, 40, seed)), after)).toBe(-1);
  }
});
