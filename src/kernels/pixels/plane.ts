/*
 * Loops over a picture's planes: its luma and its colours, one array each, as a rule reduced.
 */

import { type Arena, arenaOf, keptBeside, kernelsOf } from '../simd/arena.js';
import { PLANE_KERNELS } from '../simd/planes.js';
import type { Lay } from './pixels.js';

/** The planes that `reduce` fills, row-major, one value for each square of the picture. */
export interface Planes {
  readonly luma: Float32Array;
  readonly red: Uint8Array;
  /** `red` itself for a grey picture; `blue` too */
  readonly green: Uint8Array;
  readonly blue: Uint8Array;
}

/**
 * Reduces a picture to one value for each square of `scale` pixels a side. Its luma is the mean of
 * four of its pixels, those half way from its centre to its corners. At scale 1 they are one and
 * the same, at scale 2 all pixels of the square. Its colours are those of the first of the four:
 * means would add colours that are not in the picture, and lose the narrow gaps of a collage.
 * Beyond the picture its last pixel counts.
 * @param data interleaved pixels; only read, in the order of memory
 * @param lay layout of the picture in it
 * @param out luma (0.299 R + 0.587 G + 0.114 B) and colours; overwritten
 * @returns the mean of the luma
 */
export function reduce(
  data: Uint8Array,
  channels: number,
  { width, height, first, alongRow, alongColumn }: Lay,
  scale: number,
  { luma, red, green, blue }: Planes,
): number {
  const toGreen = channels < 3 ? 0 : 1;
  const toBlue = 2 * toGreen;
  const near = (scale - 1) >> 2;
  const far = scale - 1 - near;
  const columns = Math.ceil(width / scale);
  // In a turned picture, columns are contiguous: the inner loop goes down.
  const isTurned = Math.abs(alongRow) > Math.abs(alongColumn);
  const along = isTurned ? alongColumn : alongRow;
  const across = isTurned ? alongRow : alongColumn;
  const length = isTurned ? height : width;
  const lines = isTurned ? width : height;
  const nextTo = isTurned ? columns : 1;
  const nextLine = isTurned ? 1 : columns;
  const last = Math.ceil(length / scale) - 1;
  const step = scale * along;
  const lastNear = Math.min(last * scale + near, length - 1) * along;
  const lastFar = Math.min(last * scale + far, length - 1) * along;
  const kernels = channels < 3 ? undefined : kernelsOf(luma, PLANE_KERNELS, red, green, blue);
  /** squares of each line that kernels reduce: as many fours as there are before the last square */
  const fours = kernels && length * channels <= LONGEST_LINE ? last - (last % 4) : 0;
  // A second sum, as V8 allocates a number at each change of a variable that a closure shares.
  let ofFours = 0;
  if (kernels && fours > 0) {
    const isOne = scale === 1;
    const reduceLines = kernels[isTurned ? 'reduceDown' : isOne ? 'takeLines' : 'reduceLines'];
    const sums = keptBeside(luma, sumsOf);
    const before = along < 0 ? (length - 1) * channels : 0;
    const layout = { first: first - before, bytes: length * channels, across, lines };
    eachLines(data, layout, [scale, near, far], arenaOf(luma), (line, at, count, next, down) => {
      const squares = [at + before + near * along, step, (far - near) * along, down, fours];
      const to = [red, green, blue].map(({ byteOffset }) => byteOffset + line * nextLine);
      const light = luma.byteOffset + 4 * line * nextLine;
      reduceLines(...squares, count, next, light, ...to, columns, sums.byteOffset);
      ofFours += sums[0]! + sums[2]! + 2 ** 32 * (sums[1]! + sums[3]!);
    });
    // That kernel takes four pixels of a square: here one and the same.
    if (isOne && isTurned) ofFours /= 4;
    sums.fill(0);
  }
  let sum = 0;
  for (let line = 0, start = 0; line < lines; line += scale, start += nextLine) {
    const upper = first + Math.min(line + near, lines - 1) * across;
    const down = first + Math.min(line + far, lines - 1) * across - upper;
    let right = (far - near) * along;
    // Only the last square may reach beyond the picture: a quarter less time than a test in each.
    let to = start + fours * nextTo;
    let i = upper + near * along + fours * step;
    const end = start + last * nextTo;
    for (; to <= end; to += nextTo, i += step) {
      if (to === end) {
        i = upper + lastNear;
        right = lastFar - lastNear;
      }
      let r = data[i]!;
      let g = data[i + toGreen]!;
      let b = data[i + toBlue]!;
      red[to] = r;
      green[to] = g;
      blue[to] = b;
      if (scale === 1) {
        const value = 299 * r + 587 * g + 114 * b;
        luma[to] = value * 0.001;
        sum += value;
        continue;
      }
      const j = i + right;
      const k = i + down;
      const l = k + right;
      r += data[j]! + data[k]! + data[l]!;
      g += data[j + toGreen]! + data[k + toGreen]! + data[l + toGreen]!;
      b += data[j + toBlue]! + data[k + toBlue]! + data[l + toBlue]!;
      // Whole numbers are a seventh faster (V8 11.3, x64), and their order does not matter.
      const value = 299 * r + 587 * g + 114 * b;
      luma[to] = value * 0.00025;
      sum += value;
    }
  }
  return ((sum + ofFours) * (scale === 1 ? 0.001 : 0.00025)) / luma.length;
}

