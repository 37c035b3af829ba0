import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/workloads.js';
import { distance } from '../../src/hash.js';
import { pdq } from '../../src/hashing/pdq.js';
import { inJavaScript } from '../../src/kernels/simd/arena.js';
import type { CheckedPixels } from '../../src/pixels.js';
import type { Rectangle } from '../../src/variant.js';
import { hashPixels, variantsOf } from '../../src/variants/hash-pixels.js';
import { innerPictures } from '../../src/variants/inner-pictures.js';
import { MOST_HASHES, MOST_INNER } from '../../src/variants/variant-profile.js';
import { workingPlane } from '../../src/variants/working-plane.js';
import { collage, drawn, laidOn, part, photo, rectanglesOf } from './pictures.js';

const PHOTOS = join(import.meta.dirname, '../../fixtures/photos');

const boats = await photo('nagasaki-boats-q40.jpg');
const plants = await photo('acanthus-mollis.jpg');
const canyon = await photo('french-alpine-landscape.jpg');

/** A photo scaled to other sides: each pixel is the mean of those that it covers. */
function scaled(from: CheckedPixels, width: number, height: number): CheckedPixels {
  const { channels } = from;
  return drawn(width, height, (x, y, channel) => {
    const [x0, x1] = spanOf(x, width, from.width);
    const [y0, y1] = spanOf(y, height, from.height);
    let sum = 0;
    for (let row = y0; row < y1; row++) {
      for (let column = x0; column < x1; column++) {
        sum += from.data[channels * (row * from.width + column) + (channels < 3 ? 0 : channel)]!;
      }
    }
    return Math.round(sum / ((x1 - x0) * (y1 - y0)));
  });
}

const spanOf = (at: number, side: number, from: number): [number, number] => {
  const start = Math.floor((at * from) / side);
  return [start, Math.max(start + 1, Math.floor(((at + 1) * from) / side))];
};

/** Dark lines of words, as apps have them. */
function withWords(canvas: CheckedPixels, { left, top, width, height }: Rectangle): CheckedPixels {
  const next = random(7);
  for (let y = top; y + 9 < top + height; y += 18) {
    for (let x = left; x < left + width - 12; x += 8 + (next() % 6)) {
      for (let row = y; row < y + 9; row++) {
        canvas.data.fill(
          next() % 90,
          3 * (row * canvas.width + x),
          3 * (row * canvas.width + x + 5),
        );
      }
    }
  }
  return canvas;
}

/** A canvas whose part of these sides has corners of the canvas's colour. */
function rounded(canvas: CheckedPixels, { left, top, width, height }: Rectangle, radius: number) {
  const colour = canvas.data.slice(0, 3);
  for (let y = 0; y < radius; y++) {
    const inset = Math.round(radius - Math.sqrt(radius ** 2 - (radius - y - 0.5) ** 2));
    for (let x = 0; x < inset; x++) {
      for (const row of [top + y, top + height - 1 - y]) {
        for (const column of [left + x, left + width - 1 - x]) {
          canvas.data.set(colour, 3 * (row * canvas.width + column));
        }
      }
    }
  }
  return canvas;
}

interface Screen {
  readonly pixels: CheckedPixels;
  /** the photos in it and their places, in reading order */
  readonly photos: readonly (readonly [photo: CheckedPixels, place: Rectangle])[];
}

/** Photos in rows and columns, each scaled to a cell. */
function latticeOf(
  columns: number,
  { cell, gap, border }: { cell: number; gap: number; border: number },
): Screen {
  const sources = [boats, plants, canyon];
  const photos = Array.from({ length: columns ** 2 }, (_, at) => {
    const source = sources[at % sources.length]!;
    const side = Math.min(source.width, source.height);
    // Another part of the photo in each row.
    const off = Math.round(((Math.max(source.width, source.height) - side) * (at % columns)) / 3);
    const [left, top] = source.width > side ? [off, 0] : [0, off];
    const photo = scaled(part(source, left, top, side, side), cell, cell);
    const step = cell + gap;
    const place = {
      left: border + (at % columns) * step,
      top: border + Math.floor(at / columns) * step,
      width: cell,
      height: cell,
    };
    return [photo, place] as const;
  });
  const side = 2 * border + columns * cell + (columns - 1) * gap;
  const cells = photos.map(([photo, { left, top }]) => [photo, left, top] as const);
  return { pixels: collage(side, side, [255, 255, 255], cells), photos };
}

/** A photo of these sides on a canvas. */
function onCanvas(
  source: CheckedPixels,
  canvas: { width: number; height: number; colour: [number, number, number] },
  place: Rectangle,
): Screen {
  const photo = scaled(source, place.width, place.height);
  const { width, height, colour } = canvas;
  const pixels = laidOn(photo, width, height, place.left, place.top, colour);
  return { pixels, photos: [[photo, place]] };
}

