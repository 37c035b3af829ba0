import type { Resample } from '../hash.js';
import { checkedPixels, type Pixels } from '../pixels.js';

/** Pixels as PDQ goes through them: where each row and column of the hashed raster lies in the caller's memory. */
export interface Raster {
  /** a view of the caller's samples; only read */
  readonly bytes: Uint8Array;
  /** the same memory, a little-endian RGBA pixel a word, or `null` where that cannot be */
  readonly words: Int32Array | null;
  readonly channels: number;
  /** pixels from one row to the next */
  readonly stride: number;
  /** which pixel of a row each column of the raster is taken from */
  readonly columns: Int32Array;
  /** which row each row of the raster is taken from */
  readonly rows: Int32Array;
}

/**
 * The raster that PDQ hashes: with `resample: 512` and a longer side, 512 x 512 pixels taken at floor(x · width / 512)
 * and floor(y · height / 512), as the reference's C++ program does; otherwise all of them. Nothing is copied.
 * The kernels' indices reach 2^32 samples.
 * @throws {TypeError | RangeError} if `pixels` is none
 */
export function rasterOf(pixels: Pixels, resample: Resample): Raster {
  const { data: bytes, width, height, channels } = checkedPixels(pixels);
  const { buffer, byteOffset, length } = bytes;
  const shrink = isResampled(width, height, resample);
  const littleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return {
    bytes,
    words:
      channels === 4 && littleEndian && byteOffset % 4 === 0
        ? new Int32Array(buffer, byteOffset, length / 4)
        : null,
    channels,
    stride: width,
    columns: nearest(width, shrink ? 512 : width),
    rows: nearest(height, shrink ? 512 : height),
  };
}

/** Whether PDQ, in the given size convention, resamples a picture of these sides to 512 x 512. */
export const isResampled = (width: number, height: number, resample: Resample): boolean =>
  resample === 512 && (width > 512 || height > 512);

/** Nearest neighbours of `count` places along `length` pixels, by their near corner. Exact: the products stay under 2^53. */
function nearest(length: number, count: number): Int32Array {
  const places = new Int32Array(count);
  for (let x = 0; x < count; x++) places[x] = Math.floor((x * length) / count);
  return places;
}
