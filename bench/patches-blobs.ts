import type { Hash } from '../src/hash.js';
import { pdq } from '../src/hashing/pdq.js';
import { pdqDihedral } from '../src/hashing/pdq-dihedral.js';

/*
 * Patches of a picture: squares about its blobs, each with a PDQ hash. An experiment of `bench
 * patches`, not a part of the library.
 */

/** Luma in rows. */
export interface Grey {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
}

/** A blob: its centre and its size in pixels of the plane it was found in. */
export interface Blob {
  readonly x: number;
  readonly y: number;
  readonly sigma: number;
  /** absolute difference of Gaussians */
  readonly strength: number;
}

export interface Patch extends Blob {
  readonly hash: Hash;
}

/** Side of a patch in sigmas. */
export const SIGMAS = 10;
/** A patch of a shorter side, in pixels of its plane, has too little detail of its own. */
const SHORTEST_PATCH = 32;
const INTERVALS = 3;
const FIRST_SIGMA = 1.6;
/** As in SIFT (Lowe 2004): of luma from 0 to 255. */
const LEAST_CONTRAST = (0.03 * 255) / INTERVALS;
const EDGE_RATIO = 10;

/** The plane with its longer side at most `side`: means of areas, then bilinear. */
export function planeOf(grey: Grey, side: number): Grey {
  let from = grey;
  while (Math.max(from.width, from.height) >= 2 * side) from = halved(from);
  const factor = Math.max(1, Math.max(from.width, from.height) / side);
  if (factor === 1) return from;
  const width = Math.max(1, Math.round(from.width / factor));
  const height = Math.max(1, Math.round(from.height / factor));
  const blurred = blur(from, 0.35 * factor);
  const data = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [((x + 0.5) * from.width) / width, ((y + 0.5) * from.height) / height];
      data[y * width + x] = at(blurred, u - 0.5, v - 0.5);
    }
  }
  return { data, width, height };
}

function halved({ data, width, height }: Grey): Grey {
  const [w, h] = [width >> 1, height >> 1];
  const out = new Float32Array(w * h);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const i = 2 * y * width + 2 * x;
      out[y * w + x] = (data[i]! + data[i + 1]! + data[i + width]! + data[i + width + 1]!) / 4;
    }
  }
  return { data: out, width: w, height: h };
}

/** Bilinear; beyond the border the nearest pixel. */
function at({ data, width, height }: Grey, x: number, y: number): number {
  const u = Math.max(0, Math.min(width - 1, x));
  const v = Math.max(0, Math.min(height - 1, y));
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const i = top * width + left;
  const right = left + 1 < width ? 1 : 0;
  const below = top + 1 < height ? width : 0;
  const [a, b] = [u - left, v - top];
  const upper = data[i]! * (1 - a) + data[i + right]! * a;
  return upper * (1 - b) + (data[i + below]! * (1 - a) + data[i + below + right]! * a) * b;
}

/** Blurred by a Gaussian. */
export function blur({ data, width, height }: Grey, sigma: number): Grey {
  const radius = Math.max(1, Math.ceil(3 * sigma));
  const weights = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
  );
  const sum = weights.reduce((total, weight) => total + weight);
  const middle = new Float32Array(data.length);
  const out = new Float32Array(data.length);
  const along = (from: Float32Array, to: Float32Array, step: number, length: number) => {
    const lines = data.length / length;
    const next = step === 1 ? width : 1;
    for (let line = 0; line < lines; line++) {
      for (let i = 0; i < length; i++) {
        let total = 0;
        for (let k = -radius; k <= radius; k++) {
          const place = Math.max(0, Math.min(length - 1, i + k));
          total += weights[k + radius]! * from[line * next + place * step]!;
        }
        to[line * next + i * step] = total / sum;
      }
    }
  };
  along(data, middle, 1, width);
  along(middle, out, width, height);
  return { data: out, width, height };
}

/**
 * The blobs of a plane, the strongest first: extrema of differences of Gaussians in place and
 * scale, as in SIFT, with the scale interpolated.
 */
export function blobsOf(plane: Grey): Blob[] {
  const blobs: Blob[] = [];
  let base = blur(plane, Math.sqrt(FIRST_SIGMA ** 2 - 0.25));
  for (let zoom = 1; Math.min(base.width, base.height) >= 12; zoom *= 2) {
    const levels = [base];
    for (let i = 1; i < INTERVALS + 3; i++) {
      const before = FIRST_SIGMA * 2 ** ((i - 1) / INTERVALS);
      levels.push(blur(levels[i - 1]!, before * Math.sqrt(2 ** (2 / INTERVALS) - 1)));
    }
    const differences = levels.slice(1).map(({ data }, i) => {
      const lower = levels[i]!.data;
      return data.map((value, place) => value - lower[place]!);
    });
    for (let i = 1; i <= INTERVALS; i++) {
      extremaIn(differences, i, base, zoom, blobs);
    }
    base = halved(levels[INTERVALS]!);
  }
  return blobs.sort((a, b) => b.strength - a.strength);
}

