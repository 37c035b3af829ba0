import { setImmediate } from 'node:timers/promises';
import { allGrey, allOpaque, takeGrey } from '../kernels/pixels.js';
import type { CheckedPixels } from '../pixels.js';

/*
 * Loops over all pixels of a picture in turns of the event loop. At once, those over 12 megapixels
 * took 15 to 80 ms, in which a server answers nobody.
 */

/** Pixels of a turn: 1 ms of the loops below, 3 of the slowest. */
const PIXELS_A_TURN = 2 ** 19;

/**
 * Goes through pixels in slices.
 * @param work gets the numbers of a slice's first pixel and of the one after its last, and returns
 *   whether to go on
 * @param end aborts when nobody waits any more
 * @returns whether it came to the end
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
