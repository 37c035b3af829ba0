import type { Raster } from '../pixels/luma.js';
import { type Arena, arenaOf, freeing, keptBeside, kernelsOf } from '../simd/arena.js';
import { BOX_KERNELS } from '../simd/boxes.js';
import type { Kernel } from '../simd/kernel-set.js';
import { boxAhead, boxCount, boxWindow, tileCentres } from './box-filter.js';
import { DCT_MATRIX } from './dct.js';

/**
 * The filter and decimation of the PDQ reference by kernels: all four passes, eight rows a turn, as
 * in `jaroszFilter`. Rows before and after the picture are zeros, which round nothing.
 * @param raster at least 5 x 5
 * @param out 64 x 64; overwritten
 * @returns false, and nothing is written, if there are no kernels or not enough memory
 */
export const filterByKernels = (raster: Raster, out: Float64Array): boolean =>
  freeing(out, () => filterIn(arenaOf(out), raster, out));

function filterIn(arena: Arena, raster: Raster, out: Float64Array): boolean {
  const kernels = kernelsOf(out, BOX_KERNELS);
  if (!kernels) return false;
  const { bytes, channels, stride, columns, rows } = raster;
  const [width, height] = [columns.length, rows.length];
  const [windowX, windowY] = [boxWindow(width), boxWindow(height)];
  const aheadX = boxAhead(windowX);
  const lag = boxAhead(windowY) - 1;
  const left = Math.min(columns[0]!, columns[width - 1]!);
  const pitch = (Math.abs(columns[width - 1]! - columns[0]!) + 1) * channels;
  // Four columns at a time.
  const full = (width + 3) & ~3;
  let isInside = true;
  const take: Arena['take'] = (kind, length) => {
    const array = arena.take(kind, length);
    isInside &&= (array as unknown as Float32Array).buffer === out.buffer;
    return array;
  };
  const pixels = take(Uint8Array, 8 * pitch);
  const places = take(Int32Array, width);
  const weights = take(Float32Array, 3);
  // As many samples as a box holds before and after those of a row.
  // None after those of `means` is read: the last centre is a whole box before the end.
  const lines = take(Float32Array, 8 * (full + 2 * windowX));
  const means = take(Float32Array, lines.length);
  const countsX = take(Float32Array, full).fill(1);
  const countsY = take(Float32Array, height + 2 * lag + 16).fill(1);
  const centres = take(Int32Array, 64);
  const countsAt = take(Float32Array, 64);
  const tiles = take(Float32Array, 8 * 64);
  const first = ringOf(take, full, windowY);
  const second = ringOf(take, 64, windowY);
  if (!isInside) return false;

  weights.set(channels < 3 ? [1, 0, 0] : [0.299, 0.587, 0.114]);
  for (let x = 0; x < width; x++) {
    places[x] = (columns[x]! - left) * channels;
    countsX[x] = boxCount(x, width, windowX);
  }
  for (let y = 0; y < height; y++) countsY[y + 2 * lag] = boxCount(y, height, windowY);
  for (const [j, centre] of tileCentres(width).entries()) {
    centres[j] = 32 * centre;
    countsAt[j] = boxCount(centre, width, windowX);
  }
  const sample = 32 * windowX;
  const ahead = 32 * (aheadX - 1);
  const behind = sample - ahead;
  const [linesAt, meansAt] = [lines.byteOffset + sample, means.byteOffset + sample];
  const [columnsAt, byWeights] = [places.byteOffset, weights.byteOffset];
  const [byX, byY, byTile] = [countsX.byteOffset, countsY.byteOffset, countsAt.byteOffset];
  const centresY = tileCentres(height);
  for (let top = 0, i = 0; i < 64; top += 8) {
    for (let r = 0; r < 8 && top + r < height; r++) {
      const start = (rows[top + r]! * stride + left) * channels;
      pixels.set(bytes.subarray(start, start + pitch), r * pitch);
    }
    for (let r = 0; r < 8; r += 4) {
      const from = pixels.byteOffset + r * pitch;
      kernels.lumaLines(from, pitch, columnsAt, width, byWeights, linesAt + 4 * r);
    }
    const to = rowAt(first, top);
    kernels.boxRows(linesAt - behind, linesAt + ahead, linesAt, width, byX, 4 * full, to);
    clearRows(first, top, height - top);
    boxColumns(kernels.boxColumns, first, top, byY + 4 * (top + lag), meansAt);
    const { byteOffset } = centres;
    const tile = rowAt(second, top);
    kernels.boxRowsAt(meansAt - behind, meansAt + ahead, meansAt, byteOffset, byTile, tile);
    clearRows(second, top, height + lag - top, lag - top);
    boxColumns(kernels.boxColumns, second, top, byY + 4 * top, tiles.byteOffset);
    for (let r = 0; r < 8; r++) {
      for (; i < 64 && centresY[i] === top + r - 2 * lag; i++) {
        for (let j = 0; j < 64; j++) out[64 * i + j] = tiles[8 * j + r]!;
      }
    }
  }
  return true;
}

