import type { CheckedPixels } from '../pixels.js';

/**
 * RGB of a CMYK raster by (1 - ink) · (1 - black), rounded to the nearest, whatever profile the
 * file has. ImageMagick, the PDQ reference's decoder, gives the same, sample for sample, and so do
 * browsers. (With a press profile, as sharp converts by default, PDQ moves by up to 32 bits.) A
 * fifth channel, alpha, stays.
 * @param data 8-bit samples of at least four channels, 255 is full ink; only read
 */
export function rgbFromCmyk(
  data: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
): CheckedPixels {
  const samples = channels > 4 ? 4 : 3;
  const out = new Uint8Array(width * height * samples);
  for (let i = 0, o = 0; o < out.length; i += channels, o += samples) {
    const black = 255 - data[i + 3]!;
    // 255 is odd: there is no tie.
    out[o] = ((255 - data[i]!) * black + 127) / 255;
    out[o + 1] = ((255 - data[i + 1]!) * black + 127) / 255;
    out[o + 2] = ((255 - data[i + 2]!) * black + 127) / 255;
    if (samples === 4) out[o + 3] = data[i + 4]!;
  }
  return { data: out, width, height, channels: samples };
}