/** Subtracts a whole number from each value of a plane. */
export function lower(plane: Float32Array, by: number): void {
  const kernels = kernelsOf(plane, PLANE_KERNELS);
  if (kernels) kernels.lower(plane.byteOffset, plane.length, by);
  else for (let i = 0; i < plane.length; i++) plane[i]! -= by;
}

/** Bytes of the longest line of pixels that kernels read. */
const LONGEST_LINE = 2 ** 18;

const linesOf = (take: Arena['take']) => take(Uint8Array, 2 * LONGEST_LINE);
const sumsOf = (take: Arena['take']) => take(Uint32Array, 4);

/** Bytes that are copied in the time that two calls take (V8 11.3, x64). */
const BETWEEN = 4096;

/** Lines of pixels in memory, one after the other. */
interface PixelLines {
  /** the lowest byte of the first */
  readonly first: number;
  readonly bytes: number;
  /** bytes from a line to the next */
  readonly across: number;
  readonly lines: number;
}

/**
 * Copies lines of pixels to an arena, two of each line of squares, as many as it has room for.
 * @param scale lines of pixels of a line of squares; of these `near` and `far` are copied
 * @param work gets the number of the first line of squares, the address of its first byte, the
 *   number of lines of squares, bytes from each to the next, and from its nearer pixels to its
 *   farther ones
 */
function eachLines(
  data: Uint8Array,
  { first, bytes, across, lines }: PixelLines,
  [scale, near, far]: readonly [number, number, number],
  arena: Arena,
  work: (line: number, at: number, count: number, next: number, down: number) => void,
): void {
  const room = arena.kept(linesOf);
  const all = Math.ceil(lines / scale);
  // Lines are copied at once if there is little between those that are needed.
  const apart = scale * across;
  const areClose = across >= bytes && apart <= Math.min(2 * bytes + BETWEEN, room.length);
  const close = areClose ? Math.floor(lines / scale) : 0;
  const next = close > 0 ? apart : 2 * bytes;
  const most = Math.floor(room.length / Math.max(next, 2 * bytes));
  for (let line = 0, count = 0; line < all; line += count) {
    if (line < close) {
      count = Math.min(most, close - line);
      const from = first + line * next;
      room.set(data.subarray(from, from + count * next));
      work(line, room.byteOffset + near * across, count, next, (far - near) * across);
      continue;
    }
    count = Math.min(most, all - line);
    for (let slot = 0; slot < 2 * count; slot++) {
      const pixels = (line + (slot >> 1)) * scale + (slot & 1 ? far : near);
      const from = first + Math.min(pixels, lines - 1) * across;
      room.set(data.subarray(from, from + bytes), slot * bytes);
    }
    work(line, room.byteOffset, count, 2 * bytes, bytes);
  }
  room.fill(0, 0, Math.min(room.length, all * Math.max(next, 2 * bytes)));
}

/**
 * The luma of a picture, or of a part of one, reduced as `reduce` does it.
 * @param lay its layout in `data`
 * @param out overwritten
 */
