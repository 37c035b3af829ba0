import { join } from 'node:path';
import sharp from 'sharp';
import { random } from '../../bench/workloads.js';
import type { CheckedPixels } from '../../src/pixels.js';
import type { Placement } from '../../src/variants/detect/detector.js';

/** The rectangles of placements. */
export const rectanglesOf = (placements: Iterable<Placement>) =>
  Array.from(placements, ({ geometry }) => geometry.rectangle);

/** A fixture photo, RGB or grey. */
export async function photo(name: string): Promise<CheckedPixels> {
  const path = join(import.meta.dirname, '../../fixtures/photos', name);
  const { data, info } = await sharp(path, { ignoreIcc: true })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    data: new Uint8Array(data),
    width: info.width,
    height: info.height,
    channels: info.channels === 3 ? 3 : 1,
  };
}

/** An RGB picture of the value that `value` gives for each pixel and channel. */
export function drawn(
  width: number,
  height: number,
  value: (x: number, y: number, channel: number) => number,
): CheckedPixels {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 3; channel++) data[to++] = value(x, y, channel);
    }
  }
  return { data, width, height, channels: 3 };
}

/** A picture full of blocks of seeded colours: edges everywhere, and no line of one colour. */
export function patches(width: number, height: number, seed: number, size = 9): CheckedPixels {
  const next = random(seed);
  const columns = Math.ceil(width / size);
  const colours = Array.from({ length: columns * Math.ceil(height / size) }, () => next());
  return drawn(width, height, (x, y, channel) => {
    const colour = colours[Math.floor(y / size) * columns + Math.floor(x / size)]!;
    return 40 + ((colour >>> (8 * channel)) & 127);
  });
}

/** `part` laid on a canvas of one colour. */
export function laidOn(
  part: CheckedPixels,
  width: number,
  height: number,
  left: number,
  top: number,
  colour: readonly [number, number, number],
): CheckedPixels {
  const channels = part.channels ?? 3;
  return drawn(width, height, (x, y, channel) => {
    const inside = x >= left && y >= top && x < left + part.width && y < top + part.height;
    if (!inside) return colour[channel]!;
    const at = ((y - top) * part.width + x - left) * channels;
    return part.data[at + (channels === 3 ? channel : 0)]!;
  });
}

/** Parts of RGB laid on a canvas of one colour, each with its left and its top. */
export function collage(
  width: number,
  height: number,
  colour: readonly [number, number, number],
  parts: readonly (readonly [part: CheckedPixels, left: number, top: number])[],
): CheckedPixels {
  const canvas = drawn(width, height, (_x, _y, channel) => colour[channel]!);
  for (const [part, left, top] of parts) {
    for (let y = 0; y < part.height; y++) {
      const row = part.data.subarray(3 * y * part.width, 3 * (y + 1) * part.width);
      canvas.data.set(row, 3 * ((top + y) * width + left));
    }
  }
  return canvas;
}

/** `part`, of RGB, turned clockwise about its centre on a white canvas that holds it. */
export function turned(part: CheckedPixels, degrees: number): CheckedPixels {
  const { width, height } = part;
  const cosine = Math.cos((degrees * Math.PI) / 180);
  const sine = Math.sin((degrees * Math.PI) / 180);
  const canvasWidth = Math.ceil(width * cosine + height * Math.abs(sine));
  const canvasHeight = Math.ceil(height * cosine + width * Math.abs(sine));
  return drawn(canvasWidth, canvasHeight, (x, y, channel) => {
    const dx = x + 0.5 - canvasWidth / 2;
    const dy = y + 0.5 - canvasHeight / 2;
    const column = Math.floor(dx * cosine + dy * sine + width / 2);
    const row = Math.floor(dy * cosine - dx * sine + height / 2);
    if (column < 0 || row < 0 || column >= width || row >= height) return 255;
    return part.data[3 * (row * width + column) + channel]!;
  });
}
