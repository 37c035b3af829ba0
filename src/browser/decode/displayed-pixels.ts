import type { DecodedPicture } from '../../picture/hash-picture.js';
import type { CheckedPixels } from '../../pixels.js';
import { orient } from '../../variants/forms.js';
import type { DisplayedPixels } from '../worker/message.js';

/** The picture as people see it, in RGBA, with no side longer than `longestSide`. */
export function displayedPixels(
  picture: DecodedPicture,
  longestSide = Number.POSITIVE_INFINITY,
): DisplayedPixels {
  const { data, width, height } = orient(shrunk(picture.whole(), longestSide), picture.orientation);
  const samples = new Uint8ClampedArray(data.buffer as ArrayBuffer, data.byteOffset, data.length);
  return { data: samples, width, height, channels: 4 };
}

/** Each pixel is the mean of those that it covers, with colours weighted by alpha. */
function shrunk(pixels: CheckedPixels, longestSide: number): CheckedPixels {
  const { data, width, height, channels } = pixels;
  const factor = Math.min(1, longestSide / Math.max(width, height));
  if (factor === 1 && channels === 4) return pixels;
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
        const end = channels * (row * width + right);
        for (let at = channels * (row * width + left); at < end; at += channels) {
          const weight = channels === 4 ? data[at + 3]! : 255;
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
