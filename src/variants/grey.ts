import type { CheckedPixels } from '../pixels.js';

/** Whether every pixel has red, green and blue alike. */
export function isGrey({ data, channels }: CheckedPixels): boolean {
  if (channels < 3) return true;
  for (let i = 0; i < data.length; i += channels) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

/**
 * The same picture with one sample a pixel instead of three (two instead of four) where every pixel has red, green and
 * blue alike; otherwise `pixels` itself. The PDQ reference's decoder does so: the luma of a grey pixel is then its
 * value, not a sum of three roundings.
 */
export function withoutColour(pixels: CheckedPixels): CheckedPixels {
  const { data, width, height, channels } = pixels;
  if (channels < 3 || !isGrey(pixels)) return pixels;
  const out = new Uint8Array(width * height * (channels - 2));
  for (let i = 0, o = 0; i < data.length; i += channels) {
    out[o++] = data[i]!;
    if (channels === 4) out[o++] = data[i + 3]!;
  }
  return { data: out, width, height, channels: channels === 4 ? 2 : 1 };
}
