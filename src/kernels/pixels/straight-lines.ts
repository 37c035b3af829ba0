/*
 * Straight edges near to upright or to level, by a Hough transform in which a point of an edge
 * votes only for lines of about the edge's direction there. Comments describe upright lines; level
 * ones are the same with x and y exchanged. A line is x = offset + slope (y - half the height).
 */

import { type Arena, beside, keptBeside, kernelsOf } from '../simd/arena.js';
import { EDGE_KERNELS } from '../simd/edges.js';

/** The steepest slope of a line: 25 degrees. */
const STEEPEST = 0.47;
/** Tolerance of an edge's slope at a point from that of the line. */
const SLACK = 0.12;
/** Largest distance of a point from its line, in pixels. */
const REACH = 1.2;
/** Resolution of slopes, per unit: 100 rows from the middle, neighbours are 2.5 pixels apart. */
const SLOPES = 40;
/** The fewest points to which a line is fitted. */
const FEWEST = 8;

/** Points of upright edges of a plane: places where luma changes most from left to right. */
export interface Edges {
  readonly rows: number;
  readonly length: number;
  /** of pixel x of row y, at y · length + x: the number of its point, from 1; 0 if it has none */
  readonly numbers: Uint16Array;
  /** position of each point, by its number, to parts of a pixel; the first spans 0…1 */
  readonly x: Float32Array;
  readonly y: Int16Array;
  readonly slope: Float32Array;
  /** its votes: 1, 2 or 3, the more the greater the change */
  readonly votes: Int8Array;
  count: number;
}

/** Edges of a plane without points, with room for this many, at most 65,535. */
export const noEdges = (
  plane: { readonly buffer: ArrayBufferLike },
  length: number,
  rows: number,
  room: number,
): Edges => ({
  rows,
  length,
  numbers: beside(plane, Uint16Array, length * rows),
  x: beside(plane, Float32Array, room + 1),
  y: beside(plane, Int16Array, room + 1),
  slope: beside(plane, Float32Array, room + 1),
  votes: beside(plane, Int8Array, room + 1),
  count: 0,
});

/** The count of a change by one step of luma: sixteenths, of which Sobel adds up eight. */
export const CHANGE = 128;
/** The steepest slope of an edge, in 1024ths. */
const STEEP = Math.round(1024 * (STEEPEST + SLACK));

/** Pixels where luma changes along a row, or along a column, by about its total change. */
export interface Changes {
  /** from left to right, or from above to below, in steps of 1 / `CHANGE`; not of the border */
  readonly change: Int16Array;
  /** the same in the other direction */
  readonly other: Int16Array;
  /** pixels that change enough to be an edge: `count` of them, in order */
  readonly at: Int32Array;
  count: number;
}

const foundOf = (take: Arena['take']) => take(Int32Array, 2);

/**
 * Finds the changes of luma between neighbouring pixels, by Sobel's operators, and the pixels that
 * may be of an edge near to upright or to level.
 *
 * Many pixels of a photo may be, in no order that a processor can predict. With a branch for each,
 * and in floating point, this and `findEdges` took twice the time (V8 11.3, x64).
 * @param luma in sixteenths, over a range of at most 255: then all sums fit 16 bits
 * @param least change that is an edge
 */
export function findChanges(
  luma: Int16Array,
  width: number,
  least: number,
  across: Changes,
  down: Changes,
): void {
  const dxs = across.change;
  const dys = down.change;
  const uprights = across.at;
  const levels = down.at;
  const kernels = kernelsOf(luma, EDGE_KERNELS, dxs, dys, uprights, levels);
  if (kernels) {
    const found = keptBeside(luma, foundOf);
    found.set([uprights.byteOffset, levels.byteOffset]);
    const sides = [width, luma.length / width];
    const changes = [dxs.byteOffset, dys.byteOffset, least, STEEP];
    kernels.findChanges(luma.byteOffset, ...sides, ...changes, found.byteOffset);
    across.count = (found[0]! - uprights.byteOffset) >> 2;
    down.count = (found[1]! - levels.byteOffset) >> 2;
    found.fill(0);
    return;
  }
  let upright = 0;
  let level = 0;
  for (let row = width; row < luma.length - width; row += width) {
    // Weighted sums of the columns before and at a pixel, and the differences of their ends.
    let i = row + 1;
    let sum = luma[row - width]! + 2 * luma[row]! + luma[row + width]!;
    let fall = luma[row + width]! - luma[row - width]!;
    let nextSum = luma[i - width]! + 2 * luma[i]! + luma[i + width]!;
    let nextFall = luma[i + width]! - luma[i - width]!;
    for (const end = row + width - 1; i < end; i++) {
      const above = luma[i - width + 1]!;
      const below = luma[i + width + 1]!;
      const lastSum = above + 2 * luma[i + 1]! + below;
      const lastFall = below - above;
      const dx = lastSum - sum;
      const dy = fall + 2 * nextFall + lastFall;
      dxs[i] = dx;
      dys[i] = dy;
      sum = nextSum;
      fall = nextFall;
      nextSum = lastSum;
      nextFall = lastFall;
      const x = Math.abs(dx);
      const y = Math.abs(dy);
      // Each is below 0 where its condition holds. No product is above 2^24.
      uprights[upright] = i;
      upright += ((least - 1 - x) & ((y << 10) - Math.imul(STEEP, x) - 1)) >>> 31;
      levels[level] = i;
      level += ((least - 1 - y) & ((x << 10) - Math.imul(STEEP, y) - 1)) >>> 31;
    }
  }
  across.count = upright;
  down.count = level;
}

