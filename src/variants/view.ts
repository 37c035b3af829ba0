import type { Algorithm, Resample } from '../hash.js';
import { isResampled } from '../hashing/pdq.js';
import { type Lay, movePixels, takePixels } from '../kernels/pixels/pixels.js';
import { type Channels, type CheckedPixels, layoutOf, type Orientation } from '../pixels.js';
import type { Rectangle } from '../variant.js';

/**
 * A picture as it is viewed, read from its pixels in place: turned, mirrored or a part of a larger
 * one, without moving any. Moving the pixels of a turned 12-megapixel photo took 90 ms, all
 * variants of it 45.
 */
export interface View extends Lay {
  readonly data: Uint8Array;
  readonly channels: Channels;
}

/**
 * A stored picture as its EXIF orientation displays it.
 * @param pixels borrowed
 */
export const viewOf = (pixels: CheckedPixels, orientation: Orientation = 1): View => {
  const { data, width, height, channels } = pixels;
  const lay = { width, height, first: 0, alongRow: channels, alongColumn: width * channels };
  return turned({ data, channels, ...lay }, orientation);
};

/** The view with one more EXIF orientation. */
export function turned(view: View, orientation: Orientation): View {
  const { data, channels, width, height, alongRow, alongColumn } = view;
  const { fromRight, fromBottom, turned: quarter } = layoutOf(orientation);
  const right = fromRight ? -alongRow : alongRow;
  const down = fromBottom ? -alongColumn : alongColumn;
  const first =
    view.first +
    (fromRight ? (width - 1) * alongRow : 0) +
    (fromBottom ? (height - 1) * alongColumn : 0);
  return quarter
    ? { data, channels, width: height, height: width, first, alongRow: down, alongColumn: right }
    : { data, channels, width, height, first, alongRow: right, alongColumn: down };
}

/** A part of the view, in its pixels; the part is inside it. */
export function partOf(view: View, { left, top, width, height }: Rectangle): View {
  const first = view.first + left * view.alongRow + top * view.alongColumn;
  return { ...view, width, height, first };
}

/** The pixels of the view, moved to new memory. */
export function movedPixels(view: View): CheckedPixels {
  const { data, channels, width, height, first, alongRow, alongColumn } = view;
  const out = new Uint8Array(width * height * channels);
  if (alongRow === channels) {
    const row = width * channels;
    for (let y = 0; y < height; y++) {
      const from = first + y * alongColumn;
      out.set(data.subarray(from, from + row), y * row);
    }
  } else movePixels(data, channels, view, out);
  return { data: out, width, height, channels };
}

/** The pixels of the view: in place if they are stored row after row, else moved. */
export function contiguousPixels(view: View): CheckedPixels {
  const { data, channels, width, height, first, alongRow, alongColumn } = view;
  const row = width * channels;
  if (alongRow !== channels || alongColumn !== row) return movedPixels(view);
  return { data: data.subarray(first, first + row * height), width, height, channels };
}

/** A side of the raster that PDQ takes in its size convention 512. */
export const SIDE = 512;

/**
 * The 512 x 512 pixels that PDQ takes of the view: column floor(x · width / 512) and row
 * floor(y · height / 512).
 */
export function sampledPixels(view: View): CheckedPixels {
  const { data, channels, width, height } = view;
  const out = new Uint8Array(SIDE * SIDE * channels);
  takePixels(data, channels, view, places(width), places(height), out);
  return { data: out, width: SIDE, height: SIDE, channels };
}

/**
 * The pixels of a view for an algorithm to hash. If PDQ brings it to 512 x 512 first, only those
 * pixels are moved: a copy of the whole is 36 MB at 12 megapixels.
 */
export function pixelsFor(view: View, algorithm: Algorithm, resample: Resample): CheckedPixels {
  const { width, height } = view;
  const isSampled = algorithm === 'pdq' && isResampled(width, height, resample);
  return isSampled ? sampledPixels(view) : contiguousPixels(view);
}

/** The positions of 512 samples on a side, ascending. */
export function places(length: number): Int32Array {
  const at = new Int32Array(SIDE);
  for (let i = 0; i < SIDE; i++) at[i] = Math.floor((i * length) / SIDE);
  return at;
}
