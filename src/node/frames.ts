import {
  type FileFrame,
  type ImageFormat,
  type ImageHeader,
  viewOf,
} from '../formats/image-format.js';
import type { Sides } from '../picture/draft-variants.js';
import { type CheckedPixels, checkedPixels } from '../pixels.js';
import { frameFile } from './frame-file.js';
import type { Sharp } from './sharp.js';

/** Frames that are looked at beside the first and the last: those that are shown longest. */
const LONGEST = 6;
/** Browsers show a frame of less than 20 ms for as long as this. */
const [LEAST_MILLISECONDS, SHORT_MILLISECONDS] = [20, 100];
/** Pixels of frames that may be decoded for one file, 1 to 2 s of CPU, and those of a canvas. */
const MOST_PIXELS = 2 ** 26;
const MOST_CANVAS = 2 ** 24;
/** The cost of one frame more, in pixels. */
const FRAME = 2 ** 15;
/** A look of more pixels is reduced. */
const MOST_LOOK = 1_500_000;

/** A frame as it is seen, with all that is left of those before it; perhaps reduced from `full`. */
type FrameLook = { readonly frame: number; readonly pixels: CheckedPixels; readonly full: Sides };

/**
 * The frames of an animation that people see best, as looks: the first, the last, which may stay
 * for good, and the six that are shown longest. Each is decoded by itself and laid on a canvas as
 * browsers do it, from the last frame on that covers all.
 * @param bytes the whole file; only read
 * @param header has an animation
 */
export async function frameLooks(
  sharp: Sharp,
  bytes: Uint8Array,
  { format, width, height, animation }: ImageHeader,
  end: AbortSignal,
): Promise<{ looks: FrameLook[]; frames: { total: number; checked: number }; isAllSeen: boolean }> {
  const { frames = [], beside = false } = animation ?? {};
  const full = format === 'gif' ? screenOf(bytes, frames[0]!) : { width, height };
  const wanted = wantedOf(frames).filter((k) => k > 0 || beside);
  const chosen: number[] = [];
  for (const k of full.width * full.height > MOST_CANVAS ? [] : wanted) {
    if (costOf(frames, [...chosen, k], full) <= MOST_PIXELS) chosen.push(k);
  }
  const looks: FrameLook[] = [];
  const sides = reduced(full);
  // A screen of a GIF may have 4,294,836,225 pixels.
  const canvas = new Canvas(chosen.length > 0 ? full : { width: 0, height: 0 });
  try {
    for (const [k, drawn] of stepsTo(chosen, frames, full)) {
      for (const frame of drawn) {
        end.throwIfAborted();
        canvas.draw(await pixelsOf(sharp, bytes, format, frame), frame);
      }
      const raw = { ...full, channels: 4 as const };
      const picture = sharp(canvas.bytes, { raw, limitInputPixels: false });
      if (sides !== full) picture.resize({ ...sides, fit: 'fill', kernel: 'linear' });
      const data = await picture.raw().toBuffer();
      const pixels = checkedPixels({ data, ...sides, channels: 4 });
      looks.push({ frame: k, pixels, full });
    }
  } catch (error) {
    if (end.aborted) throw error;
  }
  return {
    looks,
    frames: { total: frames.length, checked: looks.length + (beside ? 0 : 1) },
    isAllSeen: looks.length === wanted.length,
  };
}

/** The last frame, then those shown longest; of equals, some from all over the animation. */
function wantedOf(frames: readonly FileFrame[]): number[] {
  const shown = ({ milliseconds }: FileFrame) =>
    milliseconds < LEAST_MILLISECONDS ? SHORT_MILLISECONDS : milliseconds;
  const spread = (k: number) => (k * 0.618) % 1;
  const last = frames.length - 1;
  const longest = frames
    .map((_, k) => k)
    .filter((k) => k !== 0 && k !== last)
    .sort((a, b) => shown(frames[b]!) - shown(frames[a]!) || spread(a) - spread(b));
  return [...new Set([last, 0, ...longest.slice(0, LONGEST)])];
}

