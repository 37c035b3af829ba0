import sharp from 'sharp';
import type { Orientation } from '../../src/pixels.js';
import type { DihedralName } from '../../src/variant.js';
import { orient } from '../../src/variants/forms.js';
import { at, type Edited, type Materials, type Transform, whole } from './edit.js';
import { bordered } from '../../test/bench/robustness/edits/framed-edits.js';
import {
  BLACK,
  type Colour,
  cropped,
  jpeg,
  pipeline,
  type Raster,
  rasterOf,
  resized,
  turnedOn,
  WHITE,
} from './raster.js';

const oriented = (photo: Raster, orientation: Orientation) => orient(photo, orientation) as Raster;

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

/**
 * Crops the photo. The amounts are parts of the width left and right, and of the height above and
 * below.
 */
async function cutOff(
  photo: Raster,
  left: number,
  top: number,
  right: number,
  bottom: number,
): Promise<Edited> {
  const x = Math.round(left * photo.width);
  const y = Math.round(top * photo.height);
  const width = photo.width - x - Math.round(right * photo.width);
  const height = photo.height - y - Math.round(bottom * photo.height);
  const pixels = await jpeg(cropped(photo, x, y, width, height), 85);
  return { pixels, truth: at(-x, -y, photo.width, photo.height) };
}

const crop = (
  name: string,
  partsOf: (materials: Materials) => readonly [number, number, number, number],
): Transform => ({
  name,
  family: 'crop',
  apply: (photo, materials) => cutOff(photo, ...partsOf(materials)),
});

/** Takes `percent` off the width and height in all: 5 % about the centre is 2.5 % off each side. */
const centreCrop = (percent: number) => {
  const part = percent / 200;
  return crop(`centre ${percent} %`, () => [part, part, part, part]);
};

const sideCrop = (percent: number) =>
  crop(`one side ${percent} %`, ({ random }) => {
    const parts: [number, number, number, number] = [0, 0, 0, 0];
    parts[random(4)] = percent / 100;
    return parts;
  });

const cornerCrop = (percent: number) =>
  crop(`corner ${percent} %`, ({ random }) => {
    const corner = random(4);
    const part = percent / 100;
    return [
      corner & 1 ? part : 0,
      corner & 2 ? part : 0,
      corner & 1 ? 0 : part,
      corner & 2 ? 0 : part,
    ];
  });

const cropAtRandom = (percent: number) =>
  crop(`each side 0-${percent} %`, ({ random }) => {
    const part = () => (random(10_001) / 10_000) * (percent / 100);
    return [part(), part(), part(), part()];
  });

export const CROPS: readonly Transform[] = [
  ...[2, 5, 10].map(centreCrop),
  ...[2, 5, 10].map(sideCrop),
  ...[2, 5, 10].map(cornerCrop),
  ...[5, 10].map(cropAtRandom),
];

const either = ({ random }: Materials, degrees: number) => (random(2) ? degrees : -degrees);

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

/**
 * Turns the photo and keeps the largest upright rectangle of its shape, as a phone's straightening
 * tool does.
 */
async function straightened(photo: Raster, degrees: number): Promise<Edited> {
  const { width, height } = photo;
  const radians = (Math.abs(degrees) * Math.PI) / 180;
  const longer = Math.max(width / height, height / width);
  const scale = 1 / (Math.cos(radians) + longer * Math.sin(radians));
  const keptWidth = Math.floor(width * scale);
  const keptHeight = Math.floor(height * scale);
  const pixels = await jpeg(turnedOn(photo, degrees, keptWidth, keptHeight, BLACK), 85);
  const left = (keptWidth - width) / 2;
  const top = (keptHeight - height) / 2;
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

const cutTurn = (degrees: number): Transform => ({
  name: `${degrees} degrees, corners cut`,
  family: 'turned, corners cut',
  apply: (photo, materials) => straightened(photo, either(materials, degrees)),
});

export const CUT_TURNS: readonly Transform[] = [1, 2.5, 4, 7.5].map(cutTurn);

/** Several edits in a row. */
export const CHAINS: readonly Transform[] = [
  {
    name: 'mirrored, then a border',
    family: 'chain',
    async apply(photo) {
      const border = Math.round(0.05 * Math.min(photo.width, photo.height));
      const laid = bordered(oriented(photo, 2), [border, border, border, border], WHITE);
      const { left, top, width, height } = laid;
      return {
        pixels: await jpeg(laid.canvas, 85),
        truth: at(left, top, width, height, { dihedral: 'flipY' }),
      };
    },
  },
  {
    name: 'crop of 3 %, then a caption band',
    family: 'chain',
    async apply(photo) {
      const part = Math.round(0.015 * Math.min(photo.width, photo.height));
      const { width, height } = photo;
      const inner = cropped(photo, part, part, width - 2 * part, height - 2 * part);
      const { canvas, top } = bordered(inner, [0, Math.round(0.15 * height), 0, 0], WHITE);
      return { pixels: await jpeg(canvas, 85), truth: at(-part, top - part, width, height) };
    },
  },
  {
    name: 'half size, JPEG 60, border, JPEG 60',
    family: 'chain',
    async apply(photo) {
      const small = await jpeg(await resized(photo, photo.width >> 1, photo.height >> 1), 60);
      const { canvas, left, top, width, height } = bordered(small, [12, 12, 12, 12], BLACK);
      return { pixels: await jpeg(canvas, 60), truth: at(left, top, width, height) };
    },
  },
];