function extremaIn(
  differences: readonly Float32Array[],
  level: number,
  { width, height }: Grey,
  zoom: number,
  found: Blob[],
): void {
  const here = differences[level]!;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      const value = here[i]!;
      if (Math.abs(value) < LEAST_CONTRAST || !isExtreme(differences, level, i, width)) continue;
      const dxx = here[i - 1]! + here[i + 1]! - 2 * value;
      const dyy = here[i - width]! + here[i + width]! - 2 * value;
      const dxy =
        (here[i + width + 1]! -
          here[i + width - 1]! -
          here[i - width + 1]! +
          here[i - width - 1]!) /
        4;
      const determinant = dxx * dyy - dxy * dxy;
      const edge = (EDGE_RATIO + 1) ** 2 / EDGE_RATIO;
      if (determinant <= 0 || (dxx + dyy) ** 2 >= edge * determinant) continue;
      const below = differences[level - 1]![i]!;
      const above = differences[level + 1]![i]!;
      const offset = (below - above) / (2 * (below + above - 2 * value));
      const scale = level + Math.max(-0.5, Math.min(0.5, offset));
      const sigma = zoom * FIRST_SIGMA * 2 ** (scale / INTERVALS);
      if (SIGMAS * sigma < SHORTEST_PATCH) continue;
      const centre = (zoom - 1) / 2;
      found.push({
        x: x * zoom + centre,
        y: y * zoom + centre,
        sigma,
        strength: Math.abs(value),
      });
    }
  }
}

function isExtreme(
  differences: readonly Float32Array[],
  level: number,
  i: number,
  width: number,
): boolean {
  const value = differences[level]![i]!;
  for (let k = level - 1; k <= level + 1; k++) {
    const plane = differences[k]!;
    for (const down of [-width, 0, width]) {
      for (let right = -1; right <= 1; right++) {
        const other = plane[i + down + right]!;
        if (value > 0 ? other > value : other < value) return false;
      }
    }
  }
  return true;
}

/** The strongest patches of a plane, one a place. */
export function patchesOf(plane: Grey, most: number): Patch[] {
  const planes = [plane];
  while (planes.length < 5) planes.push(halved(planes.at(-1)!));
  return distinct(blobsOf(plane), most).map((blob) => ({
    ...blob,
    hash: pdq(cutOut(planes, blob)).hash,
  }));
}

/** The same with the eight dihedral forms of each patch, in the order of their names. */
export function patchForms(plane: Grey, most: number): (Blob & { hashes: Hash[] })[] {
  const planes = [plane];
  while (planes.length < 5) planes.push(halved(planes.at(-1)!));
  return distinct(blobsOf(plane), most).map((blob) => ({
    ...blob,
    hashes: Object.values(pdqDihedral(cutOut(planes, blob)).hashes),
  }));
}

/** Without blobs that lie on a stronger one of nearly the same size. */
function distinct(blobs: readonly Blob[], most: number): Blob[] {
  const kept: Blob[] = [];
  for (const blob of blobs) {
    if (kept.length === most) break;
    const near = kept.some(
      ({ x, y, sigma }) =>
        Math.hypot(x - blob.x, y - blob.y) < sigma && Math.abs(Math.log2(sigma / blob.sigma)) < 0.5,
    );
    if (!near) kept.push(blob);
  }
  return kept;
}

/** The 64 x 64 pixels of a patch, from the plane that has just enough detail. */
function cutOut(planes: readonly Grey[], { x, y, sigma }: Blob) {
  const side = SIGMAS * sigma;
  const level = Math.max(0, Math.min(planes.length - 1, Math.floor(Math.log2(side / 64))));
  const from = planes[level]!;
  const zoom = 2 ** level;
  const data = new Uint8Array(64 * 64);
  for (let row = 0; row < 64; row++) {
    const v = (y + ((row + 0.5) / 64 - 0.5) * side + 0.5) / zoom - 0.5;
    for (let column = 0; column < 64; column++) {
      const u = (x + ((column + 0.5) / 64 - 0.5) * side + 0.5) / zoom - 0.5;
      data[64 * row + column] = at(from, u, v) + 0.5;
    }
  }
  return { data, width: 64, height: 64, channels: 1 as const };
}
