/*
 * PDQ of a part of a picture, from a plane that all parts share. PDQ's filter depends little on the
 * place of a part and entirely on its size. So the plane is halved and softened once, as far as
 * parts of about that size need it, and each part takes 64 x 64 samples of the result. If such
 * parts are few, their samples are softened instead, as if the plane had been.
 */

import type { Hash, Resample } from '../hash.js';
import { boxAhead, boxWindow } from '../kernels/pdq/box-filter.js';
import { perspectiveGrid } from '../kernels/pixels/perspective.js';
import { halve } from '../kernels/pixels/plane.js';
import {
  gridAxis,
  type Plane,
  placeOnLine,
  soften,
  softGrid,
  turnedGrid,
  uprightGrid,
} from '../kernels/pixels/tent-grid.js';
import { type Arena, beside, keptBeside } from '../kernels/simd/arena.js';
import { layOf, type Rectangle, type VariantGeometry } from '../variant.js';
import { isResampled } from './pdq.js';
import { fastCoefficients, qualityWithin } from './pdq-fast.js';
import { rankedBitsAbove } from './pdq-ranks.js';
import { quadrilateralOn } from './quadrilateral.js';

/**
 * Luma of a picture, reduced or not, from which the PDQ hashes of its parts are sampled. A constant
 * may have been added to it: no hash depends on the mean. Once sampled, it must not change.
 */
export interface LumaPlane extends Plane {
  /** pixels of the picture that one pixel of the plane covers, along either side */
  readonly scale: number;
  /** pixels of the plane beyond the left and the top border of the picture; may be fractions */
  readonly marginX: number;
  readonly marginY: number;
}

/**
 * PDQ hash and quality of a part of a picture, sampled from a plane of its luma without making the
 * part's pixels.
 *
 * It is about as near to the hash of the photo in the part as the hash of the part's own pixels:
 * these may be 10 bits apart, but PDQ takes single pixels of a large picture, which an edit moves
 * as well. Of 252 photos laid into pictures of 700, 1,155, 1,500 and 4,000 pixels a side and saved
 * as JPEG, the parts' pixels gave hashes 8.9, 6.0, 6.2 and 5.1 bits from the photos' on average,
 * these 7.8, 6.5, 7.9 and 7.5, and PDQ's own filter on a plane of more detail 10.0, 6.8, 7.6 and
 * 6.4.
 */
export function pdqRegion(
  plane: LumaPlane,
  geometry: VariantGeometry,
  resample: Resample,
): { hash: Hash; quality: number; resample: Resample; ranks: Uint8Array } {
  const { samples } = keptBeside(plane.luma, scratch);
  sampleGrid(plane, geometry, resample, samples);
  // No band: there is no reference whose roundings could differ.
  const coefficients = fastCoefficients(samples);
  const { hash, ranks } = rankedBitsAbove(coefficients, -1)!;
  const quality = qualityWithin(samples, 0);
  samples.fill(0);
  coefficients.fill(0);
  return { hash, quality, resample, ranks };
}

/** Samples a side of the grid that PDQ transforms. */
const GRID = 64;

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
const scratch = (take: Arena['take']) => ({
  samples: take(Float64Array, GRID * GRID),
  upright: take(Float64Array, GRID * GRID),
  xs: take(Float64Array, GRID),
  ys: take(Float64Array, GRID),
  across: gridAxis(take),
  down: gridAxis(take),
});

/**
 * PDQ's 64 x 64 grid of filtered luma of one part of the picture.
 * @param out overwritten, row-major
 */
