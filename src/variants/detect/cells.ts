/*
 * The cells of collages and of profiles: equal parts of a picture, or of a box found in it, between
 * cuts at equal distances. The gaps between cells are thin or absent: otherwise each is a box.
 */

import type { Rectangle } from '../../variant.js';
import { shared, type WorkingPlane } from '../working-plane.js';
import { boxAt, boxesOf } from './background-boxes.js';
import type { Placement } from './detector.js';
import { type EdgeCounts, edgeCounts, support } from './edge-counts.js';
import { snapToEdges } from './snap-to-edges.js';

/** The least share of edge pixels of a cut between cells. */
const LEAST_SUPPORT = 0.3;
/** A cut is stronger than its neighbours, at 2 to 4 pixels, by this factor. */
const STRONGER = 1.3;
/** Pixels of the plane that a side of a cell has at least. */
const LEAST_SIDE = 16;
/** The widest gap between cells, by the side that they divide. */
const WIDEST_GAP = 0.02;
/** The least share of the picture's width or height that a box with cells has. */
const LEAST_GRID = 0.6;
/** The share of a cell that the last row shows at least. */
const LEAST_ROW = 0.98;
/** The most rows of square cells: a phone shows five. */
const MOST_ROWS = 8;

/** Finds the cells of boxes: of a collage on a ground, of a profile's grid. */
export function* cells(plane: WorkingPlane): Generator<Placement> {
  for (const cell of cellsOfBoxes(plane)) yield boxAt(plane, snapToEdges(plane, cell));
}

/** The same cells, in pixels of the plane. */
export const cellsOfBoxes = /* @__PURE__ */ shared((plane: WorkingPlane): readonly Rectangle[] => {
  const { width, height } = plane;
  return boxesOf(plane).flatMap((box) =>
    box.width >= LEAST_GRID * width || box.height >= LEAST_GRID * height ? cellsIn(plane, box) : [],
  );
});

/**
 * The cells of a collage that fills the picture, in halves, thirds or both, in pixels of the plane.
 * The photos' own cuts may be stronger and would hide them from other detectors.
 */
export const cellsOf = /* @__PURE__ */ shared((plane: WorkingPlane): readonly Rectangle[] => {
  const { width, height } = plane;
  return cellsIn(plane, { left: 0, top: 0, width, height });
});

/** Cells along one side of a region. */
interface Line {
  /** the first pixel of each cell */
  readonly starts: readonly number[];
  readonly length: number;
  /** from the end of one to the start of the next */
  readonly gap: number;
}

/** The cells of a region in halves, thirds or both, or squares in rows of three. */
function cellsIn(plane: WorkingPlane, { left, top, width, height }: Rectangle): Rectangle[] {
  const { rows, columns } = edgeCounts(plane);
  const across = equalParts(columns, left, width, top, top + height);
  let down = equalParts(rows, top, height, left, left + width);
  if (across.starts.length === 3 && down.starts.length < 3) {
    down = squareRows(rows, top, height, across, left, left + width) ?? down;
  }
  if (across.starts.length * down.starts.length === 1) return [];
  return down.starts.flatMap((y) =>
    across.starts.map((x) => ({
      left: x,
      top: y,
      width: across.length,
      height: Math.min(down.length, top + height - y),
    })),
  );
}

/** Thirds or halves of a side between two cuts or at one; the side alone if there are none. */
function equalParts(
  counts: EdgeCounts,
  start: number,
  side: number,
  from: number,
  to: number,
): Line {
  for (const parts of [3, 2]) {
    let best: Line | undefined;
    let most = 0;
    for (let gap = 0; gap <= WIDEST_GAP * side; gap++) {
      const length = Math.round((side - (parts - 1) * gap) / parts);
      if (length < LEAST_SIDE) break;
      const last = start + side - length;
      const middle = start + ((last - start) >> 1);
      const cut = cutAt(counts, last - gap, last, from, to);
      const inner = parts === 2 ? 0 : cutAt(counts, middle - gap, middle, from, to);
      // A tie goes to the wider gap: a gap of one pixel also looks like one line.
      if (cut > 0 && (parts === 2 || inner > 0) && inner + cut >= most) {
        most = inner + cut;
        best = { starts: parts === 2 ? [start, last] : [start, middle, last], length, gap };
      }
    }
    if (best) return best;
  }
  return { starts: [start], length: side, gap: 0 };
}

/** Rows as high as the columns are wide; the last one is omitted if it is cut off. */
function squareRows(
  counts: EdgeCounts,
  top: number,
  height: number,
  { length, gap }: Line,
  from: number,
  to: number,
): Line | undefined {
  const starts = [top];
  let next = top + length + gap;
  while (starts.length < MOST_ROWS && next + LEAST_ROW * length <= top + height) {
    starts.push(next);
    next += length + gap;
  }
  const isCut = (next: number) => cutAt(counts, next - gap, next, from, to) > 0;
  // One row may be all that there is.
  if (height < LEAST_ROW * length || (height > 1.5 * length && !isCut(top + length + gap))) return;
  return { starts, length, gap };
}

/**
 * The support of both sides of the gap between two cells, 0 if one is no cut, or if the gap is no
 * stronger than the lines around it. Each side may be off by a pixel, but then it counts for less.
 */
function cutAt(counts: EdgeCounts, end: number, start: number, from: number, to: number): number {
  const at = (line: number) =>
    line < 1 || line >= counts.lines - 1 ? 0 : support(counts, line, from, to);
  const near = (line: number) => Math.max(at(line - 1), at(line), at(line + 1));
  const weaker = Math.min(near(end), near(start));
  if (weaker < LEAST_SUPPORT) return 0;
  let around = 0;
  for (let off = 2; off <= 4; off++) around = Math.max(around, at(end - off), at(start + off));
  return weaker > STRONGER * around ? weaker + at(end) + at(start) : 0;
}