/**
 * Finds the points of edges that may be on a line: each the steepest of three neighbours. If there
 * are more than there is room for, only those of twice the change count, and so on.
 * @param across of the same plane as `down`; of both only the steepest places remain
 * @param least change that is an edge; twice and four times as much have more votes
 * @param upright of the plane's sides; overwritten
 * @param level of the plane with x and y exchanged, with as much room; overwritten
 */
export function findEdges(
  across: Changes,
  down: Changes,
  least: number,
  upright: Edges,
  level: Edges,
): void {
  const width = upright.length;
  keepSteepest(across, 1);
  keepSteepest(down, width);
  let strong = least;
  // It ends: no change is above 255.
  while (strongOf(across, strong) + strongOf(down, strong) >= upright.x.length) strong *= 2;
  addPoints(upright, across, width, 1, strong);
  addPoints(level, down, width, width, strong);
}

function keepSteepest(changes: Changes, step: number): void {
  const { at, change, count } = changes;
  let kept = 0;
  for (let k = 0; k < count; k++) {
    const i = at[k]!;
    const here = Math.abs(change[i]!);
    at[kept] = i;
    kept +=
      ((Math.abs(change[i - step]!) - here) & (Math.abs(change[i + step]!) - here - 1)) >>> 31;
  }
  changes.count = kept;
}

function strongOf({ at, count, change }: Changes, least: number): number {
  let strong = 0;
  for (let k = 0; k < count; k++) strong += (least - 1 - Math.abs(change[at[k]!]!)) >>> 31;
  return strong;
}

function addPoints(edges: Edges, found: Changes, width: number, step: number, least: number): void {
  const { numbers, length, x, y, slope, votes } = edges;
  const { at, count, change, other } = found;
  numbers.fill(0);
  let number = 0;
  for (let k = 0; k < count; k++) {
    const i = at[k]!;
    const signed = change[i]!;
    const here = Math.abs(signed);
    if (here < least) continue;
    const row = (i / width) | 0;
    const column = i - row * width;
    const along = step === 1 ? column : row;
    const line = step === 1 ? row : column;
    const before = Math.abs(change[i - step]!);
    const after = Math.abs(change[i + step]!);
    number++;
    // A parabola through the three is highest there; the second stands at 0.5.
    x[number] = along + 0.5 + (after - before) / (2 * (2 * here - before - after));
    y[number] = line;
    slope[number] = -other[i]! / signed;
    votes[number] = here >= 4 * least ? 3 : here >= 2 * least ? 2 : 1;
    numbers[line * length + along] = number;
  }
  edges.count = number;
}

/** Votes for lines, a row for each slope. */
export interface Ballot {
  readonly edges: Edges;
  /** no more than two points of each row of the plane vote for a line */
  readonly counts: Int16Array;
  /** the offset at which the first column begins; each spans a pixel */
  readonly first: number;
  readonly columns: number;
  readonly slopes: number;
  /** of each row the column with the most votes, and these: twice its own, and its neighbours' */
  readonly best: Int32Array;
  readonly most: Int32Array;
}

/** The votes of all points. */
export function ballotOf(edges: Edges): Ballot {
  // A line may be beside the plane at half the height.
  const beyond = Math.ceil(((STEEPEST + SLACK) * edges.rows) / 2) + 2;
  const columns = edges.length + 2 * beyond;
  const slopes = 2 * Math.round(STEEPEST * SLOPES) + 1;
  const ballot: Ballot = {
    edges,
    counts: beside(edges.numbers, Int16Array, columns * slopes),
    first: -beyond,
    columns,
    slopes,
    best: beside(edges.numbers, Int32Array, slopes),
    most: beside(edges.numbers, Int32Array, slopes),
  };
  for (let point = 1; point <= edges.count; point++) vote(ballot, point, edges.votes[point]!);
  findMost(ballot, 0, slopes - 1);
  return ballot;
}

