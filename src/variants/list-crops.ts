import { type CheckedPixels, checkedPixels, type Pixels } from '../pixels.js';
import type { Rectangle, VariantGeometry } from '../variant.js';

/** What each crop leaves out, in two-hundredths of the sides: left, top, right, bottom. */
const CROPS = [
  [3, 3, 3, 3],
  [12, 12, 0, 0],
  [0, 12, 12, 0],
  [0, 0, 12, 12],
  [12, 0, 0, 12],
  [8, 0, 0, 0],
  [0, 8, 0, 0],
  [0, 0, 8, 0],
  [0, 0, 0, 8],
] as const;

/**
 * The crops that a list may hold beside a photo's own hash, so that cropped copies are found by
 * their plain hash: 3 % about the centre, 6 % at each corner, 4 % at each side. With the photo's
 * own hash these are ten, and ten give away more of the photo than one.
 * @returns fresh pixels of each crop and its place, one at a time; none if a side is under 64
 * @throws {TypeError | RangeError} at once, if the pixels are invalid
 */
export function listCrops(
  pixels: Pixels,
): Generator<{ pixels: CheckedPixels; geometry: VariantGeometry }, void, undefined> {
  return cropsOf(checkedPixels(pixels));
}

/** `listCrops` of pixels that have been checked. */
export function* cropsOf(
  pixels: CheckedPixels,
): Generator<{ pixels: CheckedPixels; geometry: VariantGeometry }, void, undefined> {
  const { width, height } = pixels;
  if (Math.min(width, height) < 64) return;
  for (const crop of CROPS) {
    const [left, top, right, bottom] = crop.map((part, i) =>
      Math.round((part / 200) * (i & 1 ? height : width)),
    ) as [number, number, number, number];
    const rectangle = { left, top, width: width - left - right, height: height - top - bottom };
    yield { pixels: cropped(pixels, rectangle), geometry: { rectangle } };
  }
}

function cropped(pixels: CheckedPixels, { left, top, width, height }: Rectangle): CheckedPixels {
  const { channels } = pixels;
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * pixels.width + left) * channels;
    data.set(pixels.data.subarray(from, from + width * channels), y * width * channels);
  }
  return { data, width, height, channels };
}
