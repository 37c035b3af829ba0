import type { Rectangle, VariantGeometry } from '../hash.js';
import { channelsOf, type Pixels } from '../pixels.js';

/** Parts of the width and height that each crop of the set leaves out: left, top, right, bottom. */
const CROPS: readonly (readonly [number, number, number, number])[] = [
  [0.015, 0.015, 0.015, 0.015],
  [0.06, 0.06, 0, 0],
  [0, 0.06, 0.06, 0],
  [0, 0, 0.06, 0.06],
  [0.06, 0, 0, 0.06],
  [0.04, 0, 0, 0],
  [0, 0.04, 0, 0],
  [0, 0, 0.04, 0],
  [0, 0, 0, 0.04],
];

/**
 * The crops that a list may hold beside a photo's own hash, so that cropped copies are found by their plain hash: 3 %
 * about the centre, 6 % at each corner, 4 % at each side. With the photo's own that is ten hashes, which give away more
 * of the photo than one.
 * @returns the crops' pixels, fresh, and where they lie, one at a time; none of a picture too small for it
 */
export function* listCrops(
  pixels: Pixels,
): Generator<{ pixels: Pixels; geometry: VariantGeometry }, void, undefined> {
  const { width, height } = pixels;
  if (Math.min(width, height) < 64) return;
  for (const [left, top, right, bottom] of CROPS) {
    const x = Math.round(left * width);
    const y = Math.round(top * height);
    const rectangle = {
      left: x,
      top: y,
      width: width - x - Math.round(right * width),
      height: height - y - Math.round(bottom * height),
    };
    yield { pixels: cropped(pixels, rectangle), geometry: { rectangle } };
  }
}

function cropped(pixels: Pixels, { left, top, width, height }: Rectangle): Pixels {
  const channels = channelsOf(pixels);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * pixels.width + left) * channels;
    data.set(pixels.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { data, width, height, channels };
}
