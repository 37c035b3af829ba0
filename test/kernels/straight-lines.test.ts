import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ballotOf,
  changes,
  type Edges,
  findEdges,
  fitLine,
  noEdges,
  reduceLuma,
  takeLine,
} from '../../src/kernels/straight-lines.js';
import { meanOfSquare, sampleAt } from '../oracles/plane.js';

const planes = fc
  .tuple(fc.integer({ min: 3, max: 30 }), fc.integer({ min: 3, max: 30 }))
  .chain(([width, height]) =>
    fc
      .array(fc.integer({ min: 0, max: 255 }), {
        minLength: width * height,
        maxLength: width * height,
      })
      .map((values) => ({ width, height, luma: Float32Array.from(values) })),
  );

function edgesOf(luma: Float32Array, width: number, height: number, least = 4) {
  const across = new Float32Array(luma.length);
  const down = new Float32Array(luma.length);
  changes(luma, width, height, across, down);
  const upright = noEdges(width, height, width * height + width);
  const level = noEdges(height, width, width * height + width);
  expect(findEdges(across, down, least, upright, level)).toBe(true);
  return { across, down, upright, level };
}

const transposed = (luma: Float32Array, width: number) => {
  const height = luma.length / width;
  return luma.map((_, i) => luma[(i % height) * width + Math.floor(i / height)]!);
};

test("changes are those of Sobel's operators", () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const { across, down } = edgesOf(luma, width, height);
      for (let y = 1; y < height - 1; y++) {
        for (let x = 1; x < width - 1; x++) {
          let dx = 0;
          let dy = 0;
          for (let i = -1; i <= 1; i++) {
            for (let j = -1; j <= 1; j++) {
              const value = sampleAt(luma, { width, height }, x + j, y + i) / 8;
              dx += j * (2 - Math.abs(i)) * value;
              dy += i * (2 - Math.abs(j)) * value;
            }
          }
          expect(across[y * width + x]).toBeCloseTo(dx, 3);
          expect(down[y * width + x]).toBeCloseTo(dy, 3);
        }
      }
    }),
  );
});

test('level edges are upright ones of the plane with x and y exchanged', () => {
  const pointsOf = ({ count, x, y, slope, votes }: Edges) =>
    Array.from({ length: count }, (_, i) =>
      [x, y, slope, votes].map((of) => of[i + 1]!.toFixed(4)).join(),
    ).sort();
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const other = edgesOf(transposed(luma, width), height, width);
      expect(pointsOf(edgesOf(luma, width, height).level)).toEqual(pointsOf(other.upright));
    }),
  );
});

test('a point lies in its pixel or a neighbour, and every pixel knows its point', () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const { upright } = edgesOf(luma, width, height, 1);
      const { numbers, x, y, count } = upright;
      const known = [...numbers].filter((number) => number > 0).sort((a, b) => a - b);
      expect(known).toEqual(Array.from({ length: count }, (_, i) => i + 1));
      for (const [i, number] of numbers.entries()) {
        if (number === 0) continue;
        expect(y[number]).toBe(Math.floor(i / width));
        expect(Math.abs(x[number]! - (i % width) - 0.5)).toBeLessThanOrEqual(0.5);
      }
    }),
  );
});

test('says if there is no room for all points', () => {
  const luma = Float32Array.from({ length: 400 }, (_, i) => (i * i * 7 + i) % 251);
  const { across, down, upright } = edgesOf(luma, 20, 20);
  const [few, fewer] = [noEdges(20, 20, 40), noEdges(20, 20, 40)];
  expect(upright.count).toBeGreaterThan(40);
  expect(findEdges(across, down, 4, few, fewer)).toBe(false);
  expect(few.count + fewer.count).toBeLessThanOrEqual(40);
  expect(findEdges(across, down, 1000, few, fewer)).toBe(true);
  expect(few.count + fewer.count).toBe(0);
});

