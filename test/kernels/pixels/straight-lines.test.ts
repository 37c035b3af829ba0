import fc from 'fast-check';
import { expect, test } from 'vitest';
import { reduceLuma } from '../../../src/kernels/pixels/plane.js';
import {
  ballotOf,
  CHANGE,
  type Changes,
  type Edges,
  findChanges,
  findEdges,
  fitLine,
  noEdges,
  takeLine,
} from '../../../src/kernels/pixels/straight-lines.js';
import { meanOfSquare } from '../../oracles/pixels/plane.js';
import { runs } from '../../seed.js';

/** The steepest slope of an edge, in 1024ths. */
const STEEP = Math.round(1024 * 0.59);

const planes = fc
  .tuple(fc.integer({ min: 3, max: 30 }), fc.integer({ min: 3, max: 30 }))
  .chain(([width, height]) =>
    fc
      .array(fc.integer({ min: 0, max: 255 }), {
        minLength: width * height,
        maxLength: width * height,
      })
      .map((values) => ({ width, height, luma: Int16Array.from(values, (v) => 16 * v) })),
  );

function changesOf(luma: Int16Array, width: number, least: number) {
  const [dxs, dys] = [new Int16Array(luma.length), new Int16Array(luma.length)];
  const changes = (change: Int16Array, other: Int16Array): Changes => ({
    change,
    other,
    at: new Int32Array(luma.length),
    count: 0,
  });
  const across = changes(dxs, dys);
  const down = changes(dys, dxs);
  findChanges(luma, width, least * CHANGE, across, down);
  return { across, down };
}

function edgesOf(luma: Int16Array, width: number, height: number, least = 4) {
  const { across, down } = changesOf(luma, width, least);
  const upright = noEdges(luma, width, height, width * height);
  const level = noEdges(luma, height, width, width * height);
  findEdges(across, down, least * CHANGE, upright, level);
  return { across, down, upright, level };
}

const transposed = (luma: Int16Array, width: number) => {
  const height = luma.length / width;
  return luma.map((_, i) => luma[(i % height) * width + Math.floor(i / height)]!);
};

/** Sobel's two operators at a pixel, in steps of luma. */
function sobel(luma: Int16Array, width: number, at: number) {
  let [dx, dy] = [0, 0];
  for (let i = -1; i <= 1; i++) {
    for (let j = -1; j <= 1; j++) {
      const value = luma[at + i * width + j]! / 16 / 8;
      dx += j * (2 - Math.abs(i)) * value;
      dy += i * (2 - Math.abs(j)) * value;
    }
  }
  return [dx, dy] as const;
}

test("changes are those of Sobel's operators, and reported where they may be edges", () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const { across, down } = changesOf(luma, width, 4);
      const uprights: number[] = [];
      const levels: number[] = [];
      for (let y = 1; y < height - 1; y++) {
        for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
          const [dx, dy] = sobel(luma, width, i);
          expect(across.change[i]! / CHANGE).toBe(dx);
          expect(down.change[i]! / CHANGE).toBe(dy);
          const [x, y] = [Math.abs(dx), Math.abs(dy)];
          if (x >= 4 && 1024 * y <= STEEP * x) uprights.push(i);
          if (y >= 4 && 1024 * x <= STEEP * y) levels.push(i);
        }
      }
      expect([...across.at.subarray(0, across.count)]).toEqual(uprights);
      expect([...down.at.subarray(0, down.count)]).toEqual(levels);
    }),
  );
});

test('changes of the hardest borders fit 16 bits', () => {
  for (const dark of [0, -255, -100]) {
    const luma = Int16Array.from({ length: 25 }, (_, i) => 16 * (dark + (i % 5 < 2 ? 0 : 255)));
    expect(changesOf(luma, 5, 4).across.change[11]).toBe(255 * (CHANGE / 2));
    expect(changesOf(transposed(luma, 5), 5, 4).down.change[7]).toBe(255 * (CHANGE / 2));
  }
});

