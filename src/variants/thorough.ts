/*
 * The profile `thorough` is a table of rows, tried in order. A row has a detector, which places
 * parts of the picture that a copy may show, and the most placements that are taken from it. Rows
 * that find upright rectangles share `MOST_RECTANGLES` placements; `MOST_HASHES` bounds them all.
 *
 * What rows share is made once a picture, on first use, and kept as long as its plane:
 *
 *   picture ── plane ─┬─ halves ── softened planes ── grids of all parts, upright or turned
 *                     ├─ whole with margins ── cuts, turns, shape guesses
 *                     ├─ edge counts ── rectangles, cells ─┐
 *                     └─ boxes ─┬─ insides ────────────────┼─ cell guesses
 *                               └─ cells of boxes ─────────┘
 */

import type { VariantGeometry } from '../variant.js';
import { backgroundBoxes, plainBoxes } from './detect/background-boxes.js';
import { dihedral, inverted, uncroppedBy } from './detect/blind.js';
import { betweenBlurredBars } from './detect/blurred-bars.js';
import { cells } from './detect/cells.js';
import type { Detector, Placement } from './detect/detector.js';
import { edgeRectangles } from './detect/edge-rectangles.js';
import { insideBoxes } from './detect/inside-boxes.js';
import { quadrilaterals } from './detect/quadrilaterals.js';
import { cellGuesses, shapeGuesses } from './detect/shape-guesses.js';
import { trim } from './detect/trim.js';
import { fitTurn } from './detect/turn-fit.js';
import type { WorkingPlane } from './working-plane.js';

/**
 * Cuts and turns that are undone blindly (see `uncroppedBy`). They were chosen greedily from 324
 * cuts and 32 turns, each with its mirror images, over 780 crops and turns of 26 photos: crops of 2
 * to 20 % (about the centre, on one side, at a corner, on all sides at random), turns of 1 to 8
 * degrees. Each time, the one was chosen that brought most of them, for each hash, within 31 bits,
 * or within 60, which counted 0.7. They bring 34 and 92 % of the crops and 63 and 97 % of the turns
 * within these distances; all 324 cuts would bring 57 and 97 % of the crops.
 */
const BLIND =
  '4444 6666 2222 -4 +4 -2 +2 8000 0008 0080 0800 6600 0066 0660 6006 -7 +7 -5 +5 ' +
  '0e00 000e e000 00e0 aa00 00aa 0aa0 a00a 0400 0004 4000 0040 3333 7777 2666 6266 6626 6662 ' +
  'ee00 00ee 0ee0 e00e';

/**
 * A step of the profile: a source of placements, and the most that are taken from it. Each hash of
 * a row takes one from the last rows. Rows of upright parts of the picture are marked `isRectangle`
 * and share `MOST_RECTANGLES`.
 */
export type Row = { readonly most: number; readonly isRectangle?: true } & (
  | { readonly detect: Detector }
  /** mirrors the placements that earlier rows found with these detectors */
  | { readonly mirror: readonly Detector[] }
);

/** The most placements of all rows marked `isRectangle` together, not counting repeated ones. */
export const MOST_RECTANGLES = 28;

const cuts = /* @__PURE__ */ uncroppedBy(BLIND);
const mirrored = /* @__PURE__ */ dihedral('flipY');

/**
 * The profile `thorough`, row by row: first the free ones, then those that match most copies,
 * mirrored parts after the parts themselves. Of 369 copies of 3 photos these alone found, within 31
 * bits: boxes 63, rectangles 23, cuts and turns 13, mirrored forms 11, trimmed borders 4, inverted
 * pictures 3. `MOST_HASHES` cuts it short.
 */
