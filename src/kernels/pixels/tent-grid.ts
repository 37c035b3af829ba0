import { type Arena, keptBeside, kernelsOf } from '../simd/arena.js';
import { GRID_KERNELS } from '../simd/grids.js';

/** Luma of a picture, row-major. */
export interface Plane {
  readonly luma: Float32Array;
  readonly width: number;
  readonly height: number;
}

/*
 * A grid of 64 x 64 samples of a plane that was softened before: the result of PDQ's filter and
 * decimation for any part of it. As the filter is in the plane, a sample costs four pixels and not
 * the 49 of the filter itself, and serves every part of about the same size, mirrored and turned
 * ones too.
 */

/**
 * The samples along one axis of an upright grid: each between a pixel of the line and the next,
 * both inside it.
 */
export interface GridAxis {
  /** the pixel before, and the one after, of each of the 64 */
  readonly before: Int32Array;
  readonly after: Int32Array;
  /** the share of the one after, 0 to 1 */
  readonly share: Float64Array;
}

/** An axis without samples yet: its three arrays end to end, as kernels read them. */
export function gridAxis(take: Arena['take']): GridAxis {
  const share = take(Float64Array, 2 * 64);
  const words = new Int32Array(share.buffer, share.byteOffset, 2 * 64);
  return {
    before: words.subarray(0, 64),
    after: words.subarray(64),
    share: share.subarray(64),
  };
}

/**
 * Places 64 samples on a line of `length` pixels. Outside, they are on its last pixels.
 * @param places in pixels of the line; the middle of the first is 0
 * @param out overwritten
 */
export function placeOnLine(
  places: Float64Array,
  length: number,
  { before, after, share }: GridAxis,
): void {
  const last = length - 1;
  for (let i = 0; i < 64; i++) {
    const place = Math.max(0, Math.min(places[i]!, last));
    const floor = Math.floor(place);
    before[i] = floor;
    after[i] = Math.min(floor + 1, last);
    share[i] = place - floor;
  }
}

/**
 * The samples of an upright grid, from four pixels each: 12 microseconds (V8 11.3, x64).
 * @param out 64 x 64, row-major; overwritten
 */
export function uprightGrid(
  { luma, width }: Plane,
  across: GridAxis,
  down: GridAxis,
  out: Float64Array,
): void {
  const kernels = kernelsOf(luma, GRID_KERNELS, across.share, down.share, out);
  if (kernels) {
    const [columns, rows] = [across.before.byteOffset, down.before.byteOffset];
    kernels.uprightGrid(luma.byteOffset, width, columns, rows, out.byteOffset);
    return;
  }
  for (let i = 0; i < 64; i++) {
    const upper = down.before[i]! * width;
    const lower = down.after[i]! * width;
    const low = down.share[i]!;
    const high = 1 - low;
    for (let j = 0; j < 64; j++) {
      const left = across.before[j]!;
      const right = across.after[j]!;
      const share = across.share[j]!;
      const first = high * luma[upper + left]! + low * luma[lower + left]!;
      const second = high * luma[upper + right]! + low * luma[lower + right]!;
      out[64 * i + j] = first + share * (second - first);
    }
  }
}

/** Axes turned about a point: sample (x, y) is at left + x cos - y sin, top + x sin + y cos. */
export interface Turn {
  readonly left: number;
  readonly top: number;
  readonly cosine: number;
  readonly sine: number;
}

/**
 * The samples of a grid along turned axes: 30 microseconds. Outside the plane its border counts.
 * @param xs positions of the samples along the axes, in pixels of the plane; `ys` likewise
 * @param out 64 x 64, row-major; overwritten
 */
export function turnedGrid(
  { luma, width, height }: Plane,
  { left, top, cosine, sine }: Turn,
  xs: Float64Array,
  ys: Float64Array,
  out: Float64Array,
): void {
  const lastColumn = width - 1;
  const lastRow = height - 1;
  const kernels = kernelsOf(luma, GRID_KERNELS, xs, ys, out);
  if (kernels) {
    const turn = keptBeside(luma, turnOf);
    turn.set([cosine, sine, lastColumn, lastRow, left, top]);
    const [at, columns, rows] = [luma.byteOffset, xs.byteOffset, ys.byteOffset];
    kernels.turnedGrid(at, width, turn.byteOffset, columns, rows, out.byteOffset);
    return;
  }
  for (let i = 0; i < 64; i++) {
    const x0 = left - ys[i]! * sine;
    const y0 = top + ys[i]! * cosine;
    for (let j = 0; j < 64; j++) {
      const x = Math.max(0, Math.min(x0 + xs[j]! * cosine, lastColumn));
      const y = Math.max(0, Math.min(y0 + xs[j]! * sine, lastRow));
      const column = x | 0;
      const row = y | 0;
      const right = x - column;
      const low = y - row;
      const at = row * width + column;
      const next = column < lastColumn ? 1 : 0;
      const under = row < lastRow ? at + width : at;
      const upper = luma[at]! + right * (luma[at + next]! - luma[at]!);
      const lower = luma[under]! + right * (luma[under + next]! - luma[under]!);
      out[64 * i + j] = upper + low * (lower - upper);
    }
  }
}

