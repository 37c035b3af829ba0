import { channelsOf, type Pixels } from '../pixels.js';

/**
 * The same picture with one sample a pixel instead of three (two instead of four) where every pixel has red, green and
 * blue alike; otherwise `pixels` itself. The PDQ reference's decoder does so: the luma of a grey pixel is then its
 * value, not a sum of three roundings.
 */
export function withoutColour(pixels: Pixels): Pixels {
  const { data, width, height } = pixels;
  const channels = channelsOf(pixels);
  if (channels < 3) return pixels;
  for (let i = 0; i < data.length; i += channels) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return pixels;
  }
  const out = new Uint8Array(width * height * (channels - 2));
  if (channels === 3) {
    for (let i = 0, o = 0; o < out.length; i += 3, o++) out[o] = data[i]!;
    return { data: out, width, height, channels: 1 };
  }
  for (let i = 0, o = 0; o < out.length; i += 4, o += 2) {
    out[o] = data[i]!;
    out[o + 1] = data[i + 3]!;
  }
  return { data: out, width, height, channels: 2 };
}