export function reducedLuma(
  data: Uint8Array,
  channels: number,
  { width, height, first, alongRow, alongColumn }: Lay,
  scale: number,
  out: Float32Array,
): void {
  const toGreen = channels < 3 ? 0 : 1;
  const toBlue = 2 * toGreen;
  const near = (scale - 1) >> 2;
  const far = scale - 1 - near;
  for (let y = 0, to = 0; y < height; y += scale) {
    const upper = first + Math.min(y + near, height - 1) * alongColumn;
    const lower = first + Math.min(y + far, height - 1) * alongColumn;
    for (let x = 0; x < width; x += scale, to++) {
      const left = Math.min(x + near, width - 1) * alongRow;
      const right = Math.min(x + far, width - 1) * alongRow;
      const i = upper + left;
      const j = upper + right;
      const k = lower + left;
      const l = lower + right;
      const r = data[i]! + data[j]! + data[k]! + data[l]!;
      const g = data[i + toGreen]! + data[j + toGreen]! + data[k + toGreen]! + data[l + toGreen]!;
      const b = data[i + toBlue]! + data[j + toBlue]! + data[k + toBlue]! + data[l + toBlue]!;
      out[to] = (0.299 * r + 0.587 * g + 0.114 * b) / 4;
    }
  }
}

/**
 * Reduces luma to one value for each square of `factor` pixels a side: the mean of four of its
 * pixels, half way from its centre to its corners, in sixteenths. The remainder at the right and
 * below is ignored.
 * @param stride pixels a row of `luma`
 * @param out of `width` pixels a row; overwritten
 */
export function reduceLuma(
  luma: Float32Array,
  stride: number,
  factor: number,
  width: number,
  out: Int16Array,
): void {
  const near = (factor - 1) >> 2;
  const far = factor - 1 - near;
  for (let to = 0, row = 0; to < out.length; row += factor * stride) {
    let upper = row + near * stride;
    let lower = row + far * stride;
    if (factor === 1) {
      for (const end = to + width; to < end; to++, upper++) out[to] = 16 * luma[upper]!;
      continue;
    }
    for (const end = to + width; to < end; to++, upper += factor, lower += factor) {
      const above = luma[upper + near]! + luma[upper + far]!;
      out[to] = 4 * (above + luma[lower + near]! + luma[lower + far]!);
    }
  }
}

/**
 * Inverts colours, and leaves alpha unchanged.
 * @param out as many samples; overwritten
 */
export function invert(data: Uint8Array, channels: number, out: Uint8Array): void {
  const alpha = channels === 2 || channels === 4 ? channels - 1 : -1;
  for (let i = 0; i < data.length; i++) {
    out[i] = i % channels === alpha ? data[i]! : 255 - data[i]!;
  }
}

/**
 * Halves a plane: the mean of each square of two pixels a side. Beyond the plane its last row and
 * column count again.
 * @param out (width + 1) >> 1 by (height + 1) >> 1 values; overwritten
 */
export function halve(plane: Float32Array, width: number, height: number, out: Float32Array): void {
  const even = width & ~1;
  const kernels = kernelsOf(plane, PLANE_KERNELS, out);
  kernels?.halve(plane.byteOffset, width, height, out.byteOffset);
  if (kernels && even === width) return;
  for (let y = 0, to = 0; y < height; y += 2) {
    const upper = y * width;
    const down = y + 1 < height ? width : 0;
    const end = upper + even;
    if (kernels) to += even >> 1;
    for (let at = kernels ? end : upper; at < end; at += 2, to++) {
      const under = at + down;
      out[to] = (plane[at]! + plane[at + 1]! + plane[under]! + plane[under + 1]!) / 4;
    }
    if (even < width) out[to++] = (plane[end]! + plane[end + down]!) / 2;
  }
}

/** A grid of pixels at an angle on a plane, by its sides and its centre. */
export interface TurnedGrid {
  readonly width: number;
  readonly height: number;
  readonly centreX: number;
  readonly centreY: number;
  readonly cosine: number;
  readonly sine: number;
}

/**
 * The planes' pixels under a turned grid; outside, the nearest border pixel.
 * @param planes of `width` x `height` pixels; only read
 * @param out one sample of each plane a pixel of the grid, row-major; overwritten
 */
export function turnedPixels(
  planes: readonly Uint8Array[],
  width: number,
  height: number,
  grid: TurnedGrid,
  out: Uint8Array,
): void {
  const { centreX, centreY, cosine, sine } = grid;
  let to = 0;
  for (let y = 0; y < grid.height; y++) {
    const fromCentreY = y + 0.5 - grid.height / 2;
    for (let x = 0; x < grid.width; x++) {
      const fromCentreX = x + 0.5 - grid.width / 2;
      const column = Math.floor(centreX + fromCentreX * cosine - fromCentreY * sine);
      const row = Math.floor(centreY + fromCentreX * sine + fromCentreY * cosine);
      const at =
        Math.max(0, Math.min(row, height - 1)) * width + Math.max(0, Math.min(column, width - 1));
      for (let plane = 0; plane < planes.length; plane++) out[to++] = planes[plane]![at]!;
    }
  }
}