/** The frames to draw for each that is wanted, from the last one on that covers the canvas. */
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

/** The cost of what is drawn for the wanted frames, in pixels. */
function costOf(frames: readonly FileFrame[], wanted: readonly number[], full: Sides): number {
  let cost = 0;
  for (const [, drawn] of stepsTo(wanted, frames, full)) {
    cost += full.width * full.height;
    for (const { width, height } of drawn) cost += FRAME + width * height;
  }
  return cost;
}

/** The screen of a GIF, which browsers lengthen for the first frame. */
function screenOf(bytes: Uint8Array, { x, y, width, height }: FileFrame): Sides {
  const view = viewOf(bytes);
  return {
    width: Math.max(view.getUint16(6, true), x + width),
    height: Math.max(view.getUint16(8, true), y + height),
  };
}

function reduced(full: Sides): Sides {
  const share = Math.sqrt((full.width * full.height) / MOST_LOOK);
  if (share <= 1) return full;
  return { width: Math.ceil(full.width / share), height: Math.ceil(full.height / share) };
}

/** The pixels of one frame, without those before it, as words of RGBA. */
async function pixelsOf(
  sharp: Sharp,
  bytes: Uint8Array,
  format: ImageFormat,
  frame: FileFrame,
): Promise<Uint32Array> {
  const input = { failOn: 'none', ignoreIcc: true, limitInputPixels: MOST_CANVAS } as const;
  const { data, info } = await sharp(frameFile(bytes, format, frame), input)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== frame.width || info.height !== frame.height || info.channels !== 4) {
    throw new Error('a frame of other sides than its animation says');
  }
  return new Uint32Array(new Uint8Array(data).buffer);
}

/** Where frames are laid one on another. */
class Canvas {
  readonly #words: Uint32Array;
  readonly #width: number;
  readonly #height: number;
  /** takes away the frame that was drawn last, as it says itself */
  #undo = (): void => {};

  constructor({ width, height }: Sides) {
    this.#words = new Uint32Array(width * height);
    this.#width = width;
    this.#height = height;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#words.buffer);
  }

  draw(pixels: Uint32Array, { x, y, width, height, over, after }: FileFrame): void {
    this.#undo();
    const words = this.#words;
    const across = Math.max(0, Math.min(width, this.#width - x));
    const down = Math.max(0, Math.min(height, this.#height - y));
    const place = (row: number) => {
      const start = (y + row) * this.#width + x;
      return words.subarray(start, start + across);
    };
    const before = after === 'restored' ? words.slice() : undefined;
    this.#undo = () => {
      if (before) words.set(before);
      if (after === 'cleared') for (let row = 0; row < down; row++) place(row).fill(0);
    };
    for (let row = 0; row < down; row++) {
      const line = pixels.subarray(row * width, row * width + across);
      if (over) layOver(line, place(row));
      else place(row).set(line);
    }
  }
}

/** Lays straight RGBA over straight RGBA. */
function layOver(above: Uint32Array, below: Uint32Array): void {
  for (let i = 0; i < above.length; i++) {
    const a = above[i]!;
    const b = below[i]!;
    const share = a >>> 24;
    if (share === 255 || b >>> 24 === 0) below[i] = a;
    else if (share > 0) below[i] = mixed(a, b, 255 * share, (b >>> 24) * (255 - share));
  }
}

/** Two colours in these shares; their sum is 255 times the alpha. */
function mixed(a: number, b: number, share: number, rest: number): number {
  const sum = share + rest;
  const red = ((a & 255) * share + (b & 255) * rest) / sum;
  const green = (((a >>> 8) & 255) * share + ((b >>> 8) & 255) * rest) / sum;
  const blue = (((a >>> 16) & 255) * share + ((b >>> 16) & 255) * rest) / sum;
  const colours = (red + 0.5) | ((green + 0.5) << 8) | ((blue + 0.5) << 16);
  return (((sum / 255 + 0.5) << 24) | colours) >>> 0;
}