const turnOf = (take: Arena['take']) => take(Float64Array, 6);

/** The longest line of a plane: a side of 4,096 pixels, half as much again, and both borders. */
const LONGEST = 6144 + 64;

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
const softScratch = (take: Arena['take']) => ({
  line: take(Float64Array, LONGEST),
  taps: take(Float64Array, 6 * 64),
  weights: take(Float64Array, 6 * 64),
});

/**
 * The samples that `uprightGrid` would take of a plane after `soften`, without softening it: 90
 * microseconds for a part of 290 x 220 pixels, while softening these takes 300 (V8 11.3, x64). It
 * pays for a part with few others of its size.
 * @param acrossKernel weights of `soften`; `downKernel` likewise
 * @param out 64 x 64, row-major; overwritten
 */
export function softGrid(
  { luma, width, height }: Plane,
  across: GridAxis,
  down: GridAxis,
  acrossKernel: Float64Array,
  downKernel: Float64Array,
  out: Float64Array,
): void {
  const { taps, weights, ...kept } = keptBeside(luma, softScratch);
  const line = width + 8 > LONGEST ? new Float64Array(width + 8) : kept.line;
  const lastColumn = width - 1;
  const lastRow = height - 1;
  // Places on a line rise or fall.
  const one = across.before[0]!;
  const other = across.before[63]!;
  const from = Math.max(0, Math.min(one, other) - 2);
  const end = Math.min(lastColumn, Math.max(one, other) + 3);
  tapsAt(across.share, acrossKernel, 64, 1, taps);
  tapsAt(down.share, downKernel, 1, 6, weights);
  const kernels = kernelsOf(luma, GRID_KERNELS, line, across.share, down.share, out);
  if (kernels) {
    const isOfFour = downKernel[2] === 0 && acrossKernel[2] === 0;
    const grid = isOfFour ? kernels.softGridOfFour : kernels.softGrid;
    const [columns, rows] = [across.before.byteOffset, down.before.byteOffset];
    const [at, tapsAt, weightsAt] = [luma.byteOffset, taps.byteOffset, weights.byteOffset];
    const [lineAt, to] = [line.byteOffset, out.byteOffset];
    grid(at, width, height, columns, rows, tapsAt, weightsAt, from, end, lineAt, to);
    line.fill(0, from, end + 8);
    taps.fill(0);
    weights.fill(0);
    return;
  }
  for (let i = 0; i < 64; i++) {
    const row = down.before[i]!;
    const w0 = weights[6 * i]!;
    const w1 = weights[6 * i + 1]!;
    const w2 = weights[6 * i + 2]!;
    const w3 = weights[6 * i + 3]!;
    const w4 = weights[6 * i + 4]!;
    const w5 = weights[6 * i + 5]!;
    const r0 = Math.max(0, row - 2) * width;
    const r1 = Math.max(0, row - 1) * width;
    const r2 = row * width;
    const r3 = Math.min(row + 1, lastRow) * width;
    const r4 = Math.min(row + 2, lastRow) * width;
    const r5 = Math.min(row + 3, lastRow) * width;
    // Pixel x of the mixed row is at x + 3: beyond the border there are as many as a sample
    // reaches.
    if (w0 === 0 && w5 === 0) {
      for (let x = from; x <= end; x++) {
        line[x + 3] =
          w1 * luma[r1 + x]! + w2 * luma[r2 + x]! + w3 * luma[r3 + x]! + w4 * luma[r4 + x]!;
      }
    } else {
      for (let x = from; x <= end; x++) {
        line[x + 3] =
          w0 * luma[r0 + x]! +
          w1 * luma[r1 + x]! +
          w2 * luma[r2 + x]! +
          w3 * luma[r3 + x]! +
          w4 * luma[r4 + x]! +
          w5 * luma[r5 + x]!;
      }
    }
    if (from === 0) line.fill(line[3]!, 0, 3);
    if (end === lastColumn) line.fill(line[end + 3]!, end + 4, end + 7);
    for (let j = 0; j < 64; j++) {
      const at = across.before[j]! + 1;
      out[64 * i + j] =
        taps[j]! * line[at]! +
        taps[j + 64]! * line[at + 1]! +
        taps[j + 128]! * line[at + 2]! +
        taps[j + 192]! * line[at + 3]! +
        taps[j + 256]! * line[at + 4]! +
        taps[j + 320]! * line[at + 5]!;
    }
  }
  line.fill(0, from, end + 8);
  taps.fill(0);
  weights.fill(0);
}

