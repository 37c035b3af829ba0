import { type CheckedPixels, checkedPixels } from '../../src/pixels.js';
import { COPIES } from '../robustness/copies/suite.js';
import { materials } from '../robustness/measure.js';
import { type PhotoFile, photoList } from '../robustness/photo-lists.js';
import { photoOf } from '../robustness/photos.js';
import { covering, type Raster, resized } from '../robustness/raster.js';

/** Copies as `bench robustness` makes them, by the family and the names of their edits. */
const MADE = {
  screenshots: ['chat or feed screenshot', 'chat, green bubbles', 'feed'],
  collages: ['collage of whole photos', 'two by two, gaps', 'three by three, gaps'],
  'tilted prints': ['polaroid', 'tilted on a plain ground', 'tilted on wood'],
} as const;

const SQUARE = 1000;
const PIXELS = SQUARE * SQUARE;

/**
 * Pictures of 1 megapixel, by their kind, of the photos of the list `tuned`. A photo as it is gives
 * several detectors nothing to do.
 * @param count of each kind
 */
export async function picturesByKind(
  count: number,
): Promise<ReadonlyMap<string, readonly CheckedPixels[]>> {
  const files: readonly PhotoFile[] = photoList('tuned').files.slice(0, count);
  const photos = await Promise.all(files.map(photoOf));
  const squares = await Promise.all(photos.map((photo) => covering(photo, SQUARE, SQUARE)));
  const kinds = new Map([['squares', squares.map(checkedPixels)]]);
  for (const [kind, [family, ...names]] of Object.entries(MADE)) {
    const pictures: CheckedPixels[] = [];
    for (const [at, photo] of photos.entries()) {
      const name = names[at % names.length]!;
      const edit = COPIES.findIndex((copy) => copy.family === family && copy.name === name);
      const others = photos.filter((other) => other !== photo);
      const { pixels } = await COPIES[edit]!.apply(photo, materials(1, at, edit, others));
      pictures.push(checkedPixels(await sized(pixels)));
    }
    kinds.set(kind, pictures);
  }
  return kinds;
}

/** The same picture with about `PIXELS` pixels. */
function sized(picture: Raster): Promise<Raster> {
  const scale = Math.sqrt(PIXELS / (picture.width * picture.height));
  return resized(picture, Math.round(scale * picture.width), Math.round(scale * picture.height));
}
