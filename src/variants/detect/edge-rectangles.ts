import type { Rectangle } from '../../variant.js';
import type { WorkingPlane } from '../working-plane.js';
import { cellsOf } from './cells.js';
import type { Placement } from './detector.js';
import { type EdgeCounts, edgeCounts, support } from './edge-counts.js';
import { snapToEdges } from './snap-to-edges.js';

/** Cuts over the picture's full length, and inside each band between two of them. */
const FULL_CUTS = 7;
const BAND_CUTS = 4;
/** The least share of edge pixels of a cut. */
const LEAST_SUPPORT = 0.12;
/** The least pixels between two cuts. */
const APART = 5;
/** The least share of the picture's side that a rectangle has. */
const LEAST_SIDE = 0.14;
/** A side on the picture's own border counts as an edge of this support. */
const BORDER_SUPPORT = 0.75;
/**
 * All but two of 387 photos that nothing else found were in a rectangle worth 0.27 or more. Most
 * rectangles of untouched photos are worth less.
 */
const LEAST_WORTH = 0.24;
/** The largest share of the picture that a rectangle covers; more is the picture itself. */
const MOST_AREA = 0.985;
/** If two rectangles overlap more (intersection over union), the lesser is dropped. */
const SAME = 0.97;

/**
 * Finds rectangles that straight edges enclose: a photo under a caption, in a screenshot, in a
 * collage without gaps. Cuts over the picture's full length bound bands, and cuts inside a band
 * bound rectangles; and the other way round. The cells of equal collages come first, then the
 * rectangles of the greatest worth.
 */
export function* edgeRectangles(plane: WorkingPlane): Generator<Placement> {
  if (Math.min(plane.width, plane.height) < 2 * APART) return;
  const { rows, columns } = edgeCounts(plane);
  const taken = [...cellsOf(plane)];
  for (const cell of taken) yield placed(plane, cell);
  for (const rectangle of bounded(rows, columns)) {
    if (taken.some((other) => overlap(other, rectangle) >= SAME)) continue;
    taken.push(rectangle);
    yield placed(plane, rectangle);
  }
}

const placed = (plane: WorkingPlane, rectangle: Rectangle): Placement => ({
  name: 'rectangle',
  geometry: { rectangle: snapToEdges(plane, rectangle) },
});

/** Rectangles bounded by cuts that are worth enough, the best first. */
function bounded(rows: EdgeCounts, columns: EdgeCounts): Rectangle[] {
  const width = columns.lines - 1;
  const height = rows.lines - 1;
  const rowCuts = cuts(rows, 0, width, FULL_CUTS);
  const columnCuts = cuts(columns, 0, height, FULL_CUTS);
  // By their sides, as one number below 2^52.
  const candidates = new Map<number, { rectangle: Rectangle; worth: number }>();
  const consider = (left: number, top: number, right: number, bottom: number) => {
    const area = (right - left) * (bottom - top);
    if (area > MOST_AREA * width * height) return;
    const most = worthOfSides(rows, columns, left, top, right, bottom);
    // Worth can only fall from here, so this one is skipped.
    if (most < LEAST_WORTH) return;
    const key = ((left * 8192 + top) * 8192 + right) * 8192 + bottom;
    if (candidates.has(key)) return;
    const rectangle = { left, top, width: right - left, height: bottom - top };
    const worth = most - inside(rows, columns, rectangle, most - LEAST_WORTH);
    candidates.set(key, { rectangle, worth });
  };
  for (const [top, bottom] of pairs(rowCuts)) {
    const lines = [...columnCuts, ...cuts(columns, top, bottom, BAND_CUTS)];
    const least = LEAST_SIDE * width;
    for (const left of lines) {
      for (const right of lines) {
        if (right - left >= least) consider(left, top, right, bottom);
      }
    }
  }
  for (const [left, right] of pairs(columnCuts)) {
    const lines = [...rowCuts, ...cuts(rows, left, right, BAND_CUTS)];
    const least = LEAST_SIDE * height;
    for (const top of lines) {
      for (const bottom of lines) {
        if (bottom - top >= least) consider(left, top, right, bottom);
      }
    }
  }
  return [...candidates.values()]
    .filter(({ worth }) => worth >= LEAST_WORTH)
    .sort((a, b) => b.worth - a.worth)
    .map(({ rectangle }) => rectangle);
}

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
let peaks = /* @__PURE__ */ new Int32Array(0);
let heights = /* @__PURE__ */ new Int32Array(0);

