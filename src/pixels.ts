import { checkInteger, wrongKind, wrongRange } from './door.js';

/** Samples per pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. */
export type Channels = 1 | 2 | 3 | 4;

/**
 * A decoded picture: 8-bit samples, row-major, without padding, straight (not premultiplied) alpha.
 * A browser's `ImageData` fits unchanged. If `channels` is absent, it is derived from the length.
 */
export interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  readonly channels?: Channels;
}

/**
 * Pixels whose shape has been checked. All inner functions take these; public functions make them
 * once from the caller's pixels.
 */
export interface CheckedPixels extends Pixels {
  readonly data: Uint8Array;
  readonly channels: Channels;
}

/**
 * Checks the shape of `pixels`. Nothing is copied: `data` is a view of the caller's samples.
 * @throws {TypeError} if `data` is not a Uint8Array or Uint8ClampedArray, or a side is not a number
 * @throws {RangeError} if a side is not a positive integer, or `data` does not hold width · height
 *   · channels samples
 */
export function checkedPixels(pixels: Pixels): CheckedPixels {
  const data = pixels?.data;
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    wrongKind('pixels.data to be a Uint8Array or Uint8ClampedArray');
  }
  const { buffer, byteOffset, length } = data;
  const { width, height } = pixels;
  checkInteger('width', width, 1);
  checkInteger('height', height, 1);
  const { channels = length / (width * height) } = pixels;
  checkInteger('channels', channels, 1, 4);
  if (length !== width * height * channels) {
    wrongRange(`${width} x ${height} x ${channels} samples, got ${length}`);
  }
  const bytes = new Uint8Array(buffer, byteOffset, length);
  return { data: bytes, width, height, channels: channels as Channels };
}

/** RGBA pixels as little-endian words of the same memory, or `null` if that is impossible. */
export function wordsOf({ data, channels }: CheckedPixels): Int32Array | null {
  const { buffer, byteOffset, length } = data;
  const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  const fits = channels === 4 && isLittleEndian && byteOffset % 4 === 0;
  return fits ? new Int32Array(buffer, byteOffset, length / 4) : null;
}

/**
 * EXIF orientation: 1 as stored, 2 mirrored, 3 turned by 180°, 4 flipped vertically, 5 to 8 with
 * the sides exchanged.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/**
 * The place of the displayed picture's first pixel in the stored one, and whether its rows are the
 * stored one's columns (EXIF 2.32, tag 0x0112).
 */
export const layoutOf = (orientation: Orientation) => ({
  fromRight: [2, 3, 7, 8].includes(orientation),
  fromBottom: [3, 4, 6, 7].includes(orientation),
  turned: orientation > 4,
});