/**
 * Weights of six pixels for each sample, beginning two before the pixel before it.
 * @param next step in `taps` from a weight of a sample to its next
 * @param nextSample to the same weight of the next sample
 */
function tapsAt(
  shares: Float64Array,
  kernel: Float64Array,
  next: number,
  nextSample: number,
  taps: Float64Array,
): void {
  const k0 = kernel[0]!;
  const k1 = kernel[1]!;
  const k2 = kernel[2]!;
  for (let j = 0; j < 64; j++) {
    const share = shares[j]!;
    const rest = 1 - share;
    const at = nextSample * j;
    taps[at] = rest * k2;
    taps[at + next] = rest * k1 + share * k2;
    taps[at + 2 * next] = rest * k0 + share * k1;
    taps[at + 3 * next] = rest * k1 + share * k0;
    taps[at + 4 * next] = rest * k2 + share * k1;
    taps[at + 5 * next] = share * k2;
  }
}

const mixScratch = (take: Arena['take']) => ({
  kernel: take(Float64Array, 6),
  rows: take(Float32Array, 6 * LONGEST),
});

/**
 * Softens a plane: each pixel becomes a weighted mean of five in its row, then in its column.
 * Beyond the plane its last pixel counts.
 * @param across weights of the pixel itself, its neighbours and theirs
 * @param out as many pixels; overwritten
 */
export function soften(
  { luma, width, height }: Plane,
  across: Float64Array,
  down: Float64Array,
  out: Float32Array,
): void {
  const kernels = width + 8 > LONGEST ? undefined : kernelsOf(luma, GRID_KERNELS, out);
  if (kernels) {
    const { kernel, rows } = keptBeside(luma, mixScratch);
    kernel.set(across);
    kernel.set(down, 3);
    const scratch = [kernel.byteOffset, rows.byteOffset];
    kernels.soften(luma.byteOffset, width, height, ...scratch, out.byteOffset);
    rows.fill(0, 0, 6 * (width + 8));
    return;
  }
  const isAsItIs = across[1] === 0;
  const y0 = down[0]!;
  const y1 = down[1]!;
  const y2 = down[2]!;
  const lastRow = height - 1;
  // The mixed rows that make up a row: those of two rows before to two rows after, in turn.
  const lines = isAsItIs ? luma : new Float32Array(5 * width);
  const room = isAsItIs ? height : 5;
  let mixed = isAsItIs ? height : 0;
  for (let y = 0; y < height; y++) {
    for (; mixed <= Math.min(y + 2, lastRow); mixed++) {
      mixRow(luma, mixed * width, across, lines, (mixed % 5) * width, width);
    }
    let at = y * width;
    let here = (y % room) * width;
    let above2 = (Math.max(y - 2, 0) % room) * width;
    let above = (Math.max(y - 1, 0) % room) * width;
    let below = (Math.min(y + 1, lastRow) % room) * width;
    let below2 = (Math.min(y + 2, lastRow) % room) * width;
    const end = at + width;
    if (y1 === 0) {
      for (; at < end; at++) out[at] = lines[here++]!;
    } else if (y2 === 0) {
      for (; at < end; at++) {
        out[at] = y0 * lines[here++]! + y1 * (lines[above++]! + lines[below++]!);
      }
    } else {
      for (; at < end; at++) {
        out[at] =
          y0 * lines[here++]! +
          y1 * (lines[above++]! + lines[below++]!) +
          y2 * (lines[above2++]! + lines[below2++]!);
      }
    }
  }
}

/** Writes a row of `width` pixels from `first` on, each mixed with its neighbours, from `to` on. */
function mixRow(
  luma: Float32Array,
  first: number,
  across: Float64Array,
  out: Float32Array,
  to: number,
  width: number,
): void {
  const x0 = across[0]!;
  const x1 = across[1]!;
  const x2 = across[2]!;
  const last = first + width - 1;
  const shift = to - first;
  let before2 = luma[first]!;
  let before = before2;
  let here = before2;
  let after = luma[Math.min(first + 1, last)]!;
  for (let at = first; at <= last; at++) {
    const after2 = at + 2 <= last ? luma[at + 2]! : luma[last]!;
    out[at + shift] = x0 * here + x1 * (before + after) + x2 * (before2 + after2);
    before2 = before;
    before = here;
    here = after;
    after = after2;
  }
}
