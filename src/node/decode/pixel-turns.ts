/*
 * Loops over all pixels of a picture, in turns of the event loop. In one go, the loops over 12
 * megapixels took 15 to 80 ms, in which a server answers no request.
 */

import { setImmediate } from 'node:timers/promises';
import { allGrey, allOpaque, takeGrey } from '../../kernels/pixels/pixels.js';
import type { CheckedPixels } from '../../pixels.js';

/** Pixels per turn: 1 ms of the loops below, 3 of the slowest. */
const PIXELS_A_TURN = 2 ** 19;

/**
 * Runs over pixels in slices.
 * @param work gets the numbers of a slice's first pixel and of the one after its last, and returns
 *   false to stop
 * @param end aborts when no caller waits any more
 * @returns true if it reached the end
 * @throws the reason of `end` if it has aborted by the next turn
 */
export async function inSlices(
  count: number,
  work: (from: number, to: number) => boolean,
  end: AbortSignal,
): Promise<boolean> {
  for (let from = 0; from < count; from += PIXELS_A_TURN) {
    if (from > 0) {
      await setImmediate();
      end.throwIfAborted();
    }
    if (!work(from, Math.min(from + PIXELS_A_TURN, count))) return false;
  }
  return true;
}

const sliceOf = ({ data, channels }: CheckedPixels, from: number, to: number) =>
  data.subarray(from * channels, to * channels);

/** As `isOpaque`. */
export async function isOpaqueInTurns(pixels: CheckedPixels, end: AbortSignal): Promise<boolean> {
  const { width, height, channels } = pixels;
  if (channels === 1 || channels === 3) return true;
  const holds = (from: number, to: number) => allOpaque(sliceOf(pixels, from, to), channels);
  return await inSlices(width * height, holds, end);
}

/** As `withoutColour`. */
export async function withoutColourInTurns(
  pixels: CheckedPixels,
  end: AbortSignal,
): Promise<CheckedPixels> {
  const { width, height, channels } = pixels;
  if (channels < 3) return pixels;
  const count = width * height;
  const holds = (from: number, to: number) => allGrey(sliceOf(pixels, from, to), channels);
  if (!(await inSlices(count, holds, end))) return pixels;
  const left = channels === 4 ? 2 : 1;
  const grey: CheckedPixels = { data: new Uint8Array(count * left), width, height, channels: left };
  const take = (from: number, to: number) => {
    takeGrey(sliceOf(pixels, from, to), channels, sliceOf(grey, from, to));
    return true;
  };
  await inSlices(count, take, end);
  return grey;
}

/**
 * RGB of a CMYK raster by (1 - ink) · (1 - black), rounded to the nearest, whatever profile the
 * file has. ImageMagick, the PDQ reference's decoder, gives the same, sample for sample, and so do
 * browsers. (With a press profile, as sharp converts by default, PDQ moves by up to 32 bits.) A
 * fifth channel, alpha, is kept.
 * @param data 8-bit samples of at least four channels, 255 is full ink; only read
 * @param end aborts when no caller waits any more: the event loop turns meanwhile
 */
export async function rgbFromCmyk(
  data: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
  end: AbortSignal,
): Promise<CheckedPixels> {
  const samples = channels > 4 ? 4 : 3;
  const out = new Uint8Array(width * height * samples);
  const take = (from: number, to: number) => {
    takeRgb(data, channels, { from, to }, out);
    return true;
  };
  await inSlices(width * height, take, end);
  return { data: out, width, height, channels: samples };
}

function takeRgb(
  data: Uint8Array,
  channels: number,
  { from, to }: { from: number; to: number },
  out: Uint8Array,
): void {
  const samples = channels > 4 ? 4 : 3;
  for (let i = from * channels, o = from * samples; o < to * samples; i += channels, o += samples) {
    const black = 255 - data[i + 3]!;
    // 255 is odd: there are no ties.
    out[o] = ((255 - data[i]!) * black + 127) / 255;
    out[o + 1] = ((255 - data[i + 1]!) * black + 127) / 255;
    out[o + 2] = ((255 - data[i + 2]!) * black + 127) / 255;
    if (samples === 4) out[o + 3] = data[i + 4]!;
  }
}
