import sharp from 'sharp';
import { photoPath } from '../node/fixtures.js';

/** Pixels of a picture: RGBA, straight alpha. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The four samples of a pixel. */
export type Pixel = [number, number, number, number];

/** A raster of the same sides; each pixel is made of the ones at its place. */
export function eachPixel(
  from: Raster,
  make: (pixel: Pixel, other: Pixel, x: number, y: number) => readonly number[],
  other = from,
): Raster {
  const { width, height } = from;
  const data = new Uint8Array(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    const [a, b] = [from, other].map(({ data }) => [...data.subarray(4 * i, 4 * i + 4)] as Pixel);
    const made = make(a!, b!, i % width, (i / width) | 0);
    for (let c = 0; c < 4; c++) data[4 * i + c] = Math.max(0, Math.min(255, Math.round(made[c]!)));
  }
  return { width, height, data };
}

/** Whether a pixel is not opaque. */
export const hasAlpha = ({ data }: Raster) => data.some((value, i) => (i & 3) === 3 && value < 255);

/** Luma by Rec. 601. */
export const lumaOf = ([r, g, b]: readonly number[]) => 0.299 * r! + 0.587 * g! + 0.114 * b!;

export const greyOf = (raster: Raster) =>
  eachPixel(raster, (pixel) => {
    const grey = lumaOf(pixel);
    return [grey, grey, grey, pixel[3]];
  });

/** Every sample of colour by a table of 256. */
export const byTable = (raster: Raster, table: ArrayLike<number>) =>
  eachPixel(raster, ([r, g, b, a]) => [table[r]!, table[g]!, table[b]!, a]);

export const flat = (width: number, height: number, pixel: Pixel): Raster => ({
  width,
  height,
  data: new Uint8Array(4 * width * height).map((_, i) => pixel[i & 3]!),
});

/** A part of a raster; what lies outside is transparent black. */
export function cut(raster: Raster, left: number, top: number, width: number, height: number) {
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [column, row] = [left + x, top + y];
      if (column < 0 || row < 0 || column >= raster.width || row >= raster.height) continue;
      const at = 4 * (row * raster.width + column);
      data.set(raster.data.subarray(at, at + 4), 4 * (y * width + x));
    }
  }
  return { width, height, data } satisfies Raster;
}

const PHOTOS = [
  'acanthus-mollis.jpg',
  'airplane-from-above.jpg',
  'allium-oreophilum.jpg',
  'dust-bowl-home.jpg',
  'french-alpine-landscape.jpg',
  'locomotion-house-cat.jpg',
  'march-pastoral-w700.png',
];
/** Sides of the pictures: small, so that a sheet holds many, and of several shapes. */
const SIDES = [
  [160, 120],
  [120, 160],
  [144, 144],
  [161, 107],
  [128, 96],
] as const;

const made = new Map<string, Promise<Raster>>();

function photo(file: string, width: number, height: number): Promise<Raster> {
  const key = `${file} ${width} ${height}`;
  let raster = made.get(key);
  if (!raster) {
    raster = sharp(photoPath(file))
      .resize(width, height, { fit: 'fill' })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw()
      .toBuffer()
      .then((data) => ({ width, height, data: new Uint8Array(data) }));
    made.set(key, raster);
  }
  return raster;
}

/** What a file is made of. */
export interface Scene {
  /** what an uploader hides */
  readonly listed: Raster;
  /** what she shows instead; as large */
  readonly decoy: Raster;
  /** seeded, of 32 bits */
  readonly next: () => number;
}

/** The decoy, or the raster itself where that has other sides. */
export const decoyFor = (raster: Raster, { decoy }: Scene) =>
  decoy.width === raster.width && decoy.height === raster.height ? decoy : raster;

/** Two photos of one size, by the next numbers. */
export async function sceneOf(next: () => number): Promise<Scene> {
  const [width, height] = SIDES[next() % SIDES.length]!;
  const first = next() % PHOTOS.length;
  const second = (first + 1 + (next() % (PHOTOS.length - 1))) % PHOTOS.length;
  const [listed, decoy] = await Promise.all(
    [first, second].map((i) => photo(PHOTOS[i]!, width, height)),
  );
  return { listed: listed!, decoy: decoy!, next };
}

/** One of a list, by the next number. */
export const oneOf = <T>(list: readonly T[], next: () => number): T => list[next() % list.length]!;

/** The list in another order. */
export function shuffled<T>(list: readonly T[], next: () => number): T[] {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const j = next() % (i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}