test('each point votes for every line within 0.08 of its slope, once', () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const { upright } = edgesOf(luma, width, height);
      const { counts, columns, slopes, first, best, most } = ballotOf(upright);
      const naive = new Array(counts.length).fill(0);
      for (let point = 1; point <= upright.count; point++) {
        for (let row = 0; row < slopes; row++) {
          const slope = (row - (slopes - 1) / 2) / 80;
          // Up to the roundings of a float32.
          if (Math.abs(slope - upright.slope[point]!) > 0.08) continue;
          const offset = upright.x[point]! - slope * (upright.y[point]! + 0.5 - height / 2);
          naive[row * columns + Math.floor(offset - first)] += upright.votes[point]!;
        }
      }
      const different = naive.filter((value, i) => value !== counts[i]).length;
      // A slope or an offset on the line between two may count for either.
      expect(different).toBeLessThanOrEqual(2 + upright.count / 10);
      for (let row = 0; row < slopes; row++) {
        const of = counts.subarray(row * columns, (row + 1) * columns);
        const sums = Array.from(of.subarray(1, -1), (value, i) => of[i]! + 2 * value + of[i + 2]!);
        expect(most[row]).toBe(Math.max(0, ...sums));
        if (most[row]! > 0) expect(sums[best[row]! - 1]).toBe(most[row]);
      }
    }),
  );
});

/** A step along a line, each pixel the mean of 16 points, between two values. */
function stepAlong(width: number, height: number, offset: number, slope: number) {
  return Float32Array.from({ length: width * height }, (_, i) => {
    let right = 0;
    for (let k = 0; k < 16; k++) {
      const x = (i % width) + ((k & 3) + 0.5) / 4;
      const y = Math.floor(i / width) + ((k >> 2) + 0.5) / 4;
      if (x > offset + slope * (y - height / 2)) right++;
    }
    return 60 + (right * 80) / 16;
  });
}

test('takes a line where it lies, to a fifth of a pixel at both ends, and only once', () => {
  const lines = fc.tuple(
    fc.double({ min: 30, max: 60, noNaN: true }),
    fc.double({ min: -0.45, max: 0.45, noNaN: true }),
  );
  fc.assert(
    fc.property(lines, ([offset, slope]) => {
      const [width, height] = [90, 100];
      const { upright } = edgesOf(stepAlong(width, height, offset, slope), width, height);
      const ballot = ballotOf(upright);
      const line = takeLine(ballot, 60)!;
      for (const y of [-50, 50]) {
        const away = line.offset + line.slope * y - offset - slope * y;
        expect(Math.abs(away)).toBeLessThan(0.2);
      }
      expect(line.points[height]).toBeGreaterThan(50);
      expect(takeLine(ballot, 60)).toBeUndefined();
    }),
    { seed: 3 },
  );
});

test('ends, whatever the plane, when no line has the votes', () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const ballot = ballotOf(edgesOf(luma, width, height, 1).upright);
      let taken = 0;
      for (let line = takeLine(ballot, 1); line; line = takeLine(ballot, 1)) {
        expect(Number.isFinite(line.offset) && Number.isFinite(line.slope)).toBe(true);
        expect(++taken).toBeLessThan(3000);
      }
    }),
    { numRuns: 30 },
  );
});

test('is not fitted to fewer than 8 points', () => {
  const { upright } = edgesOf(stepAlong(40, 40, 20.3, 0.1), 40, 40);
  const line = { offset: 20, slope: 0.1, points: new Int16Array(41) };
  fitLine(upright, line, 10, 17);
  expect(line).toMatchObject({ offset: 20, slope: 0.1 });
  fitLine(upright, line, 5, 35);
  expect(Math.abs(line.offset - 20.3)).toBeLessThan(0.1);
});

test('reduces to means of four pixels of each square', () => {
  const factors = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(planes, factors, ({ luma, width, height }, factor) => {
      const columns = Math.floor(width / factor);
      const out = new Float32Array(columns * Math.floor(height / factor));
      reduceLuma(luma, width, factor, columns, out);
      const sides = { width, height, channels: 1 };
      for (const [i, value] of out.entries()) {
        const [x, y] = [i % columns, Math.floor(i / columns)];
        expect(value).toBeCloseTo(meanOfSquare(luma, sides, factor, x, y, 0), 3);
      }
    }),
  );
});
