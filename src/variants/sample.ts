import type { Resample } from '../hash.js';
import { tentGrid, turnedTentGrid } from '../kernels/tent-grid.js';
import type { VariantGeometry } from '../variant.js';
import { layOf } from '../variant.js';
import { GRID, isResampled, type PlacedTaps, placedTaps } from './placed-taps.js';
import type { WorkingPlane } from './working-plane.js';

const sums = /* @__PURE__ */ new Float64Array(GRID);
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
  const { turned, fromRight, fromBottom } = layOf(dihedral);
  const resampled = isResampled(width, height, resample);
  const filtered = width !== GRID || height !== GRID;
  const xTaps = placedTaps(width, resampled, filtered);
  const yTaps = placedTaps(height, resampled, filtered);
  if (fromRight) reverse(xTaps, width);
  if (fromBottom) reverse(yTaps, height);
  const grid = turned ? upright : out;
  if (angle === 0) {
    const x = onPlane(xTaps, left, plane.scale, plane.marginX, plane.width);
    const y = onPlane(yTaps, top, plane.scale, plane.marginY, plane.height);
    tentGrid(
      plane.luma,
      plane.width,
      x.first,
      x.position,
      x.weight,
      y.first,
      y.position,
      y.weight,
      new Float64Array(x.position.length),
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
      centre(left + width / 2) + plane.marginX,
      centre(top + height / 2) + plane.marginY,
      cosine,
      sine,
      xTaps.first,
      aboutCentre(xTaps, width, plane.scale),
      xTaps.weight,
      yTaps.first,
      aboutCentre(yTaps, height, plane.scale),
      yTaps.weight,
      sums,
      grid,
    );
  }
  if (!turned) return;
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) out[i * GRID + j] = upright[j * GRID + i]!;
  }
}

function reverse({ position }: PlacedTaps, length: number): void {
  for (let tap = 0; tap < position.length; tap++) position[tap] = length - 1 - position[tap]!;
}

/** Taps by the plane's pixels, those on one pixel together; beyond the border the last pixel counts. */
function onPlane(
  taps: PlacedTaps,
  start: number,
  scale: number,
  margin: number,
  length: number,
): PlacedTaps {
  const { first, position, weight } = taps;
  let to = 0;
  for (let i = 0; i < GRID; i++) {
    const begin = to;
    for (let tap = first[i]!, end = first[i + 1]!; tap < end; tap++) {
      const place = Math.floor((start + position[tap]!) / scale) + margin;
      const at = Math.max(0, Math.min(place, length - 1));
      const share = weight[tap]!;
      // What has been read is free to be overwritten: `to` never passes `tap`.
      if (to > begin && position[to - 1] === at) weight[to - 1]! += share;
      else {
        position[to] = at;
        weight[to++] = share;
      }
    }
    first[i] = begin;
  }
  first[GRID] = to;
  return taps;
}

const aboutCentre = ({ position }: PlacedTaps, length: number, scale: number) =>
  Float64Array.from(position, (at) => (at + 0.5 - length / 2) / scale);
