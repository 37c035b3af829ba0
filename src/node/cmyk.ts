import type { CheckedPixels } from '../pixels.js';
import { inSlices } from './pixel-turns.js';

/**
 * RGB of a CMYK raster by (1 - ink) · (1 - black), rounded to the nearest, whatever profile the
 * file has. ImageMagick, the PDQ reference's decoder, gives the same, sample for sample, and so do
 * browsers. (With a press profile, as sharp converts by default, PDQ moves by up to 32 bits.) A
 * fifth channel, alpha, stays.
 * @param data 8-bit samples of at least four channels, 255 is full ink; only read
 * @param end aborts when nobody waits any more: the event loop turns meanwhile
 */
export async function rgbFromCmyk(
  data: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: number },
  end: AbortSignal,
): Promise<CheckedPixels> {
  const samples = channels > 4 ? 4 : 3;
  const out = new Uint8Array(width * height * samples);
  const take = (from: number, to: number) => {
    takeRgb(data, channels, { from, to }, out);
    return true;
  };
  await inSlices(width * height, take, end);
  return { data: out, width, height, channels: samples };
}

function takeRgb(
  data: Uint8Array,
  channels: number,
  { from, to }: { from: number; to: number },
  out: Uint8Array,
): void {
  const samples = channels > 4 ? 4 : 3;
  for (let i = from * channels, o = from * samples; o < to * samples; i += channels, o += samples) {
    const black = 255 - data[i + 3]!;
    // 255 is odd: there is no tie.
    out[o] = ((255 - data[i]!) * black + 127) / 255;
    out[o + 1] = ((255 - data[i + 1]!) * black + 127) / 255;
    out[o + 2] = ((255 - data[i + 2]!) * black + 127) / 255;
    if (samples === 4) out[o + 3] = data[i + 4]!;
  }
}
