import { type Arena, keptBeside, kernelsOf } from '../simd/arena.js';
import { TENT_KERNELS } from '../simd/tents.js';
import type { Raster } from './luma.js';
import type { TentTaps } from './tent-taps.js';

/**
 * The most bytes of a row that are copied, and of one whose pixels are words. JavaScript, which
 * reads only the pixels that it needs, is faster with longer ones.
 */
const LONGEST_ROW = 16_384;
const LONGEST_WORDS = 6144;

/** Rows of pixels that a tent mixes. */
const ROWS = 7;

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared; tables are kept.
const scratch = (take: Arena['take']) => ({
  columns: take(Int32Array, 512 + 8),
  tents: take(Int32Array, 64 * 8),
  tentsOf: { taps: undefined as TentTaps | undefined },
  weights: take(Int16Array, 8),
  luma: take(Float64Array, 5),
  pixels: take(Uint8Array, ROWS * LONGEST_ROW),
  sums: take(Uint16Array, LONGEST_ROW),
});

/**
 * PDQ's plane by kernels: rows are mixed, then columns. All sums are whole numbers, so they are
 * those of `makeTentRow`, whatever their order.
 * @param raster at most 512 x 512
 * @param across its whole taps along rows; `down` likewise
 * @param out the plane, 64 x 64; overwritten
 * @returns false if there are no kernels, or rows are too long for them
 */
export function tentsByKernels(
  raster: Raster,
  across: TentTaps,
  down: TentTaps,
  out: Float64Array,
): boolean {
  const kernels = kernelsOf(out, TENT_KERNELS);
  if (kernels === undefined) return false;
  const { bytes, words, channels, stride, columns, rows } = raster;
  const { tents, weights, luma, pixels, sums, ...tables } = keptBeside(out, scratch);
  const last = columns.length - 1;
  const left = Math.min(columns[0]!, columns[last]!);
  const length = (Math.abs(columns[last]! - columns[0]!) + 1) * channels;
  if (length > (words ? LONGEST_WORDS : LONGEST_ROW)) return false;
  const pitch = stride * channels;
  for (let x = 0; x <= last; x++) {
    tables.columns[x] = 2 * channels * (columns[x]! - left);
  }
  if (tables.tentsOf.taps !== across) writeTents(across, tents);
  tables.tentsOf.taps = across;
  if (channels < 3) luma.set([1, 0, 0]);
  else luma.set([Math.fround(0.299), Math.fround(0.587), Math.fround(0.114)]);
  const [from, mixed, places] = [pixels.byteOffset, sums.byteOffset, tables.columns.byteOffset];
  for (let i = 0; i < 64; i++) {
    const first = down.starts[i]!;
    const count = down.counts[i]!;
    if (i > 0 && down.room === 1 && down.starts[i - 1] === first) {
      out.copyWithin(64 * i, 64 * (i - 1), 64 * i);
      continue;
    }
    const top = rows[first]!;
    const step = count > 1 ? rows[first + 1]! - top : 1;
    const end = rows[first + count - 1]!;
    // Adjacent rows are copied at once, which counts for small pictures.
    const areAdjacent =
      pitch <= LONGEST_ROW && Math.abs(step) === 1 && end - top === step * (count - 1);
    if (areAdjacent) {
      const start = (Math.min(top, end) * stride + left) * channels;
      pixels.set(bytes.subarray(start, start + (count - 1) * pitch + length));
    } else {
      for (let tap = 0; tap < count; tap++) {
        const start = (rows[first + tap]! * stride + left) * channels;
        pixels.set(bytes.subarray(start, start + length), tap * length);
      }
    }
    const isReversed = areAdjacent && step < 0;
    weights.fill(0);
    for (let tap = 0; tap < count; tap++) {
      weights[isReversed ? count - 1 - tap : tap] = down.weights[down.room * i + tap]!;
    }
    luma[4] = down.units[i]!;
    kernels.mixRows(from, areAdjacent ? pitch : length, length, weights.byteOffset, mixed);
    kernels.tentRow(mixed, places, tents.byteOffset, luma.byteOffset, out.byteOffset + 512 * i);
  }
  pixels.fill(0);
  sums.fill(0);
  return true;
}

/** Writes the records of the kernel `tentRow`. */
function writeTents({ starts, counts, weights, units, room }: TentTaps, tents: Int32Array): void {
  const words = new Int16Array(tents.buffer, tents.byteOffset, 2 * tents.length);
  const numbers = new Float64Array(tents.buffer, tents.byteOffset, tents.length / 2);
  for (let j = 0; j < 64; j++) {
    tents[8 * j] = 4 * starts[j]!;
    for (let tap = 0; tap < 8; tap++) {
      words[16 * j + 4 + tap] = tap < counts[j]! ? weights[room * j + tap]! : 0;
    }
    numbers[4 * j + 3] = units[j]!;
  }
}
