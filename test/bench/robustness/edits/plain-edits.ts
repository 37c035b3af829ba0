import type { Materials, Transform } from '../../../../bench/robustness/edit.js';
import {
  blurred,
  jpeg,
  mapped,
  pipeline,
  type Raster,
  rasterOf,
  reread,
  resized,
} from '../../../../bench/robustness/raster.js';
import { random as seeded } from '../../../../bench/workloads.js';
import { type Change, plain } from './single-edits.js';

/** Saved again in another encoding. */
export const ENCODINGS: readonly Transform[] = [
  ...[90, 75, 50, 30, 10].map((quality) =>
    plain('re-encoding', `JPEG ${quality}`, (photo) => jpeg(photo, quality)),
  ),
  plain('re-encoding', 'WebP 75', (photo) => reread(pipeline(photo).webp({ quality: 75 }))),
  plain('re-encoding', 'AVIF 50', (photo) =>
    reread(pipeline(photo).avif({ quality: 50, effort: 1 })),
  ),
  plain('re-encoding', 'GIF palette', (photo) => reread(pipeline(photo).gif({ effort: 1 }))),
];

const scaled = (photo: Raster, x: number, y = x) =>
  resized(
    photo,
    Math.max(1, Math.round(photo.width * x)),
    Math.max(1, Math.round(photo.height * y)),
  );

/** Enlarged, reduced or distorted. */
export const SIZES: readonly Transform[] = [
  ...(
    [
      ['to a half', 0.5, 0.5],
      ['to a quarter', 0.25, 0.25],
      ['to 150 %', 1.5, 1.5],
      ['stretched 10 %', 1.1, 1],
      ['squeezed to a square', 0, 0],
    ] as const
  ).map(([name, x, y]) =>
    plain('resizing', name, async (photo) =>
      jpeg(await (x === 0 ? resized(photo, photo.height, photo.height) : scaled(photo, x, y)), 85),
    ),
  ),
  plain('resizing', '1080 wide, JPEG 75, then WebP', async (photo) => {
    const first = await jpeg(await scaled(photo, 1080 / photo.width), 75);
    return reread(pipeline(first).webp({ quality: 80 }));
  }),
];

async function noisy(photo: Raster, { random }: Materials): Promise<Raster> {
  const next = seeded(random(0x7fffffff));
  // The sum of four uniform bytes is close enough to a normal distribution of deviation 148.
  const data = photo.data.map((sample) => {
    const word = next();
    const sum = (word & 255) + ((word >> 8) & 255) + ((word >> 16) & 255) + (word >>> 24) - 510;
    return Math.max(0, Math.min(255, Math.round(sample + (12 * sum) / 148)));
  });
  return { ...photo, data };
}

/** Other colours, light, noise, sharpness. */
export const TONES: readonly Transform[] = (
  [
    ['grey', (photo) => rasterOf(pipeline(photo).greyscale())],
    ['brighter by 40', async (photo) => mapped(photo, (v) => v + 40)],
    ['darker by 40', async (photo) => mapped(photo, (v) => v - 40)],
    ['contrast 130 %', async (photo) => mapped(photo, (v) => 128 + 1.3 * (v - 128))],
    ['contrast 70 %', async (photo) => mapped(photo, (v) => 128 + 0.7 * (v - 128))],
    ['gamma 0.7', async (photo) => mapped(photo, (v) => 255 * (v / 255) ** 0.7)],
    ['gamma 1.5', async (photo) => mapped(photo, (v) => 255 * (v / 255) ** 1.5)],
    ['saturation 160 %', (photo) => rasterOf(pipeline(photo).modulate({ saturation: 1.6 }))],
    ['sepia', (photo) => rasterOf(pipeline(photo).tint({ r: 180, g: 140, b: 90 }))],
    ['noise of deviation 12', noisy],
    ['blur of 2 pixels', (photo) => blurred(photo, 2)],
    ['sharpened', (photo) => rasterOf(pipeline(photo).sharpen({ sigma: 2 }))],
  ] as [string, Change][]
).map(([name, change]) =>
  plain('tone', name, async (photo, materials) => jpeg(await change(photo, materials), 85)),
);
