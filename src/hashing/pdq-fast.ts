import { makeTentRow } from '../kernels/tent-rows.js';
import { type TentTaps, tentTaps } from '../kernels/tent-taps.js';
import { tentWords } from '../kernels/tent-words.js';
import type { Raster } from './pdq-raster.js';

/**
 * PDQ's filtered and decimated luma, 64 x 64, in float64 and only where it is looked at: the true values, from which the
 * reference's differ by its own roundings.
 */
export function tentPlane(
  { bytes, words, channels, stride, columns, rows }: Raster,
  out: Float64Array,
): void {
  const across = tapsOf(columns.length);
  const down = tapsOf(rows.length);
  tentRow ??= makeTentRow();
  const line = new Float64Array(columns.length);
  const byWords = words !== null && columns.length === 512 && rows.length === 512;
  if (byWords) tentWords(words, stride, columns, rows, out);
  for (let i = 0; i < 64; i++) {
    const from = byWords && i < 63 ? 63 : 0;
    const same = i > 0 && down.room === 1 && down.starts[i] === down.starts[i - 1];
    if (same) out.copyWithin(64 * i, 64 * (i - 1), 64 * i);
    else {
      tentRow(bytes, channels, stride * channels, columns, rows, across, down, i, from, line, out);
    }
  }
}

let tentRow: ReturnType<typeof makeTentRow> | undefined;

/** Taps for a line; those of 512, where every larger picture ends, are kept. */
function tapsOf(length: number): TentTaps {
  if (length !== 512) return tentTaps(length);
  taps512 ??= tentTaps(512);
  return taps512;
}

let taps512: TentTaps | undefined;
