import type { DihedralName, Resample, VariantGeometry } from '../hash.js';
import { tentGrid, turnedTentGrid } from '../kernels/tent-grid.js';
import { GRID, isResampled, type TentTaps, tentTaps } from './tent-taps.js';
import type { WorkingPlane } from './working-plane.js';

/** How each form is read: its rows run along the picture's columns, then from the right, from the bottom. */
const FORMS: Record<DihedralName, { turned: boolean; fromRight: boolean; fromBottom: boolean }> = {
  original: { turned: false, fromRight: false, fromBottom: false },
  rotate90: { turned: true, fromRight: true, fromBottom: false },
  rotate180: { turned: false, fromRight: true, fromBottom: true },
  rotate270: { turned: true, fromRight: false, fromBottom: true },
  flipX: { turned: false, fromRight: false, fromBottom: true },
  flipY: { turned: false, fromRight: true, fromBottom: false },
  flipPlus1: { turned: true, fromRight: false, fromBottom: false },
  flipMinus1: { turned: true, fromRight: true, fromBottom: true },
};

const scratch = /* @__PURE__ */ new Float64Array(GRID);
const upright = /* @__PURE__ */ new Float64Array(GRID * GRID);

/**
 * PDQ's 64 x 64 grid of filtered luma of one part of a picture, sampled from the working plane without making that
 * part's pixels. Where the plane has the picture's own pixels (`scale` 1) and nothing is turned, the grid is that of
 * the real pixels up to rounding.
 * @param out overwritten, row-major
 */
export function sampleGrid(
  plane: WorkingPlane,
  { rectangle, angle = 0, dihedral = 'original' }: VariantGeometry,
  resample: Resample,
  out: Float64Array,
): void {
  const { left, top, width, height } = rectangle;
  const { turned, fromRight, fromBottom } = FORMS[dihedral];
  const resampled = isResampled(width, height, resample);
  const filtered = width !== GRID || height !== GRID;
  const xTaps = tentTaps(width, resampled, filtered);
  const yTaps = tentTaps(height, resampled, filtered);
  if (fromRight) reverse(xTaps, width);
  if (fromBottom) reverse(yTaps, height);
  const grid = turned ? upright : out;
  if (angle === 0) {
    const x = onPlane(xTaps, left, plane.scale, plane.width);
    const y = onPlane(yTaps, top, plane.scale, plane.height);
    tentGrid(
      plane.luma,
      plane.width,
      x.first,
      x.position,
      x.weight,
      y.first,
      y.position,
      y.weight,
      scratch,
      grid,
    );
  } else {
    const cosine = Math.cos((angle * Math.PI) / 180);
    const sine = Math.sin((angle * Math.PI) / 180);
    const centre = (full: number) => (full - plane.scale / 2) / plane.scale;
    turnedTentGrid(
      plane.luma,
      plane.width,
      plane.height,
      centre(left + width / 2),
      centre(top + height / 2),
      cosine,
      sine,
      xTaps.first,
      aboutCentre(xTaps, width, plane.scale),
      xTaps.weight,
      yTaps.first,
      aboutCentre(yTaps, height, plane.scale),
      yTaps.weight,
      scratch,
      grid,
    );
  }
  if (!turned) return;
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) out[i * GRID + j] = upright[j * GRID + i]!;
  }
}

function reverse({ position }: TentTaps, length: number): void {
  for (let tap = 0; tap < position.length; tap++) position[tap] = length - 1 - position[tap]!;
}

/** Taps by the plane's pixels, those on one pixel together; beyond the border the last pixel is repeated. */
function onPlane(taps: TentTaps, start: number, scale: number, length: number): TentTaps {
  const { first, position, weight } = taps;
  let to = 0;
  for (let i = 0; i < GRID; i++) {
    const begin = to;
    for (let tap = first[i]!, end = first[i + 1]!; tap < end; tap++) {
      const at = Math.max(0, Math.min(Math.floor((start + position[tap]!) / scale), length - 1));
      // What has been read is free to be overwritten: `to` never passes `tap`.
      if (to > begin && position[to - 1] === at) weight[to - 1]! += weight[tap]!;
      else {
        position[to] = at;
        weight[to++] = weight[tap]!;
      }
    }
    first[i] = begin;
  }
  first[GRID] = to;
  return taps;
}

const aboutCentre = ({ position }: TentTaps, length: number, scale: number) =>
  Float64Array.from(position, (at) => (at + 0.5 - length / 2) / scale);
