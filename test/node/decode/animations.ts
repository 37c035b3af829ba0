import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { chunk } from '../../browser/png-file.js';
import { photoPath } from '../fixtures.js';
import { riff, webpOf } from './costly-files.js';

/*
 * Animations whose frames are given one by one, in three formats, without loss.
 */

/** A frame: `width` x `height` pixels of RGBA at a place. */
export interface MadeFrame {
  readonly data: Uint8Array;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly milliseconds: number;
  readonly over: boolean;
  readonly after: 'kept' | 'cleared' | 'restored';
}

export interface Sides {
  readonly width: number;
  readonly height: number;
}

const big = (...values: number[]) =>
  values.flatMap((value) => [24, 16, 8, 0].map((by) => (value >>> by) & 255));
const u24 = (...values: number[]) =>
  values.flatMap((value) => [value & 255, (value >> 8) & 255, value >> 16]);

function deflated({ data, width, height }: MadeFrame): Buffer {
  const rows = Buffer.alloc(height * (1 + 4 * width));
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(4 * width * y, 4 * width * (y + 1)), y * (1 + 4 * width) + 1);
  }
  return deflateSync(rows, { level: 1 });
}

/**
 * An APNG.
 * @param beside a picture that is no frame, as its default image
 * @param counted frames that acTL says there are
 */
export function apng(
  frames: readonly MadeFrame[],
  { width, height }: Sides,
  { beside, counted = frames.length }: { beside?: MadeFrame; counted?: number } = {},
): Buffer {
  let sequence = 0;
  const control = ({ x, y, milliseconds, over, after, ...sides }: MadeFrame) =>
    chunk('fcTL', [
      ...big(sequence++, sides.width, sides.height, x, y),
      ...[milliseconds >> 8, milliseconds & 255, 3, 232],
      ...[['kept', 'cleared', 'restored'].indexOf(after), over ? 1 : 0],
    ]);
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', [...big(width, height), 8, 6, 0, 0, 0]),
    chunk('acTL', big(counted, 0)),
    ...(beside ? [chunk('IDAT', deflated(beside))] : []),
    ...frames.flatMap((frame, i) => {
      const data = deflated(frame);
      const first = control(frame);
      if (i === 0 && !beside) return [first, chunk('IDAT', data)];
      return [first, chunk('fdAT', Buffer.concat([Buffer.from(big(sequence++)), data]))];
    }),
    chunk('IEND'),
  ]);
}

/** An animated WebP; `restored` is `kept`, and places have even numbers. */
export async function webpAnimation(
  frames: readonly MadeFrame[],
  { width }: Sides,
): Promise<Buffer> {
  // Many frames may be one picture.
  const coded = new Map<Uint8Array, Promise<Buffer>>();
  const codedOf = ({ data, ...sides }: MadeFrame) => {
    const raw = { width: sides.width, height: sides.height, channels: 4 as const };
    const made =
      coded.get(data) ?? sharp(data, { raw }).webp({ lossless: true, exact: true }).toBuffer();
    coded.set(data, made);
    return made;
  };
  const parts = frames.map(async (frame) => {
    const { x, y, milliseconds, over, after, ...sides } = frame;
    const still = await codedOf(frame);
    const from = Math.max(12, still.indexOf('VP8L'));
    const flags = (over ? 0 : 2) | (after === 'cleared' ? 1 : 0);
    const head = [...u24(x / 2, y / 2, sides.width - 1, sides.height - 1, milliseconds), flags];
    return riff('ANMF', Buffer.concat([Buffer.from(head), still.subarray(from)]));
  });
  return webpOf(0x12, width, [riff('ANIM', Buffer.alloc(6)), ...(await Promise.all(parts))]);
}

/** A GIF of frames that sharp puts on one another. */
export async function gifAnimation(frames: readonly MadeFrame[], { width, height }: Sides) {
  const raw = { width, height: height * frames.length, channels: 4 as const, pageHeight: height };
  return await sharp(Buffer.concat(frames.map(({ data }) => data)), { raw })
    .gif({ delay: frames.map(({ milliseconds }) => milliseconds), keepDuplicateFrames: true })
    .toBuffer();
}

/** The makers of animations, by format. */
export const MAKERS = { gif: gifAnimation, webp: webpAnimation, png: apng } as const;

/** A photo as a frame; whole unless `more` places it. */
export async function photoFrame(
  file: string,
  { width, height, ...more }: Partial<MadeFrame> & Sides,
): Promise<MadeFrame> {
  const data = await sharp(photoPath(file))
    .resize({ width, height, fit: 'fill' })
    .ensureAlpha()
    .raw()
    .toBuffer();
  const place = { x: 0, y: 0, milliseconds: 100, over: false, after: 'kept' as const };
  return { ...place, ...more, width, height, data: new Uint8Array(data) };
}

/** Photos as frames: whole ones, and small ones over them, with a hole, that are cleared again. */
export async function photoFilm(sides: Sides): Promise<MadeFrame[]> {
  const [a, b, c] = ['dust-bowl-home.jpg', 'locomotion-house-cat.jpg', 'acanthus-mollis.jpg'];
  const half = { width: sides.width >> 1, height: sides.height >> 1 };
  const small = await photoFrame(c!, { ...half, x: 40, y: 60, over: true, after: 'cleared' });
  const { data } = small;
  for (let i = 3; i < data.length / 3; i += 4) data[i] = 0;
  return [
    await photoFrame(a!, sides),
    small,
    await photoFrame(b!, { ...half, x: 10, y: 20, over: true }),
    await photoFrame(b!, sides),
    await photoFrame(c!, { ...half, x: 60, y: 80 }),
    await photoFrame(c!, { ...sides, milliseconds: 20 }),
  ];
}
