import type { Hash, Resample } from '../hash.js';
import { dctMatrix } from '../kernels/dct.js';
import { dctFolded } from '../kernels/dct-folded.js';
import { tentGrid, turnedTentGrid } from '../kernels/tent-grid.js';
import { tentTaps } from '../kernels/tent-taps.js';
import { layOf, type VariantGeometry } from '../variant.js';
import { bitsAbove } from './pdq-bits.js';
import { qualityOf } from './pdq-quality.js';
import { isResampled } from './pdq-raster.js';

/** Luma of a picture, as a rule reduced, from which the PDQ hashes of its parts are sampled. */
export interface LumaPlane {
  /** row-major; any constant may be added to it, since no hash depends on the mean */
  readonly luma: Float32Array;
  readonly width: number;
  readonly height: number;
  /** pixels of the picture that one pixel of the plane stands for, along either side */
  readonly scale: number;
  /** pixels of the plane beyond each border of the picture */
  readonly marginX: number;
  readonly marginY: number;
}

/**
 * PDQ hash and quality of a part of a picture, sampled from a plane of its luma without making the
 * part's pixels. Where the plane has the picture's own pixels (`scale` 1) and nothing is turned by
 * an angle, the hash is that of the part's real pixels up to ties; elsewhere it is within a few
 * bits of it (test/hashing/pdq-region.test.ts has the figures).
 */
export function pdqRegion(
  plane: LumaPlane,
  geometry: VariantGeometry,
  resample: Resample,
): { hash: Hash; quality: number; resample: Resample } {
  scratch ??= newScratch();
  const { matrix, grid, folds, middle, coefficients } = scratch;
  sampleGrid(plane, geometry, resample, grid);
  dctFolded(matrix, grid, folds, middle, coefficients);
  // No band: there is no reference whose roundings could differ.
  return { hash: bitsAbove(coefficients, -1)!, quality: qualityOf(grid), resample };
}

/** Samples a side of the grid that PDQ transforms. */
const GRID = 64;

// Made at the first hash: nothing of ours can run between its first write and its last read.
let scratch: ReturnType<typeof newScratch> | undefined;

function newScratch() {
  return {
    matrix: dctMatrix(),
    grid: new Float64Array(GRID * GRID),
    upright: new Float64Array(GRID * GRID),
    sums: new Float64Array(GRID),
    folds: new Float64Array(GRID * GRID),
    middle: new Float64Array(GRID * 16),
    coefficients: new Float64Array(16 * 16),
  };
}

/**
 * PDQ's 64 x 64 grid of filtered luma of one part of the picture.
 * @param out overwritten, row-major
 */
function sampleGrid(
  plane: LumaPlane,
  { rectangle, angle = 0, dihedral = 'original' }: VariantGeometry,
  resample: Resample,
  out: Float64Array,
): void {
  const { upright, sums } = scratch!;
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

/** Which pixels of a line make the samples of the grid, and how much each counts. */
interface PlacedTaps {
  /** where the taps of sample `i` begin; one more at the end */
  readonly first: Int32Array;
  /** pixel along the line, 0 … length - 1 */
  readonly position: Int32Array;
  readonly weight: Float64Array;
}

/**
 * How the grid comes from a line of `length` pixels: PDQ's two box filters and its decimation, by
 * the taps of the fast path, and before them the nearest pixels where the line is `resampled` to
 * 512.
 * @param filtered false where both sides are 64 pixels, which the reference takes as they are
 */
function placedTaps(length: number, resampled: boolean, filtered: boolean): PlacedTaps {
  const first = new Int32Array(GRID + 1);
  if (!filtered) {
    for (let i = 0; i <= GRID; i++) first[i] = i;
    return { first, position: first.slice(0, GRID), weight: new Float64Array(GRID).fill(1) };
  }
  const samples = resampled ? 512 : length;
  const { starts, counts, weights, room } = tentTaps(samples);
  for (let i = 0; i < GRID; i++) first[i + 1] = first[i]! + counts[i]!;
  const position = new Int32Array(first[GRID]!);
  const weight = new Float64Array(first[GRID]!);
  for (let i = 0, to = 0; i < GRID; i++) {
    for (let tap = 0; tap < counts[i]!; tap++, to++) {
      position[to] = Math.floor(((starts[i]! + tap) * length) / samples);
      weight[to] = weights[room * i + tap]!;
    }
  }
  return { first, position, weight };
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