test('a point is the steepest of three neighbours, and each such pixel has one', () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const { across } = changesOf(luma, width, 4);
      const { upright } = edgesOf(luma, width, height);
      const size = (i: number) => Math.abs(across.change[i]!);
      for (const at of across.at.subarray(0, across.count)) {
        const steepest = size(at) > size(at - 1) && size(at) >= size(at + 1);
        expect(upright.numbers[at]! > 0).toBe(steepest);
        if (!steepest) continue;
        const ratio = size(at) / (4 * CHANGE);
        expect(upright.votes[upright.numbers[at]!]).toBe(ratio >= 4 ? 3 : ratio >= 2 ? 2 : 1);
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

test('where there is no room for all points, only those of twice the change count', () => {
  const luma = Int16Array.from({ length: 400 }, (_, i) => 16 * ((i * i * 7 + i) % 251));
  const all = edgesOf(luma, 20, 20);
  const total = all.upright.count + all.level.count;
  const [few, fewer] = [noEdges(luma, 20, 20, total - 1), noEdges(luma, 20, 20, total - 1)];
  const { across, down } = changesOf(luma, 20, 4);
  findEdges(across, down, 4 * CHANGE, few, fewer);
  let least = 8;
  while (strong(all.upright, all.across, least) + strong(all.level, all.down, least) >= total) {
    least *= 2;
  }
  expect(few.count).toBe(strong(all.upright, all.across, least));
  expect(fewer.count).toBe(strong(all.level, all.down, least));
  expect(few.count).toBeGreaterThan(0);
  const none = noEdges(luma, 20, 20, 0);
  findEdges(across, down, 4 * CHANGE, none, noEdges(luma, 20, 20, 0));
  expect(none.count).toBe(0);
});

/** How many points of edges have a change of at least so much. */
const strong = ({ count }: Edges, { at, change }: Changes, least: number) =>
  at.subarray(0, count).filter((i) => Math.abs(change[i]!) >= least * CHANGE).length;

test('each point votes for every line within 0.12 of its slope, once', () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const { upright } = edgesOf(luma, width, height);
      const { counts, columns, slopes, first, best, most } = ballotOf(upright);
      const naive = new Array(counts.length).fill(0);
      for (let point = 1; point <= upright.count; point++) {
        for (let row = 0; row < slopes; row++) {
          const slope = (row - (slopes - 1) / 2) / 40;
          // Up to the roundings of a float32.
          if (Math.abs(slope - upright.slope[point]!) > 0.12) continue;
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
  return Int16Array.from({ length: width * height }, (_, i) => {
    let right = 0;
    for (let k = 0; k < 16; k++) {
      const x = (i % width) + ((k & 3) + 0.5) / 4;
      const y = Math.floor(i / width) + ((k >> 2) + 0.5) / 4;
      if (x > offset + slope * (y - height / 2)) right++;
    }
    return 16 * 60 + right * 80;
  });
}

test('finds a line to a fifth of a pixel at both ends, and only once', () => {
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
  );
});

test('finds lines as long as one has the votes, however many were found', () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const ballot = ballotOf(edgesOf(luma, width, height, 1).upright);
      const { counts, columns, slopes } = ballot;
      for (let taken = 0; taken < 20; taken++) {
        let most = 0;
        for (let at = 1; at < columns * slopes - 1; at++) {
          if (at % columns === 0 || at % columns === columns - 1) continue;
          most = Math.max(most, counts[at - 1]! + 2 * counts[at]! + counts[at + 1]!);
        }
        expect(takeLine(ballot, most + 1)).toBeUndefined();
        if (most === 0) break;
        expect(takeLine(ballot, most)).toBeDefined();
      }
    }),
    { numRuns: runs(30) },
  );
});

test('ends, whatever the plane, when no line has enough votes', () => {
  fc.assert(
    fc.property(planes, ({ luma, width, height }) => {
      const ballot = ballotOf(edgesOf(luma, width, height, 1).upright);
      let taken = 0;
      for (let line = takeLine(ballot, 1); line; line = takeLine(ballot, 1)) {
        expect(Number.isFinite(line.offset) && Number.isFinite(line.slope)).toBe(true);
        expect(++taken).toBeLessThan(3000);
      }
    }),
    { numRuns: runs(30) },
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

test('reduces to means of four pixels of each square, in sixteenths', () => {
  const factors = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(planes, factors, ({ luma, width, height }, factor) => {
      const columns = Math.floor(width / factor);
      const out = new Int16Array(columns * Math.floor(height / factor));
      const steps = Float32Array.from(luma, (value) => value / 16 - 100);
      reduceLuma(steps, width, factor, columns, out);
      const sides = { width, height, channels: 1 };
      for (const [i, value] of out.entries()) {
        const [x, y] = [i % columns, Math.floor(i / columns)];
        expect(value).toBe(16 * meanOfSquare(steps, sides, factor, x, y, 0));
      }
    }),
  );
});