function sampleGrid(
  whole: LumaPlane,
  { rectangle, corners, angle = 0, dihedral = 'original' }: VariantGeometry,
  resample: Resample,
  out: Float64Array,
): void {
  if (corners !== undefined) {
    // At 512 pixels a side the filter's samples are a pixel, an eighth of a step, past the middle.
    const shift = resample === 512 ? 1 / 8 : 0;
    perspectiveGrid(whole, quadrilateralOn(whole, corners, dihedral), GRID, shift, out);
    return;
  }
  const { left, top, width, height } = rectangle;
  const { turned, fromRight, fromBottom } = layOf(dihedral);
  const { plane, soft, acrossKernel, downKernel } = softnessOf(whole, { rectangle, angle });
  const { scale, marginX, marginY } = plane;
  const isTaken = isResampled(width, height, resample);
  const isGrid = width === GRID && height === GRID;
  const { upright, xs, ys, across, down } = keptBeside(whole.luma, scratch);
  xs.set(middles(whole, width, isTaken, isGrid));
  ys.set(middles(whole, height, isTaken, isGrid));
  const grid = turned ? upright : out;
  // From the part's middle, in pixels of the plane.
  for (let i = 0; i < GRID; i++) {
    const x = (xs[i]! + 0.5 - width / 2) / scale;
    const y = (ys[i]! + 0.5 - height / 2) / scale;
    xs[i] = fromRight ? -x : x;
    ys[i] = fromBottom ? -y : y;
  }
  const middleX = (left + width / 2) / scale + marginX - 0.5;
  const middleY = (top + height / 2) / scale + marginY - 0.5;
  if (angle === 0) {
    for (let i = 0; i < GRID; i++) {
      xs[i]! += middleX;
      ys[i]! += middleY;
    }
    placeOnLine(xs, plane.width, across);
    placeOnLine(ys, plane.height, down);
    if (soft === undefined) softGrid(plane, across, down, acrossKernel, downKernel, grid);
    else uprightGrid(soft, across, down, grid);
  } else {
    const radians = (angle * Math.PI) / 180;
    const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
    turnedGrid(soft!, { left: middleX, top: middleY, cosine, sine }, xs, ys, grid);
  }
  if (!turned) return;
  for (let i = 0; i < GRID; i++) {
    for (let j = 0; j < GRID; j++) out[i * GRID + j] = upright[j * GRID + i]!;
  }
  upright.fill(0);
}

/**
 * The middles of PDQ's 64 samples on a line: each is the mean of the pixels that its two box
 * filters take.
 * @param isTaken whether the line is first resampled to 512 pixels, the nearest ones
 * @param isGrid whether the part is 64 x 64, which the reference takes unfiltered
 */
function middles(
  plane: LumaPlane,
  length: number,
  isTaken: boolean,
  isGrid: boolean,
): Float64Array {
  const key = 4 * length + 2 * +isTaken + +isGrid;
  const { lengths } = rootOf(plane);
  const made = lengths.get(key);
  if (made !== undefined) return made;
  const out = beside(plane.luma, Float64Array, GRID);
  lengths.set(key, out);
  const count = isTaken ? 512 : length;
  const window = isGrid ? 1 : boxWindow(count);
  const ahead = 2 * boxAhead(window) - window - 1;
  for (let i = 0; i < GRID; i++) {
    const middle = isGrid ? i : Math.trunc(((i + 0.5) * count) / GRID) + ahead;
    out[i] = isTaken ? meanPixel(middle, length) : Math.min(middle, length - 1);
  }
  return out;
}

/** The mean source pixel of the seven of 512 about a place: weights 1 2 3 4 3 2 1. */
function meanPixel(middle: number, length: number): number {
  let sum = 0;
  for (let away = -3; away <= 3; away++) {
    const weight = away < 0 ? 4 + away : 4 - away;
    const place = Math.min(middle + away, 511);
    sum += weight * Math.floor(place * length * (1 / 512));
  }
  return sum / 16;
}

/** A plane, and the planes derived from it for parts of some size, made on first use. */
interface Level {
  readonly plane: LumaPlane;
  half?: Level;
  /** the middles of parts by their length: there are few, and each takes 3 us (V8 11.3, x64) */
  readonly lengths: Map<number, Float64Array>;
  /** by softness in either direction */
  readonly soft: Map<number, Softness>;
}

/** The softness that parts of about one size need in a plane. */
interface Softness {
  readonly plane: LumaPlane;
  readonly acrossKernel: Float64Array;
  readonly downKernel: Float64Array;
  /** the plane softened so, once enough parts need it */
  soft?: Plane;
  /** upright parts that were sampled without it */
  parts: number;
}

/**
 * Softening so many pixels takes as long as sampling one more part without it. Whole pictures, and
 * parts that a cut leaves, are many of one size; a part with a plane of its own is alone in it.
 */
const PIXELS_A_PART = 20_000;
const WHOLE = 0.95;

const levels = /* @__PURE__ */ new WeakMap<LumaPlane, Level>();

/**
 * A plane is halved for parts with at least so many of the half's pixels per sample of the grid: in
 * both directions together, and in each.
 */
const ENOUGH = 2.4;
const LEAST = 1.5;

