import { frameFile } from '../formats/frame-file.js';
import { type FileFrame, type ImageHeader, MOST_FRAMES } from '../formats/image-format.js';
import { checkedPixels } from '../pixels.js';
import { Canvas } from './canvas.js';
import type { Frame, Sides } from './hash-picture.js';

/** Number of frames beside the first and the last: those that are shown longest. */
const LONGEST = 6;
/** Browsers extend frames of less than 20 ms to the second of these. */
const [LEAST_MILLISECONDS, SHORT_MILLISECONDS] = [20, 100];
/** Bound on the decoded pixels of one file's frames, 1 to 2 s of CPU. */
const MOST_PIXELS = 2 ** 26;
/** Bound on the pixels of a canvas, and of one frame. */
export const MOST_CANVAS = 2 ** 24;
/** The cost of each frame, in pixels. */
const FRAME = 2 ** 15;

/** Decodes a file of one frame to RGBA. */
export type DecodeFrame = (
  file: Uint8Array<ArrayBuffer>,
  sides: Sides,
) => Promise<Uint8Array | Uint8ClampedArray>;

/**
 * The frames of an animation that people see best, in the order of the file: the last, which may
 * stay for good, and the six shown longest; the first too, if it is not the picture itself. Each is
 * decoded by itself and drawn on a canvas as browsers do, from the last frame that covers
 * everything. Those that would exceed the bounds on pixels are left out.
 * @param bytes the whole file; only read
 * @param wanted their numbers, if they are others
 * @returns throws what `decode` throws. The pixels of a frame change with the next one
 */
export async function* framesOf(
  bytes: Uint8Array,
  header: ImageHeader,
  decode: DecodeFrame,
  wanted?: readonly number[],
): AsyncGenerator<Frame, void, undefined> {
  const frames = header.animation?.frames ?? [];
  const full = screenOf(header);
  const chosen = wanted ?? affordable(header, full);
  // A screen of a GIF may have 4,294,836,225 pixels.
  const canvas = new Canvas(chosen.length > 0 ? full : { width: 0, height: 0 });
  for (const [k, drawn] of stepsTo(chosen, frames, full)) {
    for (const frame of drawn) {
      canvas.draw(await decode(frameFile(bytes, header.format, frame), frame), frame);
    }
    yield { frame: k, pixels: checkedPixels({ data: canvas.bytes, ...full, channels: 4 }) };
  }
}

/** The frames that people see best, without those that would exceed the bounds on pixels. */
function affordable(header: ImageHeader, full: Sides): number[] {
  const { frames = [] } = header.animation ?? {};
  const chosen: number[] = [];
  for (const k of full.width * full.height > MOST_CANVAS ? [] : wantedFrames(header)) {
    if (costOf(frames, [...chosen, k], full) <= MOST_PIXELS) chosen.push(k);
  }
  return chosen;
}

/** The sides of an animation's canvas: browsers enlarge that of a GIF for its first frame. */
export function screenOf(header: ImageHeader): Sides {
  const { width, height } = header.screens?.[0] ?? header;
  return { width, height };
}

/** The numbers of the frames to show beside the picture; none of a file with too many. */
export function wantedFrames({ animation, frames: total = 0 }: ImageHeader): number[] {
  const { frames = [], beside = false } = animation ?? {};
  return total > MOST_FRAMES ? [] : wantedOf(frames).filter((k) => k > 0 || beside);
}

/** Milliseconds for which a browser shows a frame. */
export const shownFor = ({ milliseconds }: FileFrame): number =>
  milliseconds < LEAST_MILLISECONDS ? SHORT_MILLISECONDS : milliseconds;

/** The last frame, then those shown longest; among equals, some spread over the animation. */
function wantedOf(frames: readonly FileFrame[]): number[] {
  const spread = (k: number) => (k * 0.618) % 1;
  const last = frames.length - 1;
  const longest = frames
    .map((_, k) => k)
    .filter((k) => k !== 0 && k !== last)
    .sort((a, b) => shownFor(frames[b]!) - shownFor(frames[a]!) || spread(a) - spread(b));
  return [...new Set([last, 0, ...longest.slice(0, LONGEST)])];
}

/** The frames to draw for each wanted frame, starting at the last one that covers the canvas. */
function* stepsTo(
  wanted: readonly number[],
  frames: readonly FileFrame[],
  { width, height }: Sides,
): Generator<[number, FileFrame[]], void, undefined> {
  let next = 0;
  for (const k of [...wanted].sort((a, b) => a - b)) {
    let from = k;
    const covers = (i: number) => {
      const { x, y, over, after, ...sides } = frames[i]!;
      if (over || (after === 'restored' && i < k)) return false;
      return x === 0 && y === 0 && sides.width >= width && sides.height >= height;
    };
    while (from > next && !covers(from)) from--;
    yield [k, frames.slice(from, k + 1)];
    next = k + 1;
  }
}

/** The cost of drawing the wanted frames, in pixels. */
function costOf(frames: readonly FileFrame[], wanted: readonly number[], full: Sides): number {
  let cost = 0;
  for (const [, drawn] of stepsTo(wanted, frames, full)) {
    cost += full.width * full.height;
    for (const { width, height } of drawn) cost += FRAME + width * height;
  }
  return cost;
}