/** The two borders, and at most `most` lines: the strongest from `from` to `to`. */
function cuts(
  { sums, step, along, lines }: EdgeCounts,
  from: number,
  to: number,
  most: number,
): number[] {
  if (peaks.length < lines) {
    peaks = new Int32Array(lines);
    heights = new Int32Array(lines);
  }
  const last = lines - 1;
  const least = LEAST_SUPPORT * (to - from);
  let count = 0;
  let before = 0;
  let here = 0;
  for (let line = 1; line <= last; line++) {
    const start = line * step;
    const after = line < last ? sums[start + to * along]! - sums[start + from * along]! : 0;
    // Support of the previous line, which is as far from the borders as cuts are from each other.
    if (here >= least && here >= before && here >= after) {
      if (line - 1 >= APART && last - line + 1 >= APART) {
        peaks[count] = line - 1;
        heights[count++] = here;
      }
    }
    before = here;
    here = after;
  }
  const kept = [0, last];
  while (kept.length < most + 2) {
    let best = -1;
    let highest = 0;
    for (let i = 0; i < count; i++) {
      if (heights[i]! > highest) {
        highest = heights[i]!;
        best = i;
      }
    }
    if (best < 0) break;
    const line = peaks[best]!;
    kept.push(line);
    for (let i = best; i >= 0 && line - peaks[i]! < APART; i--) heights[i] = 0;
    for (let i = best + 1; i < count && peaks[i]! - line < APART; i++) heights[i] = 0;
  }
  peaks.fill(0, 0, count);
  heights.fill(0, 0, count);
  return kept;
}

/** All pairs of lines, the first before the last, that are far enough apart. */
function pairs(lines: readonly number[]): [number, number][] {
  // The picture's last line is among them.
  const least = LEAST_SIDE * Math.max(...lines);
  return lines.flatMap((first) =>
    lines.filter((last) => last - first >= least).map((last): [number, number] => [first, last]),
  );
}

/*
 * A rectangle is worth 0.6 of the weakest side's support and 0.4 of the mean, less 0.7 of the
 * strongest cut through the inside and 0.2 of its flatness.
 */
function worthOfSides(
  rows: EdgeCounts,
  columns: EdgeCounts,
  left: number,
  top: number,
  right: number,
  bottom: number,
): number {
  const above = side(rows, top, left, right);
  const below = side(rows, bottom, left, right);
  const before = side(columns, left, top, bottom);
  const after = side(columns, right, top, bottom);
  return 0.6 * Math.min(above, below, before, after) + 0.4 * ((above + below + before + after) / 4);
}

const side = (counts: EdgeCounts, line: number, from: number, to: number) =>
  line === 0 || line === counts.lines - 1 ? BORDER_SUPPORT : support(counts, line, from, to);

/** The inside's deduction; above `most`, perhaps only a part of it that is above it, too. */
function inside(
  rows: EdgeCounts,
  columns: EdgeCounts,
  { left, top, width, height }: Rectangle,
  most: number,
): number {
  const right = left + width;
  const bottom = top + height;
  let strongest = 0;
  let texture = 0;
  for (let y = top + 1; y < bottom; y++) {
    const value = support(rows, y, left, right);
    texture += value;
    if (value > strongest && y - top >= APART && bottom - y >= APART) {
      strongest = value;
      if (0.7 * strongest > most) return 0.7 * strongest;
    }
  }
  for (let x = left + APART; x <= right - APART; x++) {
    const value = support(columns, x, top, bottom);
    if (value > strongest) {
      strongest = value;
      if (0.7 * strongest > most) return 0.7 * strongest;
    }
  }
  const flatness = Math.max(0, 1 - texture / height / 0.03);
  return 0.7 * strongest + 0.2 * flatness;
}

function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const common = width * height;
  return common / (a.width * a.height + b.width * b.height - common);
}
