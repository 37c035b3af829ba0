import { straight, trimmed } from '../../../../bench/robustness/copies/reframe-edits.js';
import {
  at,
  type Edited,
  type Materials,
  type Transform,
  whole,
} from '../../../../bench/robustness/edit.js';
import {
  BLACK,
  blank,
  type Colour,
  copyOf,
  cropped,
  jpeg,
  paste,
  type Raster,
  resized,
  WHITE,
} from '../../../../bench/robustness/raster.js';
import type { Orientation } from '../../../../src/pixels.js';
import { orient } from '../../../../src/variants/forms.js';
import { fill } from './fill.js';

export type Change = (photo: Raster, materials: Materials) => Promise<Raster>;

export const plain = (family: Transform['family'], name: string, change: Change): Transform => ({
  name,
  family,
  async apply(photo, materials) {
    const pixels = await change(photo, materials);
    return { pixels, truth: whole(pixels) };
  },
});

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

/** A photo on a canvas. */
export interface Laid {
  canvas: Raster;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The photo with a border of one colour, its width given for each side. */
export function bordered(
  photo: Raster,
  [left, top, right, bottom]: readonly [number, number, number, number],
  colour: Colour,
): Laid {
  const { width, height } = photo;
  const canvas = blank(width + left + right, height + top + bottom, colour);
  paste(canvas, photo, left, top);
  return { canvas, left, top, width, height };
}

export const oriented = (photo: Raster, orientation: Orientation) =>
  orient(photo, orientation) as Raster;

/** Crops the photo as copies are cropped. */
async function cutOff(
  photo: Raster,
  sides: readonly [number, number, number, number],
): Promise<Edited> {
  const { pixels, truth } = trimmed(photo, sides);
  return { pixels: await jpeg(pixels, 85), truth };
}

const crop = (
  name: string,
  partsOf: (materials: Materials) => readonly [number, number, number, number],
): Transform => ({
  name,
  family: 'crop',
  apply: (photo, materials) => cutOff(photo, partsOf(materials)),
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

export const either = ({ random }: Materials, degrees: number) => (random(2) ? degrees : -degrees);

async function straightened(photo: Raster, degrees: number): Promise<Edited> {
  const { pixels, truth } = straight(photo, degrees);
  return { pixels: await jpeg(pixels, 85), truth };
}

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