/**
 * The plane that a part's samples are taken from, halved while enough of it is left, and its
 * softening, like that of PDQ's filter on parts of about its size.
 */
function softnessOf(
  whole: LumaPlane,
  { rectangle, angle = 0 }: Pick<VariantGeometry, 'rectangle' | 'angle'>,
): Softness {
  const { plane, soft } = levelFor(whole, rectangle);
  const { scale } = plane;
  const across = stepsOf(rectangle.width / scale, plane.width);
  const down = stepsOf(rectangle.height / scale, plane.height);
  // Both are far below 1000, so no two pairs share a key.
  const key = 1000 * across + down;
  let softness = soft.get(key);
  if (softness === undefined) {
    const acrossKernel = kernelOf(across, plane.width, scale);
    softness = { plane, acrossKernel, downKernel: kernelOf(down, plane.height, scale), parts: 0 };
    soft.set(key, softness);
  }
  const area = (rectangle.width * rectangle.height) / (scale * scale);
  const isOwn = Math.min(plane.marginX, plane.marginY) < 0;
  const areMany = plane.marginX > 0 || (area > WHOLE * plane.luma.length && !isOwn);
  const most = areMany || angle !== 0 ? 0 : plane.luma.length / PIXELS_A_PART;
  if (softness.soft === undefined && softness.parts++ >= most) {
    const luma = beside(plane.luma, Float32Array, plane.luma.length);
    soften(plane, softness.acrossKernel, softness.downKernel, luma);
    softness.soft = { luma, width: plane.width, height: plane.height };
  }
  return softness;
}

/** The plane, halved while enough of it is left for a part. */
export const halvedFor = (whole: LumaPlane, part: Rectangle): LumaPlane =>
  levelFor(whole, part).plane;

function rootOf(whole: LumaPlane): Level {
  const level = levels.get(whole) ?? { plane: whole, soft: new Map(), lengths: new Map() };
  levels.set(whole, level);
  return level;
}

function levelFor(whole: LumaPlane, { width, height }: Rectangle): Level {
  let level = rootOf(whole);
  for (;;) {
    const side = 2 * GRID * level.plane.scale;
    const isEnough = Math.sqrt(width * height) >= ENOUGH * side;
    if (!isEnough || Math.min(width, height) < LEAST * side) return level;
    level.half ??= { plane: halved(level.plane), soft: new Map(), lengths: new Map() };
    level = level.half;
  }
}

function halved({ luma, width, height, scale, marginX, marginY }: LumaPlane): LumaPlane {
  const sides = { width: (width + 1) >> 1, height: (height + 1) >> 1 };
  const means = beside(luma, Float32Array, sides.width * sides.height);
  halve(luma, width, height, means);
  const margins = { marginX: marginX / 2, marginY: marginY / 2 };
  return { luma: means, ...sides, scale: 2 * scale, ...margins };
}

/**
 * Parts of about the plane's sides share a softness, and so do parts up to 1.4 times smaller, and
 * so on: all uncut photos on a plane that is wider by half. Steps of 1.3 are 0.3 bits better on
 * average, and take more planes.
 */
const FIRST = 0.92;
const STEP = 1.4;

/** The softness that a part needs, in steps from that of parts as long as the plane. */
const stepsOf = (length: number, full: number): number =>
  Math.floor(Math.log(length / full / FIRST) / Math.log(STEP));

/**
 * Weights of a pixel, its neighbours and theirs that make a plane as soft as PDQ's filter makes a
 * part: two boxes over a 128th of it, together a variance of 2.5 pixels if it has 512. Some
 * softness is there already: a plane's pixels are means of `scale` of the picture's, and samples
 * are between pixels.
 * @param full length of the plane
 */
function kernelOf(steps: number, full: number, scale: number): Float64Array {
  const middle = (full * FIRST * STEP ** (steps + 0.5)) / 512;
  const already = (1 - 1 / (scale * scale)) / 12 + 0.14;
  const spread = 2.5 * middle * middle - already;
  if (spread <= 0) return Float64Array.of(1, 0, 0);
  if (spread <= 0.5) return Float64Array.of(1 - spread, spread / 2, 0);
  // From 1 2 1 to five equal ones.
  const wide = Math.min(1, (spread - 0.5) / 1.5);
  return Float64Array.of(0.5 - 0.3 * wide, 0.25 - 0.05 * wide, 0.2 * wide);
}
