import sharp from 'sharp';
import { random as seeded } from '../../workloads.js';
import { copies, type Make, whole } from '../edit.js';
import { jpeg, mapped, pipeline, type Raster, rasterOf, reread, resized } from '../raster.js';
import { between, maybe, type Random } from './drawing/chance.js';
import { saving } from './drawing/scene.js';

type Change = (photo: Raster, random: Random) => Promise<Raster> | Raster;

/** An edit that leaves the photo where it is, and its file as it is. */
const encoded =
  (change: Change): Make =>
  async (photo, { random }) => {
    const pixels = await change(photo, random);
    return { pixels, truth: whole(pixels) };
  };

/** An edit that leaves the photo where it is. */
const kept = (change: Change): Make => saving(encoded(change));

/** A curve that is steeper in the middle by this factor. */
const contrast = (factor: number) => (v: number) => 128 + factor * (v - 128);

/** Warm or cold light with faded blacks, as the filters of photo apps have. */
function faded(photo: Raster, random: Random): Raster {
  const lift = between(random, 10, 45);
  const warm = between(random, -22, 22);
  const base = (v: number) => lift + (v * (245 - lift)) / 255;
  const curves = [(v: number) => base(v) + warm, base, (v: number) => base(v) - warm];
  return mapped(photo, ...curves);
}

/** Dark corners, and light in the middle. */
function vignette(photo: Raster, random: Random): Raster {
  const depth = between(random, 0.35, 0.75);
  const { width, height } = photo;
  const data = new Uint8Array(photo.data.length);
  for (let y = 0; y < height; y++) {
    const dy = (2 * y) / height - 1;
    for (let x = 0; x < width; x++) {
      const dx = (2 * x) / width - 1;
      const light = 1.05 - (depth * (dx * dx + dy * dy) ** 1.3) / 2;
      const at = 3 * (y * width + x);
      for (let c = 0; c < 3; c++)
        data[at + c] = Math.max(0, Math.min(255, photo.data[at + c]! * light));
    }
  }
  return { ...photo, data };
}

/** Grain, the same in the three channels, over lowered colour. */
async function grain(photo: Raster, random: Random): Promise<Raster> {
  const next = seeded(random(0x7fffffff));
  const strength = between(random, 8, 24) / 74;
  const soft = await rasterOf(pipeline(photo).modulate({ saturation: between(random, 0.5, 0.9) }));
  const data = new Uint8Array(soft.data.length);
  for (let i = 0; i < data.length; i += 3) {
    const word = next();
    const noise = ((word & 255) - ((word >> 8) & 255)) * strength;
    for (let c = 0; c < 3; c++) data[i + c] = Math.max(0, Math.min(255, soft.data[i + c]! + noise));
  }
  return { ...photo, data };
}

/** A sketch or poster effect: few levels, and hard edges. */
async function posterised(photo: Raster, random: Random): Promise<Raster> {
  const levels = 5 + random(4);
  const step = 255 / (levels - 1);
  return rasterOf(
    pipeline(mapped(photo, (v) => Math.round(v / step) * step)).sharpen({ sigma: 1.5 }),
  );
}

export const FILTERS = copies('filter', {
  grey: kept((photo, random) => {
    const factor = between(random, 0.9, 1.4);
    return rasterOf(pipeline(mapped(photo, contrast(factor))).greyscale());
  }),
  sepia: kept((photo, random) =>
    rasterOf(
      pipeline(photo).tint({ r: 170 + random(40), g: 135 + random(25), b: 80 + random(30) }),
    ),
  ),
  'faded, warm or cold': kept(faded),
  'strong contrast and colour': kept((photo, random) =>
    rasterOf(
      pipeline(mapped(photo, contrast(between(random, 1.3, 1.8)))).modulate({
        saturation: between(random, 1.3, 1.9),
        brightness: between(random, 0.85, 1.2),
      }),
    ),
  ),
  'dark corners': kept(vignette),
  'grain of film': kept(grain),
  'few levels': kept(posterised),
  inverted: kept((photo) => mapped(photo, (v) => 255 - v)),
});

const near = (photo: Raster, x: number, y = x): Promise<Raster> =>
  resized(
    photo,
    Math.max(64, Math.round(x * photo.width)),
    Math.max(64, Math.round(y * photo.height)),
  );

const webp = (photo: Raster, quality: number) =>
  reread(pipeline(photo).webp({ quality: Math.round(quality), effort: 1 }));

export const ENCODED = copies('re-encoded', {
  'JPEG of low quality': encoded((photo, random) => jpeg(photo, 12 + random(40))),
  'smaller WebP': encoded(async (photo, random) =>
    webp(await near(photo, between(random, 0.4, 0.9)), between(random, 40, 80)),
  ),
  'AVIF of half the size': encoded(async (photo, random) =>
    reread(pipeline(await near(photo, 0.5)).avif({ quality: 35 + random(35), effort: 0 })),
  ),
  'sent on five times': encoded(async (photo, random) => {
    let picture = photo;
    for (let turn = 0; turn < 5; turn++) {
      picture = await jpeg(await near(picture, between(random, 0.8, 1.05)), 45 + random(40));
    }
    return picture;
  }),
  'small preview': encoded(async (photo, random) =>
    jpeg(await near(photo, between(random, 160, 320) / Math.max(photo.width, photo.height)), 60),
  ),
});

export const STRETCHED = copies('stretched', {
  wider: kept((photo, random) => near(photo, between(random, 1.05, 1.35), 1)),
  taller: kept((photo, random) => near(photo, 1, between(random, 1.05, 1.35))),
  'to a square': kept(async (photo, random) => {
    const side = 480 + random(600);
    return resized(photo, side, side);
  }),
  'to 16:9 or 9:16': kept((photo, random) => {
    const long = 720 + 16 * random(20);
    const short = Math.round((long * 9) / 16);
    return maybe(random, 50) ? resized(photo, long, short) : resized(photo, short, long);
  }),
});

const gif = (photo: Raster, colours: number, dither: number) =>
  reread(pipeline(photo).gif({ colours, dither, effort: 1 }));

/** A frame of an animation, which has one palette for all frames. */
async function animated(photo: Raster, random: Random): Promise<Raster> {
  const small = await near(photo, between(random, 0.3, 0.5));
  const { width, height } = small;
  const frames = new Uint8Array(3 * small.data.length);
  for (let frame = 0; frame < 3; frame++) {
    frames.set(mapped(small, (v) => v + 4 * frame).data, frame * small.data.length);
  }
  const file = await sharp(frames, {
    raw: { width, height: 3 * height, channels: 3, pageHeight: height },
  })
    .gif({ colours: 96, effort: 1, delay: 100 })
    .toBuffer();
  return rasterOf(sharp(file, { page: random(3) }));
}

export const GIFS = copies('GIF', {
  '256 colours': encoded(async (photo) => gif(await near(photo, 0.55), 256, 1)),
  'few colours, dithered': encoded(async (photo, random) =>
    gif(await near(photo, between(random, 0.35, 0.6)), 32 + random(64), 1),
  ),
  'few colours, flat': encoded(async (photo, random) =>
    gif(await near(photo, between(random, 0.35, 0.6)), 24 + random(64), 0),
  ),
  'frame of an animation': encoded(animated),
});
