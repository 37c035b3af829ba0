import type { Rectangle } from '../hash.js';
import { snapToEdges } from './snap-to-edges.js';
import type { WorkingPlane } from './working-plane.js';

/** A step of luma this large is an edge. */
const STEP = 9;
/** Cuts over the picture's full length, and inside each band that two of them bound. */
const FULL_CUTS = 7;
const BAND_CUTS = 4;
/** A cut's share of edge pixels at least. */
const LEAST_SUPPORT = 0.12;
/** The same of a cut through the middle. */
const MIDDLE_SUPPORT = 0.3;
/** Pixels between two cuts at least. */
const APART = 5;
/** Of a side of the picture that a rectangle has at least. */
const LEAST_SIDE = 0.14;
/** A side that is the picture's own border counts as an edge of this support. */
const BORDER_SUPPORT = 0.75;
/** Photos' places were worth 0.24 and more (one of 80 less); most of what untouched photos have is worth less than this. */
const LEAST_WORTH = 0.2;
/** Above this overlap (intersection over union) the lesser of two rectangles is dropped. */
const SAME = 0.97;

/** Running counts of edge pixels along every line: `at(line, to) - at(line, from)` of them lie between. */
interface EdgeCounts {
  readonly sums: Uint16Array;
  /** pixels of a line, plus one */
  readonly stride: number;
  /** lines, the two borders included */
  readonly lines: number;
}

interface Candidate {
  rectangle: Rectangle;
  worth: number;
}

/**
 * Rectangles that straight edges enclose: a photo under a caption, in a screenshot, in a collage without gaps.
 * Full-length cuts of the picture bound bands, and cuts inside a band bound rectangles; and the other way round. Worth:
 * 0.6 of the weakest side's support and 0.4 of the mean, less 0.7 of the strongest full cut inside, less flatness.
 * @returns at most `most` rectangles, the best first
 */
export function edgeRectangles(plane: WorkingPlane, most = 12): Rectangle[] {
  const { width, height } = plane;
  if (width < 2 * APART || height < 2 * APART) return [];
  const { rows, columns } = edgeCounts(plane);
  const rowCuts = cuts(rows, 0, width, 0, height, FULL_CUTS);
  const columnCuts = cuts(columns, 0, height, 0, width, FULL_CUTS);
  const candidates: Candidate[] = [];
  const seen = new Set<string>();
  const consider = (left: number, top: number, right: number, bottom: number) => {
    const key = `${left} ${top} ${right} ${bottom}`;
    if (right - left < LEAST_SIDE * width || bottom - top < LEAST_SIDE * height) return;
    if ((right - left) * (bottom - top) > 0.985 * width * height || seen.has(key)) return;
    seen.add(key);
    candidates.push({
      rectangle: { left, top, width: right - left, height: bottom - top },
      worth: worth(rows, columns, left, top, right, bottom),
    });
  };
  for (const [top, bottom] of pairs(rowCuts, LEAST_SIDE * height)) {
    const inside = cuts(columns, top, bottom, 0, width, BAND_CUTS);
    for (const [left, right] of pairs(merged(inside, columnCuts), LEAST_SIDE * width)) {
      consider(left, top, right, bottom);
    }
  }
  for (const [left, right] of pairs(columnCuts, LEAST_SIDE * width)) {
    const inside = cuts(rows, left, right, 0, height, BAND_CUTS);
    for (const [top, bottom] of pairs(merged(inside, rowCuts), LEAST_SIDE * height)) {
      consider(left, top, right, bottom);
    }
  }
  candidates.sort((a, b) => b.worth - a.worth);
  const kept: Rectangle[] = halves(rows, columns).slice(0, most);
  for (const { rectangle, worth } of candidates) {
    if (kept.length === most || worth < LEAST_WORTH) break;
    if (kept.every((other) => overlap(other, rectangle) < SAME)) kept.push(rectangle);
  }
  return kept.map((rectangle) => snapToEdges(plane, rectangle));
}

/**
 * The cells of a collage in equal parts: where a line through the middle is the strongest of its neighbours and an edge
 * for a good part, the halves, or quarters. Photos that have stronger cuts of their own would hide them.
 */
function halves(rows: EdgeCounts, columns: EdgeCounts): Rectangle[] {
  const width = columns.lines - 1;
  const height = rows.lines - 1;
  const x = middleCut(columns, height);
  const y = middleCut(rows, width);
  if (x === 0 && y === 0) return [];
  const found: Rectangle[] = [];
  for (const [top, bottom] of y === 0
    ? [[0, height]]
    : [
        [0, y],
        [y, height],
      ]) {
    for (const [left, right] of x === 0
      ? [[0, width]]
      : [
          [0, x],
          [x, width],
        ]) {
      found.push({ left: left!, top: top!, width: right! - left!, height: bottom! - top! });
    }
  }
  return found;
}

