import type { DihedralName, Rectangle, VariantGeometry, VariantName } from '../hash.js';
import { backgroundBoxes } from './background-boxes.js';
import { betweenBlurredBars } from './blurred-bars.js';
import { edgeRectangles } from './edge-rectangles.js';
import { withoutRoundedCorners } from './rounded-corners.js';
import { trim } from './trim.js';
import { fitTurn } from './turn-fit.js';
import { type Cut, uncropped, unturnedCropped } from './uncrop.js';
import type { WorkingPlane } from './working-plane.js';

/** A variant before it is hashed. */
export interface PlacedVariant {
  readonly name: VariantName;
  readonly geometry: VariantGeometry;
  /** what it is sampled from, where that is not the picture's own plane */
  readonly plane?: WorkingPlane | undefined;
}

/** Rectangles in all: borders, bars, boxes and edges. */
const MOST_RECTANGLES = 12;

const TURNS: readonly DihedralName[] = [
  'rotate180',
  'rotate90',
  'rotate270',
  'flipX',
  'flipPlus1',
  'flipMinus1',
];

/**
 * Cuts, and turns (in degrees, the corners cut away), that are undone blindly, in this order: 225 cuts and 24 turns were
 * tried on crops and turns of 59 photos, and that one taken, again and again, that brought most of the queries still
 * missing within 31 bits. The order of a cut: left, top, right, bottom.
 */
const BLIND: readonly (Cut | number)[] = [
  [0.025, 0.025, 0.025, 0.025],
  -2.5,
  2.5,
  [0, 0, 0, 0.05],
  [0, 0.0125, 0.05, 0.0125],
  [0, 0.05, 0.05, 0],
  [0.05, 0, 0, 0.05],
  [0, 0.05, 0, 0],
  [0.05, 0.05, 0, 0],
  [0.05, 0, 0, 0],
  [0.0125, 0.0125, 0.0125, 0.0125],
  [0, 0, 0.05, 0.05],
  [0.05, 0.04, 0.05, 0.04],
  [0, 0.0125, 0.025, 0.0125],
  [0.025, 0.025, 0, 0.025],
  -4,
  4,
  [0.025, 0.04, 0.025, 0.0125],
  [0.025, 0.0125, 0.025, 0.04],
  [0, 0.09, 0, 0],
  [0.09, 0, 0, 0],
  [0, 0, 0.09, 0],
  [0, 0, 0, 0.09],
  [0, 0, 0.05, 0],
  [0, 0, 0, 0.025],
  [0, 0.025, 0.025, 0],
  8,
  -8,
];

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
  for (const rectangle of edgeRectangles(plane, MOST_RECTANGLES - rectangles)) {
    take('rectangle', { rectangle });
  }
  yield* placed.splice(0);
  for (const cut of BLIND) {
    if (typeof cut === 'number') {
      take('unturnCropped', unturnedCropped(fullWidth, fullHeight, cut));
    } else take('uncrop', uncropped(fullWidth, fullHeight, cut));
  }
  yield* placed;
}

/** Whether no side of two placements lies further apart than a four hundredth part of its length. */
function isSame(a: VariantGeometry, b: VariantGeometry): boolean {
  if ((a.angle ?? 0) !== (b.angle ?? 0) || a.dihedral !== b.dihedral) return false;
  const nearX = Math.max(1, a.rectangle.width / 400);
  const nearY = Math.max(1, a.rectangle.height / 400);
  const right = (r: Rectangle) => r.left + r.width;
  const bottom = (r: Rectangle) => r.top + r.height;
  return (
    Math.abs(a.rectangle.left - b.rectangle.left) <= nearX &&
    Math.abs(a.rectangle.top - b.rectangle.top) <= nearY &&
    Math.abs(right(a.rectangle) - right(b.rectangle)) <= nearX &&
    Math.abs(bottom(a.rectangle) - bottom(b.rectangle)) <= nearY
  );
}
