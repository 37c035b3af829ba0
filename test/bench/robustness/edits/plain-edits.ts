import { random as seeded } from '../../../../bench/workloads.js';
import { type Materials, type Transform, whole } from '../../../../bench/robustness/edit.js';
import {
  BLACK,
  blurred,
  type Colour,
  copyOf,
  fill,
  jpeg,
  mapped,
  pipeline,
  type Raster,
  rasterOf,
  reread,
  resized,
  WHITE,
} from '../../../../bench/robustness/raster.js';

type Change = (photo: Raster, materials: Materials) => Promise<Raster>;

const plain = (family: Transform['family'], name: string, change: Change): Transform => ({
  name,
  family,
  async apply(photo, materials) {
    const pixels = await change(photo, materials);
    return { pixels, truth: whole(pixels) };
  },
});

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

/**
 * Marks that look like lines of text: each glyph is a random 5 x 7 bitmap. They are drawn here
 * because the figures would otherwise depend on the machine's fonts.
 */
export function scribble(
  canvas: Raster,
  left: number,
  top: number,
  width: number,
  lineHeight: number,
  lines: number,
  colour: Colour,
  random: Materials['random'],
  opacity = 1,
): void {
  const dot = Math.max(1, Math.floor((0.7 * lineHeight) / 7));
  for (let line = 0; line < lines; line++) {
    const end = left + Math.floor((width * (60 + random(40))) / 100);
    for (let x = left; x + 5 * dot <= end; x += 6 * dot) {
      if (random(6) === 0) continue;
      for (let cell = 0; cell < 35; cell++) {
        if (random(100) >= 45) continue;
        const column = x + (cell % 5) * dot;
        const row = top + line * lineHeight + Math.floor(cell / 5) * dot;
        fill(canvas, column, row, dot, dot, colour, opacity);
      }
    }
  }
}

/** Something drawn over the photo. */
export const OVERLAYS: readonly Transform[] = (
  [
    [
      'watermark',
      ({ width, height }, canvas, random) => {
        for (let y = 0.1; y < 0.95; y += 0.28) {
          const line = Math.round(height / 14);
          const left = Math.round(width * 0.1);
          scribble(
            canvas,
            left,
            Math.round(height * y),
            Math.round(width * 0.8),
            line,
            1,
            WHITE,
            random,
            0.3,
          );
        }
      },
    ],
    [
      'caption bar over the photo',
      ({ width, height }, canvas, random) => {
        const bar = Math.round(height * 0.14);
        const top = Math.round(height * 0.72);
        fill(canvas, 0, top, width, bar, BLACK, 0.65);
        scribble(
          canvas,
          Math.round(width * 0.1),
          top + (bar >> 2),
          Math.round(width * 0.8),
          bar >> 1,
          1,
          WHITE,
          random,
        );
      },
    ],
    [
      'sticker',
      ({ width, height }, canvas, random) => {
        const radius = Math.round(0.13 * Math.min(width, height));
        const x0 = radius + random(Math.max(1, width - 2 * radius));
        const y0 = radius + random(Math.max(1, height - 2 * radius));
        for (let y = -radius; y <= radius; y++) {
          const half = Math.floor(Math.sqrt(radius * radius - y * y));
          fill(canvas, x0 - half, y0 + y, 2 * half + 1, 1, [250, 210, 40]);
        }
      },
    ],
    [
      'meme text above and below',
      ({ width, height }, canvas, random) => {
        const line = Math.round(height / 8);
        const left = Math.round(width * 0.06);
        for (const top of [0.03, 0.85]) {
          scribble(
            canvas,
            left,
            Math.round(height * top),
            Math.round(width * 0.88),
            line,
            1,
            WHITE,
            random,
          );
        }
      },
    ],
  ] as [string, (photo: Raster, canvas: Raster, random: Materials['random']) => void][]
).map(([name, draw]) =>
  plain('overlay', name, (photo, { random }) => {
    const canvas = copyOf(photo);
    draw(photo, canvas, random);
    return jpeg(canvas, 85);
  }),
);
