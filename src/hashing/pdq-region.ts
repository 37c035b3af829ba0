import type { Hash, Resample } from '../hash.js';
import { type Plane, type Taps, tentGrid, turnedTentGrid } from '../kernels/tent-grid.js';
import { tentTaps } from '../kernels/tent-taps.js';
import { layOf, type VariantGeometry } from '../variant.js';
import { bitsAbove, isResampled, qualityOf } from './pdq.js';
import { fastCoefficients } from './pdq-fast.js';

/**
 * Luma of a picture, reduced or not, from which the PDQ hashes of its parts are sampled. A constant
 * may have been added to it: no hash depends on the mean.
 */
export interface LumaPlane extends Plane {
  /** pixels of the picture that one pixel of the plane stands for, along either side */
  readonly scale: number;
  /** pixels of the plane beyond each border of the picture */
  readonly marginX: number;
  readonly marginY: number;
}

/**
 * PDQ hash and quality of a part of a picture, sampled from a plane of its luma without making the
 * part's pixels. If the plane has the picture's own pixels (`scale` 1) and there is no angle, the
 * hash is that of the part's real pixels up to ties; otherwise it is within a few bits of it
 * (test/hashing/pdq-region.test.ts has the figures).
 */
export function pdqRegion(
  plane: LumaPlane,
  geometry: VariantGeometry,
  resample: Resample,
): { hash: Hash; quality: number; resample: Resample } {
  sampleGrid(plane, geometry, resample, samples);
  // No band: there is no reference whose roundings could differ.
  const hash = bitsAbove(fastCoefficients(samples), -1)!;
  return { hash, quality: qualityOf(samples), resample };
}

/** Samples a side of the grid that PDQ transforms. */
const GRID = 64;

// Scratch: nothing of ours can run between its first write and its last read.
const samples = /* @__PURE__ */ new Float64Array(GRID * GRID);
const upright = /* @__PURE__ */ new Float64Array(GRID * GRID);

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
    const across = onPlane(xTaps, left, plane.scale, plane.marginX, plane.width);
    const down = onPlane(yTaps, top, plane.scale, plane.marginY, plane.height);
    tentGrid(plane, across, down, grid);
  } else {
    const centre = (full: number) => (full - plane.scale / 2) / plane.scale;
    const turn = {
      left: centre(left + width / 2) + plane.marginX,
      top: centre(top + height / 2) + plane.marginY,
      cosine: Math.cos((angle * Math.PI) / 180),
      sine: Math.sin((angle * Math.PI) / 180),
    };
    const across = aboutCentre(xTaps, width, plane.scale);
    const down = aboutCentre(yTaps, height, plane.scale);
    turnedTentGrid(plane, turn, across, down, grid);
  }
  if (!turned) return;
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) out[i * GRID + j] = upright[j * GRID + i]!;
  }
}

/**
 * How the grid comes from a line of `length` pixels: PDQ's two box filters and its decimation, by
 * the taps of the short cut, and before them the nearest pixels if the line is `resampled` to 512.
 * @param filtered false if both sides are 64 pixels, which the reference takes as they are
 */
function placedTaps(length: number, resampled: boolean, filtered: boolean): Taps {
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

function reverse({ position }: Taps, length: number): void {
  for (let tap = 0; tap < position.length; tap++) position[tap] = length - 1 - position[tap]!;
}

/**
 * Taps by the plane's pixels, those on one pixel together; beyond the border the last pixel counts.
 */
function onPlane(taps: Taps, start: number, scale: number, margin: number, length: number): Taps {
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

/** Taps by their distance from the middle of the line, in pixels of the plane. */
function aboutCentre(
  { first, position, weight }: Taps,
  length: number,
  scale: number,
): Taps<Float64Array> {
  const distances = Float64Array.from(position, (at) => (at + 0.5 - length / 2) / scale);
  return { first, position: distances, weight };
}
