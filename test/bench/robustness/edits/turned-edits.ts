import sharp from 'sharp';
import { at, type Edited, type Transform, whole } from '../../../../bench/robustness/edit.js';
import {
  BLACK,
  type Colour,
  jpeg,
  pipeline,
  type Raster,
  rasterOf,
  turnedOn,
  WHITE,
} from '../../../../bench/robustness/raster.js';
import type { Orientation } from '../../../../src/pixels.js';
import type { DihedralName } from '../../../../src/variant.js';
import { either, oriented } from './single-edits.js';

/** Each turn with the orientation that causes it and the dihedral form that undoes it. */
const TURNS: readonly (readonly [string, Orientation, DihedralName])[] = [
  ['mirrored', 2, 'flipY'],
  ['upside down and mirrored', 4, 'flipX'],
  ['half turn', 3, 'rotate180'],
  ['quarter turn clockwise', 6, 'rotate90'],
  ['quarter turn counter-clockwise', 8, 'rotate270'],
  ['transposed', 5, 'flipPlus1'],
  ['transposed about the other diagonal', 7, 'flipMinus1'],
];

export const FLIPS: readonly Transform[] = TURNS.map(([name, orientation, dihedral]) => ({
  name,
  family: 'flip or quarter turn',
  apply: async (photo) => {
    const pixels = await jpeg(oriented(photo, orientation), 85);
    return { pixels, truth: at(0, 0, pixels.width, pixels.height, { dihedral }) };
  },
}));

/** For each orientation, the turn of the stored raster that it undoes. */
const UNDOING: Record<Orientation, Orientation> = {
  1: 1,
  2: 2,
  3: 3,
  4: 4,
  5: 5,
  6: 8,
  7: 7,
  8: 6,
};

/** Files with an orientation tag, displayed upright. */
export const TAGS: readonly Transform[] = ([1, 2, 3, 4, 5, 6, 7, 8] as const).map(
  (orientation) => ({
    name: `orientation ${orientation}`,
    family: 'orientation tag',
    async apply(photo): Promise<Edited> {
      const raster = oriented(photo, UNDOING[orientation]);
      const bytes = await pipeline(raster)
        .jpeg({ quality: 85 })
        .withMetadata({ orientation })
        .toBuffer();
      const stored = await rasterOf(sharp(bytes, { ignoreIcc: true }));
      const tag = (await sharp(bytes).metadata()).orientation as Orientation;
      const pixels = oriented(stored, tag);
      return { pixels, stored, truth: whole(pixels) };
    },
  }),
);

/** Turns the photo on a canvas that grows to hold all of it. */
async function grown(photo: Raster, degrees: number, outside: Colour): Promise<Edited> {
  const { width, height } = photo;
  const radians = (Math.abs(degrees) * Math.PI) / 180;
  const canvasWidth = Math.ceil(width * Math.cos(radians) + height * Math.sin(radians));
  const canvasHeight = Math.ceil(height * Math.cos(radians) + width * Math.sin(radians));
  const pixels = await jpeg(turnedOn(photo, degrees, canvasWidth, canvasHeight, outside), 85);
  const left = (canvasWidth - width) / 2;
  const top = (canvasHeight - height) / 2;
  return { pixels, truth: at(left, top, width, height, { angle: degrees }) };
}

const FILLS: readonly (readonly [number, string, Colour])[] = [
  [1, 'black', BLACK],
  [2.5, 'white', WHITE],
  [4, 'black', BLACK],
  [7.5, 'white', WHITE],
];

export const GROWN_TURNS: readonly Transform[] = FILLS.map(([degrees, word, colour]) => ({
  name: `${degrees} degrees, ${word} corners`,
  family: 'turned, canvas grown',
  apply: (photo, materials) => grown(photo, either(materials, degrees), colour),
}));
