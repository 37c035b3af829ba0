import type { DihedralName, Rectangle, VariantGeometry, VariantName } from '../variant.js';
import { backgroundBoxes } from './background-boxes.js';
import { betweenBlurredBars } from './blurred-bars.js';
import { edgeRectangles } from './edge-rectangles.js';
import { withMargins } from './margins.js';
import { withoutRoundedCorners } from './rounded-corners.js';
import { trim } from './trim.js';
import { fitTurn } from './turn-fit.js';
import { uncropped, unturnedCropped } from './uncrop.js';
import type { WorkingPlane } from './working-plane.js';

/** A variant before it is hashed. */
export interface PlacedVariant {
  readonly name: VariantName;
  readonly geometry: VariantGeometry;
  /** what it is sampled from, where that is not the picture's own plane */
  readonly plane?: WorkingPlane | undefined;
}

/** Rectangles in all: borders, bars, boxes and edges. The sixth of the edges' was never the one. */
const MOST_RECTANGLES = 12;
const MOST_EDGE_RECTANGLES = 6;

const TURNS: readonly DihedralName[] = [
  'rotate180',
  'rotate90',
  'rotate270',
  'flipX',
  'flipPlus1',
  'flipMinus1',
];

/** Longer side by shorter up to which turns are undone blindly: a strip would have been cut from a far larger picture. */
const LONGEST = 10;

/**
 * Cuts and turns that are undone blindly, in this order. A cut is four digits, eightieths of a side: left, top, right,
 * bottom. A sign begins an angle in degrees, by which a photo was turned and its corners cut away. Of 655 cuts and 24
 * turns those were taken, again and again, that brought most of 4,200 crops and turns of 22 files' photos within 31 bits,
 * as many of each photo as leave room beside what was found in it; all kinds counted alike, random crops of up to 5 % a
 * side more. Those chosen on half of the files undo 69 % of such crops of the other half. Choosing anew for each picture,
 * by how near the hashes of 256 cuts lie to one another, was no better.
 */
const BLIND =
  '2222 -2.5 +2.5 4000 0004 0400 0040 0440 1211 4444 4400 4004 0044 3112 1122 ' +
  '-4 0221 0700 +4 3220 0007 1101 0070 2133 3313 7000 2331 0011 1241 4211 4001';

/**
 * The variants that undo what people do to pictures, the cheapest and likeliest first. Each detector runs only when its
 * turn comes; a placement that comes out as an earlier one is left out.
 */
export function* thoroughVariants(plane: WorkingPlane): Generator<PlacedVariant> {
  const { fullWidth, fullHeight } = plane;
  const frame: Rectangle = { left: 0, top: 0, width: fullWidth, height: fullHeight };
  const seen: VariantGeometry[] = [{ rectangle: frame }];
  const placed: PlacedVariant[] = [];
  const isNew = (geometry: VariantGeometry) => {
    if (seen.some((other) => isSame(other, geometry))) return false;
    seen.push(geometry);
    return true;
  };
  const take = (name: VariantName, geometry: VariantGeometry, from?: WorkingPlane) => {
    if (isNew(geometry)) placed.push({ name, geometry, plane: from });
  };
  const form = (dihedral: DihedralName) => take(dihedral, { rectangle: frame, dihedral });

  form('flipY');
  const trimmed = trim(plane);
  for (const rectangle of trimmed) take('unletterbox', { rectangle });
  yield* placed.splice(0);
  const boxes = backgroundBoxes(plane);
  for (const rectangle of boxes) {
    take('box', { rectangle }, withoutRoundedCorners(plane, rectangle));
  }
  for (const rectangle of betweenBlurredBars(plane)) take('unblurBars', { rectangle });
  const rectangles = seen.length - 2;
  const turned = fitTurn(plane);
  if (turned !== undefined) take('unturn', turned);
  yield* placed.splice(0);
  for (const dihedral of TURNS) form(dihedral);
  // A mirrored picture is often framed as well.
  const inner = trimmed[0] ?? boxes[0];
  if (inner !== undefined) {
    take(trimmed[0] ? 'unletterbox' : 'box', { rectangle: inner, dihedral: 'flipY' });
  }
  yield* placed.splice(0);
  for (const rectangle of edgeRectangles(
    plane,
    Math.min(MOST_EDGE_RECTANGLES, MOST_RECTANGLES - rectangles),
  )) {
    take('rectangle', { rectangle });
  }
  yield* placed.splice(0);
  const wide = withMargins(plane);
  const isStrip = Math.max(fullWidth / fullHeight, fullHeight / fullWidth) > LONGEST;
  for (const word of BLIND.split(' ')) {
    if (/\d{4}/.test(word)) {
      const [left, top, right, bottom] = Array.from(word, (digit) => Number(digit) / 80);
      take('uncrop', uncropped(fullWidth, fullHeight, [left!, top!, right!, bottom!]), wide);
    } else if (!isStrip) {
      take('unturnCropped', unturnedCropped(fullWidth, fullHeight, Number(word)), wide);
    }
  }
  yield* placed;
}

/** Whether no side of two placements lies further apart than a four hundredth part of its length. */
function isSame(a: VariantGeometry, b: VariantGeometry): boolean {
  if ((a.angle ?? 0) !== (b.angle ?? 0) || a.dihedral !== b.dihedral) return false;
  const { width, height } = a.rectangle;
  const others = sidesOf(b.rectangle);
  return sidesOf(a.rectangle).every(
    (side, i) => Math.abs(side - others[i]!) <= Math.max(1, (i & 1 ? height : width) / 400),
  );
}

const sidesOf = ({ left, top, width, height }: Rectangle) => [
  left,
  top,
  left + width,
  top + height,
];