/** The line in the middle, or a neighbour, if it is the strongest cut about there; else 0. */
function middleCut(counts: EdgeCounts, length: number): number {
  const middle = (counts.lines - 1) >> 1;
  let best = middle;
  let around = 0;
  for (let line = middle - 8; line <= middle + 8; line++) {
    if (line < 1 || line >= counts.lines - 1) continue;
    const value = support(counts, line, 0, length);
    if (Math.abs(line - middle) > 2) around = Math.max(around, value);
    else if (value > support(counts, best, 0, length)) best = line;
  }
  const value = support(counts, best, 0, length);
  return value >= MIDDLE_SUPPORT && value > 1.3 * around ? best : 0;
}

function edgeCounts({ luma, width, height }: WorkingPlane) {
  const rows: EdgeCounts = {
    sums: new Uint16Array((width + 1) * (height + 1)),
    stride: width + 1,
    lines: height + 1,
  };
  const columns: EdgeCounts = {
    sums: new Uint16Array((height + 1) * (width + 1)),
    stride: height + 1,
    lines: width + 1,
  };
  for (let y = 1; y < height; y++) {
    const start = y * rows.stride;
    for (let x = 0, at = y * width; x < width; x++, at++) {
      const edge = Math.abs(luma[at]! - luma[at - width]!) > STEP ? 1 : 0;
      rows.sums[start + x + 1] = rows.sums[start + x]! + edge;
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 1, at = y * width + 1; x < width; x++, at++) {
      const edge = Math.abs(luma[at]! - luma[at - 1]!) > STEP ? 1 : 0;
      const to = x * columns.stride + y;
      columns.sums[to + 1] = columns.sums[to]! + edge;
    }
  }
  return { rows, columns };
}

/** Share of edge pixels of a line between two of its pixels. */
const support = ({ sums, stride }: EdgeCounts, line: number, from: number, to: number): number =>
  (sums[line * stride + to]! - sums[line * stride + from]!) / (to - from);

/** The strongest lines between `first` and `last`, by support from `from` to `to`; the two borders are always among them. */
function cuts(
  counts: EdgeCounts,
  from: number,
  to: number,
  first: number,
  last: number,
  most: number,
): number[] {
  const values: { line: number; value: number }[] = [];
  let before = 0;
  let here = support(counts, first + 1, from, to);
  for (let line = first + 1; line < last; line++) {
    const after = line + 1 < last ? support(counts, line + 1, from, to) : 0;
    if (here >= LEAST_SUPPORT && here >= before && here >= after)
      values.push({ line, value: here });
    before = here;
    here = after;
  }
  values.sort((a, b) => b.value - a.value);
  const kept: number[] = [];
  for (const { line } of values) {
    if (kept.length === most) break;
    if (line - first < APART || last - line < APART) continue;
    if (kept.every((other) => Math.abs(other - line) >= APART)) kept.push(line);
  }
  return [first, ...kept.sort((a, b) => a - b), last];
}

const merged = (some: readonly number[], others: readonly number[]): number[] =>
  [...new Set([...some, ...others])].sort((a, b) => a - b);

function pairs(lines: readonly number[], least: number): [number, number][] {
  const found: [number, number][] = [];
  for (let i = 0; i < lines.length; i++) {
    for (let j = i + 1; j < lines.length; j++) {
      if (lines[j]! - lines[i]! >= least) found.push([lines[i]!, lines[j]!]);
    }
  }
  return found;
}

function worth(
  rows: EdgeCounts,
  columns: EdgeCounts,
  left: number,
  top: number,
  right: number,
  bottom: number,
): number {
  const sides = [
    top === 0 ? BORDER_SUPPORT : support(rows, top, left, right),
    bottom === rows.lines - 1 ? BORDER_SUPPORT : support(rows, bottom, left, right),
    left === 0 ? BORDER_SUPPORT : support(columns, left, top, bottom),
    right === columns.lines - 1 ? BORDER_SUPPORT : support(columns, right, top, bottom),
  ];
  const weakest = Math.min(...sides);
  const mean = (sides[0]! + sides[1]! + sides[2]! + sides[3]!) / 4;
  let strongest = 0;
  let texture = 0;
  for (let y = top + 1; y < bottom; y++) {
    const value = support(rows, y, left, right);
    texture += value;
    if (y - top >= APART && bottom - y >= APART && value > strongest) strongest = value;
  }
  for (let x = left + APART; x <= right - APART; x++) {
    const value = support(columns, x, top, bottom);
    if (value > strongest) strongest = value;
  }
  const flatness = Math.max(0, 1 - texture / (bottom - top) / 0.03);
  return 0.6 * weakest + 0.4 * mean - 0.7 * strongest - 0.2 * flatness;
}

function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}
