import { random } from '../../bench/workloads.js';
import type { CheckedPixels } from '../../src/pixels.js';

/** Kinds of seeded RGBA pictures, each hard on hashes in its own way. */
export const PICTURE_KINDS = [
  'noise',
  'flat',
  'white',
  'nearWhite',
  'gradient',
  'stripes',
  'checker',
  'symmetric',
  'transparent',
] as const;
export type PictureKind = (typeof PICTURE_KINDS)[number];

/**
 * A seeded RGBA picture. All kinds are opaque except `transparent`, whose alpha is 0, 1, 254 or
 * 255.
 */
export function picture(kind: PictureKind, width: number, height: number, seed = 1): CheckedPixels {
  const next = random(seed);
  const data = new Uint8ClampedArray(4 * width * height);
  const flat = [next() & 255, next() & 255, next() & 255];
  const step = [1 + (next() % 5), 1 + (next() % 5), 1 + (next() % 5)];
  const period = 1 + (next() % 9);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      for (let c = 0; c < 3; c++) {
        let value: number;
        if (kind === 'flat') value = flat[c]!;
        else if (kind === 'white') value = 255;
        else if (kind === 'nearWhite') value = 255 - (next() % 40 === 0 ? 1 : 0);
        else if (kind === 'gradient')
          value = ((255 * (x * step[c]! + y)) / (width * step[c]! + height)) | 0;
        else if (kind === 'stripes') value = (((x / period) | 0) & 1) * flat[c]!;
        else if (kind === 'checker')
          value = ((((x / period) | 0) + ((y / period) | 0)) & 1) * flat[c]!;
        else value = next() & 255;
        data[at + c] = value;
      }
      data[at + 3] = kind === 'transparent' ? [0, 1, 254, 255][next() & 3]! : 255;
    }
  }
  if (kind === 'symmetric') {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width >> 1; x++) {
        const from = 4 * (y * width + x);
        data.copyWithin(4 * (y * width + width - 1 - x), from, from + 4);
      }
    }
  }
  return { data: new Uint8Array(data.buffer), width, height, channels: 4 };
}
