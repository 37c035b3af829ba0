import { join } from 'node:path';
import sharp from 'sharp';
import { random } from '../../bench/workloads.js';
import { perspectiveOf } from '../../src/kernels/pixels/perspective.js';
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

/** A part of a picture, in RGB. */
export function part(
  { data, width: across, channels }: CheckedPixels,
  left: number,
  top: number,
  width: number,
  height: number,
): CheckedPixels {
  return drawn(width, height, (x, y, channel) => {
    const at = channels * ((y + top) * across + x + left);
    return data[at + (channels === 3 ? channel : 0)]!;
  });
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

/** `part`, of RGB, laid on `canvas` in perspective; each pixel is the mean of four points. */
export function inPerspective(
  part: CheckedPixels,
  canvas: CheckedPixels,
  corners: readonly (readonly [number, number])[],
): CheckedPixels {
  const [a, b, c, d, e, f, g, h] = perspectiveOf(Float64Array.from(corners.flat()));
  const pixel = (x: number, y: number, channel: number) => {
    // Cramer's rule: where u and v put the point.
    const [p, q, r, s] = [a! - g! * x, b! - h! * x, d! - g! * y, e! - h! * y];
    const by = p * s - q * r;
    const u = (s * (x - c!) - q * (y - f!)) / by;
    const v = (p * (y - f!) - r * (x - c!)) / by;
    if (u < 0 || v < 0 || u >= 1 || v >= 1) {
      return canvas.data[3 * (Math.floor(y) * canvas.width + Math.floor(x)) + channel]!;
    }
    const [column, row] = [Math.floor(u * part.width), Math.floor(v * part.height)];
    return part.data[3 * (row * part.width + column) + channel]!;
  };
  const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]!));
  const [left, last, top, bottom] = [
    Math.min(...xs!),
    Math.max(...xs!),
    Math.min(...ys!),
    Math.max(...ys!),
  ];
  return drawn(canvas.width, canvas.height, (x, y, channel) => {
    if (x + 1 < left || x > last || y + 1 < top || y > bottom) {
      return canvas.data[3 * (y * canvas.width + x) + channel]!;
    }
    let sum = 0;
    for (const right of [0.25, 0.75]) {
      for (const down of [0.25, 0.75]) sum += pixel(x + right, y + down, channel);
    }
    return Math.round(sum / 4);
  });
}
