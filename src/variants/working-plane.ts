import { channelsOf, type Pixels } from '../pixels.js';

/**
 * A picture reduced for looking at and sampling: what all variants of one picture share. A pixel of it is the mean of
 * `scale` x `scale` pixels of the picture (fewer in the last row and column), from 4 on of every second pixel of every second row.
 */
export interface WorkingPlane {
  readonly width: number;
  readonly height: number;
  /** pixels of the picture that one pixel here stands for, along either side; 1 up to 1,535 pixels a side */
  readonly scale: number;
  /** sides of the picture itself */
  readonly fullWidth: number;
  readonly fullHeight: number;
  /** the picture itself, for what a reduced one is too coarse for */
  readonly pixels: Pixels;
  /** of luma */
  readonly mean: number;
  /** 0.299 R + 0.587 G + 0.114 B of the means, not rounded to whole values where `scale` is above 1 */
  readonly luma: Float32Array;
  /** rounded means; for a grey picture one and the same array */
  readonly red: Uint8Array;
  readonly green: Uint8Array;
  readonly blue: Uint8Array;
}

/** The longer side that a working plane is brought near to. */
const WORKING_SIDE = 1024;

/** The working plane of a picture. Alpha is ignored, as in the PDQ reference. */
export function workingPlane(pixels: Pixels): WorkingPlane {
  const channels = channelsOf(pixels);
  const { width: fullWidth, height: fullHeight } = pixels;
  // A whole number, so that borders of the plane are borders of pixels: 1 below 1,536, then 2 …
  const scale = Math.max(1, Math.round(Math.max(fullWidth, fullHeight) / WORKING_SIDE));
  const width = Math.ceil(fullWidth / scale);
  const height = Math.ceil(fullHeight / scale);
  const sides = { width, height, scale, fullWidth, fullHeight, pixels };
  const luma = new Float32Array(width * height);
  const red = new Uint8Array(width * height);
  if (channels < 3) {
    greyPlane(pixels.data, fullWidth, fullHeight, channels, scale, luma, red);
    return { ...sides, mean: meanOf(luma), luma, red, green: red, blue: red };
  }
  const green = new Uint8Array(width * height);
  const blue = new Uint8Array(width * height);
  colourPlane(pixels.data, fullWidth, fullHeight, channels, scale, luma, red, green, blue);
  return { ...sides, mean: meanOf(luma), luma, red, green, blue };
}

/** Every second pixel of every second row is mean enough of four and more. */
const stepOf = (scale: number) => (scale < 4 ? 1 : 2);

function meanOf(luma: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < luma.length; i++) sum += luma[i]!;
  return sum / luma.length;
}

function greyPlane(
  data: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  channels: number,
  scale: number,
  luma: Float32Array,
  grey: Uint8Array,
): void {
  const columns = Math.ceil(width / scale);
  const sums = new Float64Array(columns);
  const step = stepOf(scale);
  const stride = step * channels;
  let to = 0;
  for (let top = 0; top < height; top += scale) {
    const bottom = Math.min(top + scale, height);
    sums.fill(0);
    for (let y = top; y < bottom; y += step) {
      for (let column = 0; column < columns; column++) {
        let x = column * scale;
        let at = (y * width + x) * channels;
        const end = Math.min(x + scale, width);
        let sum = 0;
        for (; x < end; x += step, at += stride) sum += data[at]!;
        sums[column]! += sum;
      }
    }
    for (let column = 0; column < sums.length; column++, to++) {
      const mean =
        sums[column]! /
        (Math.ceil((bottom - top) / step) *
          Math.ceil(Math.min(scale, width - column * scale) / step));
      luma[to] = mean;
      grey[to] = (mean + 0.5) | 0;
    }
  }
}

function colourPlane(
  data: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  channels: number,
  scale: number,
  luma: Float32Array,
  red: Uint8Array,
  green: Uint8Array,
  blue: Uint8Array,
): void {
  const columns = Math.ceil(width / scale);
  const step = stepOf(scale);
  const stride = step * channels;
  // Sums of at most 8192 x 8192 / 1024² = 64 pixels of 255 each, and of far larger pictures still, fit 32 bits.
  const reds = new Int32Array(columns);
  const greens = new Int32Array(columns);
  const blues = new Int32Array(columns);
  let to = 0;
  for (let top = 0; top < height; top += scale) {
    const bottom = Math.min(top + scale, height);
    reds.fill(0);
    greens.fill(0);
    blues.fill(0);
    for (let y = top; y < bottom; y += step) {
      for (let column = 0; column < columns; column++) {
        let x = column * scale;
        let at = (y * width + x) * channels;
        const end = Math.min(x + scale, width);
        let r = 0;
        let g = 0;
        let b = 0;
        for (; x < end; x += step, at += stride) {
          r += data[at]!;
          g += data[at + 1]!;
          b += data[at + 2]!;
        }
        reds[column]! += r;
        greens[column]! += g;
        blues[column]! += b;
      }
    }
    for (let column = 0; column < columns; column++, to++) {
      const count =
        Math.ceil((bottom - top) / step) *
        Math.ceil(Math.min(scale, width - column * scale) / step);
      const r = reds[column]! / count;
      const g = greens[column]! / count;
      const b = blues[column]! / count;
      luma[to] = 0.299 * r + 0.587 * g + 0.114 * b;
      red[to] = (r + 0.5) | 0;
      green[to] = (g + 0.5) | 0;
      blue[to] = (b + 0.5) | 0;
    }
  }
}