function chat(): Screen {
  const place = { left: 60, top: 420, width: 560, height: 420 };
  const colour: [number, number, number] = [239, 234, 226];
  const { pixels, photos } = onCanvas(boats, { width: 720, height: 1280, colour }, place);
  rounded(pixels, place, 24);
  withWords(pixels, { left: 40, top: 40, width: 400, height: 60 });
  withWords(pixels, { left: 80, top: 180, width: 380, height: 110 });
  withWords(pixels, { left: 240, top: 960, width: 420, height: 80 });
  return { pixels, photos };
}

function webPage(): Screen {
  const place = { left: 180, top: 200, width: 640, height: 440 };
  const canvas = { width: 1200, height: 1000, colour: [255, 255, 255] as [number, number, number] };
  const { pixels, photos } = onCanvas(canyon, canvas, place);
  withWords(pixels, { left: 180, top: 40, width: 500, height: 60 });
  withWords(pixels, { left: 180, top: 680, width: 640, height: 240 });
  withWords(pixels, { left: 900, top: 210, width: 220, height: 300 });
  return { pixels, photos };
}

const SCREENS: Record<string, () => Screen> = {
  'a chat, its corners rounded': chat,
  'a web page': webPage,
  'black bars above and below': () =>
    onCanvas(
      boats,
      { width: 640, height: 1136, colour: [0, 0, 0] },
      { left: 0, top: 328, width: 640, height: 480 },
    ),
  'white bars at the sides, in a large picture': () =>
    onCanvas(
      plants,
      { width: 2000, height: 1500, colour: [250, 250, 250] },
      { left: 450, top: 0, width: 1100, height: 1500 },
    ),
  'a polaroid': () =>
    onCanvas(
      canyon,
      { width: 700, height: 840, colour: [244, 242, 238] },
      { left: 50, top: 50, width: 600, height: 600 },
    ),
  'a collage of 2 x 2 with a border': () => latticeOf(2, { cell: 300, gap: 12, border: 12 }),
  'a collage of 2 x 2 without': () => latticeOf(2, { cell: 300, gap: 8, border: 0 }),
  'a collage of 3 x 3 with a border': () => latticeOf(3, { cell: 240, gap: 8, border: 8 }),
  'a collage of 3 x 3 without': () => latticeOf(3, { cell: 240, gap: 8, border: 0 }),
  'a large collage of 3 x 3 without': () => latticeOf(3, { cell: 520, gap: 14, border: 0 }),
};

const innerOf = (pixels: CheckedPixels) =>
  hashPixels(pixels, { variants: 'none', inner: true }).variants;

const overlap = (a: Rectangle, b: Rectangle) =>
  Math.max(0, Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top));

describe.each(Object.entries(SCREENS))('%s', (_, make) => {
  const { pixels, photos } = make();
  const found = innerOf(pixels);

  test('has each photo at its place, by its hash', () => {
    expect(found.map(({ name }) => name)).toEqual(photos.map(() => 'inner'));
    for (const [at, [photo, place]] of photos.entries()) {
      const { geometry, hash, quality } = found[at]!;
      const { left, top, width, height } = geometry!.rectangle;
      const allowed = Math.max(2, Math.max(pixels.width, pixels.height) / 400);
      for (const [side, expected] of [
        [left, place.left],
        [top, place.top],
        [left + width, place.left + place.width],
        [top + height, place.top + place.height],
      ] as const) {
        expect(Math.abs(side - expected), `${at}`).toBeLessThanOrEqual(allowed);
      }
      expect(distance(hash, pdq(photo).hash), `${at}`).toBeLessThanOrEqual(31);
      expect(quality).toBeGreaterThanOrEqual(50);
    }
  });

  test('none overlaps another, and each call finds the same', () => {
    for (const [at, { geometry: a }] of found.entries()) {
      for (const { geometry: b } of found.slice(at + 1)) {
        expect(overlap(a!.rectangle, b!.rectangle)).toBe(0);
      }
    }
    expect(innerOf(pixels)).toEqual(found);
    expect(inJavaScript(() => innerOf(pixels))).toEqual(found);
  });
});

test('a photo has none, unless it is of framed photos', async () => {
  const names = readdirSync(PHOTOS).filter((name) => !name.endsWith('.json'));
  const asked: string[] = [];
  for (const name of names) {
    if (innerPictures(workingPlane(await photo(name))).length > 0) asked.push(name);
  }
  // A sheet of twelve photos of one cat.
  expect(asked.filter((name) => !name.startsWith('locomotion-house-cat'))).toEqual([]);
  expect(asked).toContain('locomotion-house-cat.jpg');
});