export const THOROUGH: readonly Row[] = [
  { detect: mirrored, most: 1 },
  { detect: inverted, most: 1 },
  { detect: trim, most: 3, isRectangle: true },
  { detect: backgroundBoxes, most: 12, isRectangle: true },
  { detect: insideBoxes, most: 6, isRectangle: true },
  { detect: betweenBlurredBars, most: 2, isRectangle: true },
  { detect: cells, most: 12, isRectangle: true },
  { detect: fitTurn, most: 1 },
  {
    detect: /* @__PURE__ */ dihedral(
      'rotate180',
      'rotate90',
      'rotate270',
      'flipX',
      'flipPlus1',
      'flipMinus1',
    ),
    most: 6,
  },
  // The sixth never matched: more would bring nothing.
  { detect: edgeRectangles, most: 6, isRectangle: true },
  // A photo that is mirrored to hide it is seldom otherwise unchanged.
  {
    mirror: [trim, backgroundBoxes, insideBoxes, betweenBlurredBars, fitTurn, edgeRectangles],
    most: 12,
  },
  // Few pictures have any. Of 95 photos of screens 89 % match; with 6, and two of them searched,
  // 80 % did.
  { detect: quadrilaterals, most: 12 },
  { detect: shapeGuesses, most: 22 },
  { detect: cuts, most: 41 },
  { detect: cellGuesses, most: 26 },
  // Later ones found none of 369 copies that earlier ones missed.
  { mirror: [cuts], most: 12 },
];

/** The profile `quick`: the rows that find most for what they cost. */
export const QUICK: readonly Row[] = [
  { detect: mirrored, most: 1 },
  { detect: inverted, most: 1 },
  { detect: trim, most: 3, isRectangle: true },
  { detect: plainBoxes, most: 4, isRectangle: true },
  { mirror: [trim, plainBoxes], most: 2 },
  { detect: cuts, most: 7 },
];

/**
 * The placements that undo common edits, in the order of `THOROUGH`. Each has its row, by which
 * `bench robustness` says what found a copy. A detector runs only at its turn. A placement equal to
 * an earlier one, to a pixel or a 400th of a side, is dropped, whatever its name.
 */
export function* thoroughVariants(
  plane: WorkingPlane,
  rows: readonly Row[] = THOROUGH,
): Generator<Placement & { readonly row: Row }> {
  const { fullWidth: width, fullHeight: height } = plane;
  const given: VariantGeometry[] = [{ rectangle: { left: 0, top: 0, width, height } }];
  const found = new Map<Detector, Placement[]>();
  let rectangles = 0;
  for (const row of rows) {
    let left = row.isRectangle ? Math.min(row.most, MOST_RECTANGLES - rectangles) : row.most;
    if (left < 1) continue;
    const kept: Placement[] = [];
    if ('detect' in row) found.set(row.detect, kept);
    for (const placement of 'mirror' in row ? mirrorOf(row.mirror, found) : row.detect(plane)) {
      const { name, geometry } = placement;
      if (name === 'inverted') yield { ...placement, row };
      else if (!given.some((other) => isSame(other, geometry))) {
        given.push(geometry);
        kept.push(placement);
        if (row.isRectangle) rectangles++;
        yield { ...placement, row };
      }
      // Checked before the next placement is searched.
      if (--left === 0) break;
    }
  }
}

function* mirrorOf(
  detectors: readonly Detector[],
  found: ReadonlyMap<Detector, readonly Placement[]>,
): Generator<Placement> {
  for (const detector of detectors) {
    for (const placement of found.get(detector) ?? []) {
      yield { ...placement, geometry: { ...placement.geometry, dihedral: 'flipY' } };
    }
  }
}

/** True if no corner of two placements differs by a four-hundredth of a side. */
function isSame(a: VariantGeometry, b: VariantGeometry): boolean {
  if ((a.angle ?? 0) !== (b.angle ?? 0) || a.dihedral !== b.dihedral) return false;
  const { width, height } = a.rectangle;
  // Without arrays: every placement is compared with all before it.
  for (let corner = 0; corner < 4; corner++) {
    if (Math.abs(xOf(a, corner) - xOf(b, corner)) > Math.max(1, width / 400)) return false;
    if (Math.abs(yOf(a, corner) - yOf(b, corner)) > Math.max(1, height / 400)) return false;
  }
  return true;
}

const xOf = ({ rectangle: { left, width }, corners }: VariantGeometry, corner: number): number =>
  corners ? corners[corner]![0] : corner === 1 || corner === 2 ? left + width : left;

const yOf = ({ rectangle: { top, height }, corners }: VariantGeometry, corner: number): number =>
  corners ? corners[corner]![1] : corner > 1 ? top + height : top;
