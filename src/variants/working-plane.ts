import type { CheckedPixels } from '../pixels.js';

/** A picture reduced for looking at and sampling: what all variants of one picture share. */
export interface WorkingPlane {
  readonly width: number;
  readonly height: number;
  /** pixels of the picture that one pixel here stands for, along either side; 1 up to 1,535 pixels a side */
  readonly scale: number;
  /** pixels of this plane beyond each border of the picture; 0 unless margins were added */
  readonly marginX: number;
  readonly marginY: number;
  /** sides of the picture itself */
  readonly fullWidth: number;
  readonly fullHeight: number;
  /** 0.299 R + 0.587 G + 0.114 B, less its mean brought to a whole number, which no hash depends on: 0 is the mean */
  readonly luma: Float32Array;
  /** the picture itself, for what a reduced one is too coarse for */
  readonly pixels: CheckedPixels;
  /** rounded means; for a grey picture one and the same array */
  readonly red: Uint8Array;
  readonly green: Uint8Array;
  readonly blue: Uint8Array;
}

/** The longer side that a working plane is brought near to. */
const WORKING_SIDE = 1024;

/**
 * The working plane of a picture, of the means of four pixels of each square, those half way from its centre to its
 * corners: all of them at scale 2, and enough above. Alpha is ignored, as in the PDQ reference.
 */
export function workingPlane(pixels: CheckedPixels): WorkingPlane {
  const { channels } = pixels;
  const { width: fullWidth, height: fullHeight } = pixels;
  // A whole number, so that borders of the plane are borders of pixels: 1 below 1,536, then 2 …
  const scale = Math.max(1, Math.round(Math.max(fullWidth, fullHeight) / WORKING_SIDE));
  const width = Math.ceil(fullWidth / scale);
  const height = Math.ceil(fullHeight / scale);
  const luma = new Float32Array(width * height);
  const red = new Uint8Array(luma.length);
  const green = channels < 3 ? red : new Uint8Array(luma.length);
  const blue = channels < 3 ? red : new Uint8Array(luma.length);
  fill(pixels.data, fullWidth, fullHeight, channels, scale, luma, red, green, blue);
  let sum = 0;
  for (let i = 0; i < luma.length; i++) sum += luma[i]!;
  const mean = Math.round(sum / luma.length);
  for (let i = 0; i < luma.length; i++) luma[i]! -= mean;
  const sides = { width, height, scale, marginX: 0, marginY: 0, fullWidth, fullHeight };
  return { ...sides, pixels, luma, red, green, blue };
}

function fill(
  data: Uint8Array,
  width: number,
  height: number,
  channels: number,
  scale: number,
  luma: Float32Array,
  red: Uint8Array,
  green: Uint8Array,
  blue: Uint8Array,
): void {
  const toGreen = channels < 3 ? 0 : 1;
  const toBlue = 2 * toGreen;
  const near = (scale - 1) >> 2;
  const far = scale - 1 - near;
  for (let y = 0, to = 0; y < height; y += scale) {
    const upper = Math.min(y + near, height - 1) * width;
    const lower = Math.min(y + far, height - 1) * width;
    for (let x = 0; x < width; x += scale, to++) {
      const left = Math.min(x + near, width - 1);
      const right = Math.min(x + far, width - 1);
      const i = (upper + left) * channels;
      const j = (upper + right) * channels;
      const k = (lower + left) * channels;
      const l = (lower + right) * channels;
      const r = data[i]! + data[j]! + data[k]! + data[l]!;
      const g = data[i + toGreen]! + data[j + toGreen]! + data[k + toGreen]! + data[l + toGreen]!;
      const b = data[i + toBlue]! + data[j + toBlue]! + data[k + toBlue]! + data[l + toBlue]!;
      luma[to] = (0.299 * r + 0.587 * g + 0.114 * b) / 4;
      red[to] = (r + 2) >> 2;
      green[to] = (g + 2) >> 2;
      blue[to] = (b + 2) >> 2;
    }
  }
}
