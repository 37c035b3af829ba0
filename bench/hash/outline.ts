import { bytesOf } from '../../src/hash.js';
import type { CheckedPixels } from '../../src/pixels.js';
import type { Rectangle } from '../../src/variant.js';
import { PARTS } from '../../src/variants/parts.js';
import { resampled } from './photos.js';

/*
 * What someone can draw of a picture who has nothing but hashes. Each bit is the sign of a
 * frequency. So the frequencies are added with that sign, each weighted as it is in photos.
 */

/** Sides of the drawing. */
const SIDE = 64;
const FREQUENCIES = 16;

/** Cosines of the frequencies from 1 on, at the middles of the pixels of a side. */
const COSINES = Array.from({ length: FREQUENCIES }, (_, at) =>
  Float64Array.from({ length: SIDE }, (_, x) =>
    Math.cos(((at + 1) * Math.PI * (2 * x + 1)) / (2 * SIDE)),
  ),
);

/** A hash, and the part of the picture that it is of. */
export interface Drawn {
  readonly bytes: Uint8Array;
  readonly rectangle: Rectangle;
}

/** The hashes of an entry's parts, and their places in its picture. */
export function partsDrawn(parts: string, { width, height }: CheckedPixels): Drawn[] {
  const bytes = bytesOf(parts);
  return PARTS.map(([x, y, wide, high], at) => ({
    bytes: bytes.subarray(32 * at, 32 * at + 32),
    rectangle: { left: x * width, top: y * height, width: wide * width, height: high * height },
  }));
}

/** The picture that a hash describes, from its mean. */
function drawing(bytes: Uint8Array): Float64Array {
  const out = new Float64Array(SIDE * SIDE);
  for (let bit = 0; bit < 256; bit++) {
    const [down, across] = [bit >> 4, bit & 15];
    const isSet = (bytes[31 - (bit >> 3)]! >> (bit & 7)) & 1;
    const weight = (isSet === 1 ? 1 : -1) / Math.hypot(down + 1, across + 1);
    for (let y = 0; y < SIDE; y++) {
      const row = weight * COSINES[down]![y]!;
      for (let x = 0; x < SIDE; x++) out[y * SIDE + x]! += row * COSINES[across]![x]!;
    }
  }
  return out;
}

/** How far the drawing from all hashes correlates with the brightness of the picture. */
export function correlation(pixels: CheckedPixels, hashes: readonly Drawn[]): number {
  const { width, height } = pixels;
  const all = new Float64Array(SIDE * SIDE);
  for (const { bytes, rectangle } of hashes) {
    const drawn = drawing(bytes);
    const share = Math.sqrt((rectangle.width * rectangle.height) / (width * height));
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const across = (((x + 0.5) / SIDE) * width - rectangle.left) / rectangle.width;
        const down = (((y + 0.5) / SIDE) * height - rectangle.top) / rectangle.height;
        if (across < 0 || across >= 1 || down < 0 || down >= 1) continue;
        // Frequencies of a part are higher ones of the picture, and weaker there.
        all[y * SIDE + x]! +=
          share * drawn[Math.floor(down * SIDE) * SIDE + Math.floor(across * SIDE)]!;
      }
    }
  }
  const whole = { left: 0, top: 0, width, height };
  // Reduced twice, so that the nearest pixels are means of many.
  return correlated(all, means(resampled(pixels, whole, 8 * SIDE, 8 * SIDE, 3).data));
}

/** Means of blocks of 8 x 8 pixels in green. */
function means(data: Uint8Array | Uint8ClampedArray): Float64Array {
  const out = new Float64Array(SIDE * SIDE);
  for (let y = 0; y < 8 * SIDE; y++) {
    for (let x = 0; x < 8 * SIDE; x++) {
      out[(y >> 3) * SIDE + (x >> 3)]! += data[3 * (y * 8 * SIDE + x) + 1]!;
    }
  }
  return out;
}

function correlated(a: Float64Array, b: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((x, y) => x + y, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]! - ma, b[i]! - mb];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
