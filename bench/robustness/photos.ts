import sharp from 'sharp';
import { pdq } from '../../src/hashing/pdq.js';
import type { PhotoFile } from './photo-files.js';
import { cropped, type Raster, rasterOf, resized } from './raster.js';

/** Shortest side of a tile that counts as a photo. */
const TILE = 400;
/** A photo file is scaled down to at most this before it is cut into tiles. */
const WORKING_SIDE = 1920;
/** A whole photo is scaled down to at most this. */
const WHOLE_SIDE = 1024;
/**
 * A whole photo of a lower PDQ quality is left out, because the policy would not let it match by
 * itself.
 */
const LEAST_QUALITY = 50;
/**
 * Smallest mean step between neighbours, of 255, of a tile reduced to 32 x 32, both across and
 * down. With less in either direction, a tile is sky, blur or stripes, and much like its
 * neighbours.
 */
const LEAST_STEP = 5;
const MOST_TILES = 4;
/** A whole photo with a shorter side below this is left out. */
const LEAST_SIDE = 300;

/** A photo of the run: a whole file, or a tile of one. */
export interface Photo {
  readonly name: string;
  readonly source: string;
  /** a whole photo and a tile of one source show the same thing; two tiles do not */
  readonly whole: boolean;
  readonly raster: Raster;
}

/**
 * The photos of a file: the whole, and the disjoint tiles of at least 400 pixels a side that are
 * not flat.
 */
export async function photosOf({ source, path }: PhotoFile): Promise<Photo[]> {
  const file = sharp(path, { ignoreIcc: true }).autoOrient();
  const large = await rasterOf(
    sharp(await file.png({ compressionLevel: 0 }).toBuffer()).resize(WORKING_SIDE, WORKING_SIDE, {
      fit: 'inside',
      withoutEnlargement: true,
    }),
  );
  const whole = await rasterOf(
    sharp(large.data, { raw: large }).resize(WHOLE_SIDE, WHOLE_SIDE, {
      fit: 'inside',
      withoutEnlargement: true,
    }),
  );
  if (Math.min(whole.width, whole.height) < LEAST_SIDE) return [];
  const photos: Photo[] = [];
  if (pdq(whole).quality >= LEAST_QUALITY) {
    photos.push({ name: source, source, whole: true, raster: whole });
  }
  const columns = Math.min(3, Math.floor(large.width / TILE));
  const rows = Math.min(3, Math.floor(large.height / TILE));
  const tiles: Photo[] = [];
  if (columns * rows > 1) {
    const width = Math.floor(large.width / columns);
    const height = Math.floor(large.height / rows);
    for (let tile = 0; tile < columns * rows; tile++) {
      const column = tile % columns;
      const row = Math.floor(tile / columns);
      const raster = cropped(large, column * width, row * height, width, height);
      if ((await leastStep(raster)) < LEAST_STEP) continue;
      tiles.push({ name: `${source} ${column + 1},${row + 1}`, source, whole: false, raster });
    }
  }
  return [...photos, ...tiles.slice(0, MOST_TILES)];
}

/**
 * Reduces the picture to 32 x 32 greys and returns the mean difference of neighbours across or
 * down, whichever is less.
 */
async function leastStep(raster: Raster): Promise<number> {
  const { data } = await resized(raster, 32, 32);
  const grey = (x: number, y: number) => {
    const at = 3 * (32 * y + x);
    return 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
  };
  let across = 0;
  let down = 0;
  for (let line = 0; line < 32; line++) {
    for (let i = 1; i < 32; i++) {
      across += Math.abs(grey(i, line) - grey(i - 1, line));
      down += Math.abs(grey(line, i) - grey(line, i - 1));
    }
  }
  return Math.min(across, down) / (31 * 32);
}
