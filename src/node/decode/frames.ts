import { crc32 } from '../../crc32.js';
import {
  colourTable,
  type FileFrame,
  type ImageFormat,
  isAt,
  viewOf,
} from '../../formats/image-format.js';
import type { Sides } from '../../picture/hash-picture.js';
import { type CheckedPixels, checkedPixels, type Orientation } from '../../pixels.js';
import { reduced, shownRasters } from './as-shown.js';
import { Canvas, type DecodedLook, type Looks, type ReadFile } from './looks.js';
import { importSharp, type Sharp } from './sharp.js';

/** Number of frames beside the first and the last: those that are shown longest. */
const LONGEST = 6;
/** Browsers extend frames of less than 20 ms to the second of these. */
const [LEAST_MILLISECONDS, SHORT_MILLISECONDS] = [20, 100];
/** Bounds on the decoded pixels of one file's frames, 1 to 2 s of CPU, and on those of a canvas. */
const MOST_PIXELS = 2 ** 26;
const MOST_CANVAS = 2 ** 24;
/** The cost of each frame, in pixels. */
const FRAME = 2 ** 15;

/**
 * The frames of an animation that people see best, as looks in the colours that the file gives
 * them: the first, the last, which may stay for good, and the six shown longest. Each is decoded by
 * itself and drawn on a canvas as browsers do, from the last frame that covers everything.
 * @param bytes the whole file; only read
 * @param file has an animation
 * @param orientation of the picture beside them
 */
export async function frameLooks(
  bytes: Uint8Array,
  { header, colours }: ReadFile,
  orientation: Orientation,
  end: AbortSignal,
): Promise<Looks> {
  const { frames = [], beside = false } = header.animation ?? {};
  // Browsers enlarge the screen of a GIF for its first frame.
  const { width, height } = header.screens?.[0] ?? header;
  const full = { width, height };
  const wanted = wantedOf(frames).filter((k) => k > 0 || beside);
  const chosen: number[] = [];
  for (const k of full.width * full.height > MOST_CANVAS ? [] : wanted) {
    if (costOf(frames, [...chosen, k], full) <= MOST_PIXELS) chosen.push(k);
  }
  const sharp = await importSharp();
  const seen: { readonly frame: number; readonly pixels: CheckedPixels }[] = [];
  const sides = reduced(full);
  // A screen of a GIF may have 4,294,836,225 pixels.
  const canvas = new Canvas(chosen.length > 0 ? full : { width: 0, height: 0 });
  try {
    for (const [k, drawn] of stepsTo(chosen, frames, full)) {
      for (const frame of drawn) {
        end.throwIfAborted();
        canvas.draw(await pixelsOf(sharp, bytes, header.format, frame), frame);
      }
      const raw = { ...full, channels: 4 as const };
      const picture = sharp(canvas.bytes, { raw, limitInputPixels: false });
      if (sides !== full) picture.resize({ ...sides, fit: 'fill', kernel: 'linear' });
      const data = await picture.raw().toBuffer();
      seen.push({ frame: k, pixels: checkedPixels({ data, ...sides, channels: 4 }) });
    }
  } catch (error) {
    if (end.aborted) throw error;
  }
  const looks: DecodedLook[] = [];
  for (const one of seen) {
    const rasters = colours ? await shownRasters(one, colours, end) : [];
    for (const pixels of [one.pixels, ...rasters]) {
      looks.push({ ...one, pixels, full, look: 'frame', orientation });
    }
  }
  return {
    looks,
    frames: { total: frames.length, checked: seen.length + (beside ? 0 : 1) },
    ...(seen.length < wanted.length && { unseen: 'unseen-picture' }),
  };
}

/** The last frame, then those shown longest; among equals, some spread over the animation. */
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

/** The pixels of one frame, without those before it, as RGBA. */
async function pixelsOf(
  sharp: Sharp,
  bytes: Uint8Array,
  format: ImageFormat,
  frame: FileFrame,
): Promise<Buffer> {
  const input = { failOn: 'none', ignoreIcc: true, limitInputPixels: MOST_CANVAS } as const;
  const { data, info } = await sharp(frameFile(bytes, format, frame), input)
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== frame.width || info.height !== frame.height || info.channels !== 4) {
    throw new Error('a frame whose size differs from that of its animation');
  }
  return data;
}

/**
 * A frame of a GIF, WebP or PNG animation as a separate file, without the frames before it.
 * @param bytes the whole animation; only read
 */
function frameFile(bytes: Uint8Array, format: ImageFormat, frame: FileFrame): Buffer {
  const { width, height, data } = frame;
  const parts: Uint8Array[] = [];
  for (let i = 0; i < data.length; i += 2) parts.push(bytes.subarray(data[i], data[i + 1]));
  if (format === 'gif') {
    const start = Buffer.from(bytes.subarray(0, 13 + colourTable(bytes[10]!)));
    start.writeUInt16LE(width, 6);
    start.writeUInt16LE(height, 8);
    // Its descriptor has a position on the canvas.
    const picture = Buffer.from(parts.pop()!).fill(0, 1, 5);
    return Buffer.concat([start, ...parts, picture, Buffer.from(';')]);
  }
  if (format === 'webp') {
    const start = Buffer.from('RIFF....WEBPVP8X\x0a\0\0\0\x10\0\0\0wwwhhh', 'latin1');
    start.writeUInt32LE(22 + parts[0]!.length, 4);
    start.writeUIntLE(width - 1, 24, 3);
    start.writeUIntLE(height - 1, 27, 3);
    return Buffer.concat([start, ...parts]);
  }
  const header = Buffer.from(bytes.subarray(16, 29));
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const start = [bytes.subarray(0, 8), chunk('IHDR', header), ...coloursOf(bytes)];
  return Buffer.concat([...start, chunk('IDAT', Buffer.concat(parts)), chunk('IEND')]);
}

/** The chunks of a PNG that its frames share. */
function coloursOf(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 8; at + 12 <= bytes.length && !isAt(bytes, at + 4, 'IDAT'); ) {
    const next = at + 12 + viewOf(bytes).getUint32(at);
    const isShared = isAt(bytes, at + 4, 'PLTE') || isAt(bytes, at + 4, 'tRNS');
    if (isShared) chunks.push(bytes.subarray(at, next));
    at = next;
  }
  return chunks;
}

function chunk(name: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const out = Buffer.concat([Buffer.from(`....${name}`), data, Buffer.alloc(4)]);
  out.writeUInt32BE(data.length, 0);
  out.writeUInt32BE(crc32(out.subarray(4, -4)), out.length - 4);
  return out;
}