/** Adds votes to each line that a point may be on. */
function vote({ edges, counts, first, columns, slopes }: Ballot, point: number, votes: number) {
  const slope = edges.slope[point]!;
  const half = slopes >> 1;
  const from = Math.max(0, Math.ceil((slope - SLACK) * SLOPES) + half);
  const to = Math.min(slopes - 1, Math.floor((slope + SLACK) * SLOPES) + half);
  const above = (edges.rows / 2 - edges.y[point]! - 0.5) / SLOPES;
  const x = edges.x[point]! - first;
  for (let row = from; row <= to; row++) {
    counts[row * columns + ((x + (row - half) * above) | 0)]! += votes;
  }
}

/** Finds the most votes of each of some rows. */
function findMost({ counts, columns, best, most }: Ballot, from: number, to: number): void {
  for (let row = from; row <= to; row++) {
    const start = row * columns;
    let highest = 0;
    let found = 1;
    let before = counts[start]!;
    let here = counts[start + 1]!;
    for (let column = 1; column < columns - 1; column++) {
      const after = counts[start + column + 1]!;
      const votes = before + 2 * here + after;
      if (votes > highest) {
        highest = votes;
        found = column;
      }
      before = here;
      here = after;
    }
    best[row] = found;
    most[row] = highest;
  }
}

/** A line and the rows in which it has points. */
export interface StraightLine {
  offset: number;
  slope: number;
  /** for each row, and one more: the number of rows above it with a point on the line */
  readonly points: Int16Array;
}

/**
 * Takes the line with the most votes, fitted to its points, which then stop voting.
 * @param least the fewest votes of it, counted as in `most`
 * @returns `undefined` if there is none
 */
export function takeLine(ballot: Ballot, least: number): StraightLine | undefined {
  const { edges, counts, first, columns, slopes, best, most } = ballot;
  let row = mostOf(most);
  // Votes are only removed: the most of a row stay as they were until their column loses some.
  while (most[row]! >= least && votesAt(ballot, row) < most[row]!) {
    findMost(ballot, row, row);
    row = mostOf(most);
  }
  if (most[row]! < least) return undefined;
  const line: StraightLine = {
    offset: first + best[row]! + 0.5,
    slope: (row - (slopes >> 1)) / SLOPES,
    points: beside(edges.numbers, Int16Array, edges.rows + 1),
  };
  // A better line has other points: after three rounds it is stable.
  for (let times = 0; times < 3; times++) {
    const { offset, slope } = line;
    fitLine(edges, line, 0, edges.rows);
    if (line.offset === offset && line.slope === slope) break;
  }
  for (let y = 0, count = 0; y < edges.rows; y++) {
    const point = pointOn(edges, line, y);
    if (point > 0) {
      vote(ballot, point, -edges.votes[point]!);
      count++;
    }
    line.points[y + 1] = count;
  }
  // Guarantees termination, even if points that are not on the line had the votes.
  counts.fill(0, row * columns + best[row]! - 1, row * columns + best[row]! + 2);
  return line;
}

function mostOf(most: Int32Array): number {
  let row = 0;
  for (let i = 1; i < most.length; i++) if (most[i]! > most[row]!) row = i;
  return row;
}

/** The current votes of the best column of a row. */
function votesAt({ counts, columns, best }: Ballot, row: number): number {
  const at = row * columns + best[row]!;
  return counts[at - 1]! + 2 * counts[at]! + counts[at + 1]!;
}

/** Fits a line to its points in the rows `from` to `to` - 1, by least squares. */
export function fitLine(edges: Edges, line: StraightLine, from: number, to: number): void {
  let count = 0;
  let sumX = 0;
  let sumY = 0;
  let squares = 0;
  let products = 0;
  for (let y = Math.max(0, from) | 0; y < Math.min(to, edges.rows); y++) {
    const point = pointOn(edges, line, y);
    if (point === 0) continue;
    const x = edges.x[point]!;
    const below = y + 0.5 - edges.rows / 2;
    count++;
    sumX += x;
    sumY += below;
    squares += below * below;
    products += below * x;
  }
  if (count < FEWEST) return;
  line.slope = (count * products - sumX * sumY) / (count * squares - sumY * sumY);
  line.offset = (sumX - line.slope * sumY) / count;
}

/** The number of the point of a row that is nearest to a line and may be on it; 0: none. */
function pointOn(edges: Edges, line: StraightLine, y: number): number {
  const { length, numbers } = edges;
  const x = line.offset + line.slope * (y + 0.5 - edges.rows / 2);
  const middle = Math.floor(x);
  const end = Math.min(middle + 1, length - 1);
  // Not REACH, which is a variable in bundles: V8 would allocate each distance.
  let nearest = Number.POSITIVE_INFINITY;
  let found = 0;
  for (let column = Math.max(0, middle - 1); column <= end; column++) {
    const point = numbers[y * length + column]!;
    if (point === 0 || Math.abs(edges.slope[point]! - line.slope) > 2 * SLACK) continue;
    const away = Math.abs(edges.x[point]! - x);
    if (away <= REACH && away <= nearest) {
      nearest = away;
      found = point;
    }
  }
  return found;
}