/** Rows of a plane, at least as many as a box holds and eight, and the sums of its columns. */
interface Ring {
  readonly width: number;
  readonly window: number;
  /** a multiple of 8 */
  readonly slots: number;
  readonly rows: Float32Array;
  readonly sums: Float32Array;
}

function ringOf(take: Arena['take'], width: number, window: number): Ring {
  const slots = (window + 15) & ~7;
  const rows = take(Float32Array, slots * width);
  return { width, window, slots, rows, sums: take(Float32Array, width) };
}

/** The address of a row of a ring. */
const rowAt = ({ width, window, slots, rows }: Ring, row: number) =>
  rows.byteOffset + 4 * width * ((row + slots * window) % slots);

/** The means of the columns of the eight rows from `top` on. */
function boxColumns(kernel: Kernel, ring: Ring, top: number, counts: number, out: number): void {
  const { width, window, rows, sums } = ring;
  const newest = rowAt(ring, top);
  const oldest = rowAt(ring, top - window);
  const [start, end] = [rows.byteOffset, rows.byteOffset + rows.byteLength];
  kernel(newest, oldest, start, end, 4 * width, sums.byteOffset, counts, out);
}

/** Clears those of the eight rows from `top` on that are before `from` or not before `end`. */
function clearRows({ width, slots, rows }: Ring, top: number, end: number, from = 0): void {
  for (let r = 0; r < 8; r++) {
    const start = ((top % slots) + r) * width;
    if (r < from || r >= end) rows.fill(0, start, start + width);
  }
}

/** The matrix, the same with rows and columns exchanged, and scratch. */
function keptForDct(take: Arena['take']) {
  const [matrix, turned] = [take(Float32Array, 16 * 64), take(Float32Array, 64 * 16)];
  matrix.set(DCT_MATRIX);
  for (let k = 0; k < turned.length; k++) turned[k] = matrix[64 * (k & 15) + (k >> 4)]!;
  return {
    matrix,
    turned,
    floats: take(Float32Array, 64 * 64),
    middle: take(Float32Array, 16 * 64),
  };
}

/** `dctInOrder` by kernels. @returns false, and nothing is written, if there are none */
export function dctByKernels(plane: Float64Array, out: Float64Array): boolean {
  const kernels = kernelsOf(out, BOX_KERNELS);
  if (!kernels) return false;
  const { matrix, turned, floats, middle } = keptBeside(out, keptForDct);
  floats.set(plane);
  const matrices = [matrix.byteOffset, turned.byteOffset];
  kernels.dctInOrder(floats.byteOffset, ...matrices, middle.byteOffset, out.byteOffset);
  floats.fill(0);
  middle.fill(0);
  return true;
}
