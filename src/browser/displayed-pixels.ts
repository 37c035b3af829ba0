import type { CheckedPixels } from '../pixels.js';
import { orient } from '../variants/orient.js';
import type { DisplayedPixels } from './message.js';
import type { Header, Raster } from './raster.js';

/** The picture as people see it, in RGBA, no side longer than `longestSide`. */
export function displayedPixels(
  raster: Raster,
  { orientation }: Header,
  longestSide = Number.POSITIVE_INFINITY,
): DisplayedPixels {
  const { data, width, height } = orient(shrunk(raster.all(true), longestSide), orientation);
  const samples = new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  return { data: samples, width, height, channels: 4 };
}

/** Each pixel is the mean of those that it stands for, their colours weighed by their alpha. */
function shrunk(rgba: CheckedPixels, longestSide: number): CheckedPixels {
  const { data, width, height } = rgba;
  const factor = longestSide / Math.max(width, height);
  if (factor >= 1) return rgba;
  const across = Math.max(1, Math.round(width * factor));
  const down = Math.max(1, Math.round(height * factor));
  const out = new Uint8Array(4 * across * down);
  for (let y = 0, to = 0; y < down; y++) {
    const top = Math.floor((y * height) / down);
    const bottom = Math.floor(((y + 1) * height) / down);
    for (let x = 0; x < across; x++, to += 4) {
      const left = Math.floor((x * width) / across);
      const right = Math.floor(((x + 1) * width) / across);
      let [red, green, blue, alpha] = [0, 0, 0, 0];
      for (let row = top; row < bottom; row++) {
        const end = 4 * (row * width + right);
        for (let at = 4 * (row * width + left); at < end; at += 4) {
          const weight = data[at + 3]!;
          red += weight * data[at]!;
          green += weight * data[at + 1]!;
          blue += weight * data[at + 2]!;
          alpha += weight;
        }
      }
      out[to] = Math.round(red / (alpha || 1));
      out[to + 1] = Math.round(green / (alpha || 1));
      out[to + 2] = Math.round(blue / (alpha || 1));
      out[to + 3] = Math.round(alpha / ((right - left) * (bottom - top)));
    }
  }
  return { data: out, width: across, height: down, channels: 4 };
}