test('noise, gradients, flat and tiny pictures have none', () => {
  const next = random(3);
  const pictures = {
    noise: drawn(600, 400, () => next() % 256),
    gradient: drawn(600, 400, (x, y) => ((x + y) >> 2) % 256),
    flat: drawn(600, 400, () => 90),
    card: laidOn(
      drawn(300, 200, () => 200),
      600,
      400,
      150,
      100,
      [20, 20, 20],
    ),
    pixel: drawn(1, 1, () => 7),
    line: drawn(900, 1, (x) => x % 256),
  };
  for (const [name, pixels] of Object.entries(pictures)) {
    expect([name, rectanglesOf(innerPictures(workingPlane(pixels)))]).toEqual([name, []]);
  }
});

test('there are at most MOST_INNER', () => {
  const { pixels } = latticeOf(5, { cell: 160, gap: 6, border: 6 });
  const found = innerOf(pixels);
  expect(found.length).toBeGreaterThan(8);
  expect(found.length).toBeLessThanOrEqual(MOST_INNER);
});

test('a small picture is too small to list', () => {
  const place = { left: 30, top: 30, width: 63, height: 63 };
  const canvas = { width: 123, height: 123, colour: [255, 255, 255] as [number, number, number] };
  expect(innerOf(onCanvas(boats, canvas, place).pixels)).toEqual([]);
  const larger = { ...place, width: 70, height: 70 };
  expect(innerOf(onCanvas(boats, canvas, larger).pixels)).toHaveLength(1);
});

test('they come after the looks, before list crops and the variants of a profile, and take no place of theirs', () => {
  const { pixels } = chat();
  const options = { variants: 'thorough', crops: true } as const;
  const without = [...variantsOf(pixels, options)];
  const names = [...variantsOf(pixels, { ...options, inner: true })].map(({ name }) => name);
  expect(names[1]).toBe('inner');
  expect(names.filter((name) => name !== 'inner')).toEqual(without.map(({ name }) => name));
});

test('they take no place of a profile, though its looks fill it', () => {
  const { pixels } = latticeOf(3, { cell: 240, gap: 24, border: 24 });
  const { width, height } = pixels;
  const rgba = new Uint8Array(4 * width * height);
  for (let at = 0; at < width * height; at++) {
    const colour = pixels.data.subarray(3 * at, 3 * at + 3);
    rgba.set([...colour, colour.every((sample) => sample === 255) ? 0 : 255], 4 * at);
  }
  const cutOut = { data: rgba, width, height, channels: 4 } as const;
  const namesOf = (inner: boolean) =>
    [...variantsOf(cutOut, { variants: 'thorough', inner })].map(({ name }) => name);
  const names = namesOf(true);
  expect(names.filter((name) => name === 'inner')).toHaveLength(9);
  expect(names.filter((name) => name !== 'inner')).toEqual(namesOf(false));
  expect(names).toHaveLength(MOST_HASHES + 9);
});

test('with parts each has its own, and other algorithms hash them', () => {
  const { pixels, photos } = webPage();
  const [, place] = photos[0]!;
  const [withParts] = hashPixels(pixels, { variants: 'none', inner: true, parts: true }).variants;
  expect(withParts!.parts).toMatch(/^[0-9a-f]+$/);
  expect(innerOf(pixels)[0]).not.toHaveProperty('parts');
  const options = { algorithm: 'dhash', variants: 'none', inner: true, parts: true } as const;
  const [other] = hashPixels(pixels, options).variants;
  expect(other).toMatchObject({ name: 'inner', hash: { algorithm: 'dhash' } });
  expect(other).not.toHaveProperty('parts');
  expect(Math.abs(other!.geometry!.rectangle.left - place.left)).toBeLessThanOrEqual(3);
});

test('of a grey picture and of a transparent one, whose look is named', () => {
  const { pixels } = webPage();
  const { width, height } = pixels;
  const grey = new Uint8Array(width * height);
  const rgba = new Uint8Array(4 * width * height);
  for (let at = 0; at < grey.length; at++) {
    grey[at] = pixels.data[3 * at + 1]!;
    rgba.set([...pixels.data.subarray(3 * at, 3 * at + 3), at < width ? 0 : 255], 4 * at);
  }
  const ofGrey = innerOf({ data: grey, width, height, channels: 1 });
  expect(ofGrey).toHaveLength(1);
  const [ofColour] = innerOf(pixels);
  expect(distance(ofGrey[0]!.hash, ofColour!.hash)).toBeLessThanOrEqual(10);
  const transparent = { data: rgba, width, height, channels: 4 } as const;
  const { variants } = hashPixels(transparent, { inner: true });
  const inner = variants.filter(({ name }) => name === 'inner');
  expect(inner).toMatchObject([{ look: 'onWhite' }]);
  expect(distance(inner[0]!.hash, ofColour!.hash)).toBeLessThanOrEqual(10);
});
