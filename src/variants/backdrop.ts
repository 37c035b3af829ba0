import type { CheckedPixels } from '../pixels.js';

/** Whether no pixel lets anything through: there is no alpha, or it is 255 everywhere. */
export function isOpaque(pixels: CheckedPixels): boolean {
  const { data } = pixels;
  const { channels } = pixels;
  if (channels === 1 || channels === 3) return true;
  for (let i = channels - 1; i < data.length; i += channels) if (data[i] !== 255) return false;
  return true;
}

/**
 * The picture laid on a grey of value `backdrop` (0 black, 255 white), without alpha: a · colour + (1 - a) · backdrop on
 * the stored values (no gamma), as screens and browsers do, rounded to the nearest. There is no tie: 255 is odd.
 * @returns fresh pixels of one sample or three; `pixels` itself where it has no alpha
 */
export function onBackdrop(pixels: CheckedPixels, backdrop: number): CheckedPixels {
  const { data, width, height } = pixels;
  const { channels } = pixels;
  if (channels === 1 || channels === 3) return pixels;
  const colours = channels - 1;
  const out = new Uint8Array(width * height * colours);
  for (let i = 0, o = 0; i < data.length; i += channels) {
    const alpha = data[i + colours]!;
    const rest = (255 - alpha) * backdrop + 127;
    for (let sample = 0; sample < colours; sample++) {
      out[o++] = ((data[i + sample]! * alpha + rest) / 255) | 0;
    }
  }
  return { data: out, width, height, channels: colours === 1 ? 1 : 3 };
}
