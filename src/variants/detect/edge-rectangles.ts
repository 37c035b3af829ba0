import { beside } from '../../kernels/simd/arena.js';
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
  const cells = cellsOf(plane);
  for (const cell of cells) yield placed(plane, cell);
  const found = bounded(plane);
  for (const cell of cells) drop(found, cell);
  for (let best = takeBest(found); best; best = takeBest(found)) yield placed(plane, best);
}

const placed = (plane: WorkingPlane, rectangle: Rectangle): Placement => ({
  name: 'rectangle',
  geometry: { rectangle: snapToEdges(plane, rectangle) },
});

/**
 * Numbers of a rectangle in pixels of the plane: its worth, or 0 if it was taken or dropped, its
 * left, top, width and height.
 */
const NUMBERS = 5;
/** The most rectangles: 36 pairs of cuts bound a band, 78 pairs of its lines a rectangle in it. */
const MOST = 2 * 36 * 78;

/** Takes the rectangle that is worth most, the first of equal ones. */
function takeBest(found: Float64Array): Rectangle | undefined {
  let at = 0;
  for (let i = NUMBERS; i < found.length; i += NUMBERS) if (found[i]! > found[at]!) at = i;
  // None is left, or there was none.
  if (!found[at]) return undefined;
  const [left, top] = [found[at + 1]!, found[at + 2]!];
  const rectangle = { left, top, width: found[at + 3]!, height: found[at + 4]! };
  drop(found, rectangle);
  return rectangle;
}

/** Drops a rectangle and those that are nearly the same. */
function drop(found: Float64Array, { left, top, width, height }: Rectangle): void {
  for (let at = 0; at < found.length; at += NUMBERS) {
    const across = shared(left, width, found[at + 1]!, found[at + 3]!);
    const common = across * shared(top, height, found[at + 2]!, found[at + 4]!);
    const either = width * height + found[at + 3]! * found[at + 4]! - common;
    if (common / either >= SAME) found[at] = 0;
  }
}

/** The length that two ranges share. */
const shared = (start: number, length: number, other: number, otherLength: number) =>
  Math.max(0, Math.min(start + length, other + otherLength) - Math.max(start, other));

/**
 * Rectangles bounded by cuts that are worth enough: 0.6 of the weakest side's support and 0.4 of
 * the mean, less 0.7 of the strongest cut through the inside and 0.2 of its flatness.
 */
function bounded(plane: WorkingPlane): Float64Array {
  const { width, height } = plane;
  const { rows, columns } = edgeCounts(plane);
  const rowCuts = cuts(rows, 0, width, FULL_CUTS);
  const columnCuts = cuts(columns, 0, height, FULL_CUTS);
  const found = beside(plane.luma, Float64Array, NUMBERS * MOST);
  let end = 0;
  const consider = (left: number, top: number, right: number, bottom: number) => {
    const area = (right - left) * (bottom - top);
    if (area > MOST_AREA * width * height) return;
    const above = side(rows, top, left, right);
    const below = side(rows, bottom, left, right);
    const before = side(columns, left, top, bottom);
    const after = side(columns, right, top, bottom);
    const mean = (above + below + before + after) / 4;
    const most = 0.6 * Math.min(above, below, before, after) + 0.4 * mean;
    // Worth can only fall from here, so this one is skipped.
    if (most < LEAST_WORTH) return;
    const worth = most - inside(rows, columns, left, top, right, bottom, most - LEAST_WORTH);
    if (worth < LEAST_WORTH) return;
    found[end++] = worth;
    found[end++] = left;
    found[end++] = top;
    found[end++] = right - left;
    found[end++] = bottom - top;
  };
  forPairs(rowCuts, (top, bottom) =>
    forPairs(cuts(columns, top, bottom, BAND_CUTS, columnCuts), (left, right) =>
      consider(left, top, right, bottom),
    ),
  );
  forPairs(columnCuts, (left, right) =>
    forPairs(cuts(rows, left, right, BAND_CUTS, rowCuts), (top, bottom) => {
      // Between two cuts over the full width it was considered before.
      if (!rowCuts.includes(top) || !rowCuts.includes(bottom)) consider(left, top, right, bottom);
    }),
  );
  return found.subarray(0, end);
}

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
let peaks = /* @__PURE__ */ new Int32Array(0);
let heights = /* @__PURE__ */ new Int32Array(0);

/** The known lines, then others: at most `most`, the strongest from `from` to `to`. */
function cuts(
  { sums, step, along, lines }: EdgeCounts,
  from: number,
  to: number,
  most: number,
  known: readonly number[] = [0, lines - 1],
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
  const kept = [...known];
  for (let taken = 0; taken < most; taken++) {
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
    if (!kept.includes(line)) kept.push(line);
    for (let i = best; i >= 0 && line - peaks[i]! < APART; i--) heights[i] = 0;
    for (let i = best + 1; i < count && peaks[i]! - line < APART; i++) heights[i] = 0;
  }
  peaks.fill(0, 0, count);
  heights.fill(0, 0, count);
  return kept;
}

/** Calls `use` with all pairs of lines, the first before the last, that are far enough apart. */
function forPairs(lines: readonly number[], use: (first: number, last: number) => void): void {
  // The picture's last line is among them.
  const least = LEAST_SIDE * Math.max(...lines);
  for (const first of lines) for (const last of lines) if (last - first >= least) use(first, last);
}

/** The support of a side; of one on the picture's own border 0.75. */
const side = (counts: EdgeCounts, line: number, from: number, to: number) =>
  line === 0 || line === counts.lines - 1 ? 0.75 : support(counts, line, from, to);

/** The inside's deduction; above `most`, perhaps only a part of it that is above it, too. */
function inside(
  rows: EdgeCounts,
  columns: EdgeCounts,
  left: number,
  top: number,
  right: number,
  bottom: number,
  most: number,
): number {
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
  const flatness = Math.max(0, 1 - texture / (bottom - top) / 0.03);
  return 0.7 * strongest + 0.2 * flatness;
}
