/*
 * The loop that continues a plane of luma beyond its border.
 */

import { type Arena, keptBeside, kernelsOf } from '../simd/arena.js';
import { COLOUR_KERNELS } from '../simd/colours.js';

/** A line of pixels in a plane. */
export interface Line {
  /** its first pixel */
  readonly start: number;
  /** step from a pixel to the next */
  readonly along: number;
  readonly count: number;
}

/** Pixels of the longest line whose sums are kept. */
const LONGEST = 8192;

// Scratch: no other code of ours runs between its first write and its last read. Content of a
// picture is cleared.
const scratch = (take: Arena['take']) => ({
  sums: take(Float64Array, LONGEST),
  left: take(Float64Array, 1),
});

/**
 * Continues a line of a plane outwards: pixel i of the n-th line beyond it is the mean of the
 * line's pixels i - n to i + n, as far as they exist, times 1 - n / depth. The last one is 0.
 * @param plane overwritten beyond the line
 * @param outwards step from a line to the next one beyond it
 * @param depth number of lines to fill
 */
export function extendLine(
  plane: Float32Array,
  { start, along, count }: Line,
  outwards: number,
  depth: number,
): void {
  const kept = keptBeside(plane, scratch);
  const sums = count < LONGEST ? kept.sums : new Float64Array(count + 1);
  const kernels = kernelsOf(plane, COLOUR_KERNELS, sums);
  for (let i = 0; i < count; i++) sums[i + 1] = sums[i]! + plane[start + i * along]!;
  for (let away = 1; away <= depth; away++) {
    const left = 1 - away / depth;
    if (kernels) {
      kept.left[0] = left;
      const to = plane.byteOffset + 4 * (start + away * outwards);
      kernels.extendLine(sums.byteOffset, count, away, kept.left.byteOffset, to, 4 * along);
      continue;
    }
    let to = start + away * outwards;
    for (let i = 0; i < count; i++, to += along) {
      const from = Math.max(0, i - away);
      const end = Math.min(count, i + away + 1);
      plane[to] = (left * (sums[end]! - sums[from]!)) / (end - from);
    }
  }
  sums.fill(0, 0, count + 1);
}
