import { random as seeded } from '../../workloads.js';
import { copies, type Edited, type Materials, type Quad, type Truth } from '../edit.js';
import {
  blank,
  blurred,
  type Colour,
  covering,
  jpeg,
  mapped,
  type Raster,
  resized,
  WHITE,
} from '../raster.js';
import { between, maybe, phrase, pick, type Random } from './drawing/chance.js';
import { type Area, box, rect, text } from './drawing/drawing.js';
import { screenOf, swipeBar } from './drawing/phone.js';
import { drawnOn, drawScene, fitted, inPixels, snapped } from './drawing/scene.js';
import { cornersIn, turnedQuad, warpOnto } from './drawing/warp.js';

/** Corners moved at random by up to this much, for a camera that is not straight in front. */
function loose(quad: Quad, by: number, random: Random): Quad {
  const shift = () => between(random, -by, by);
  return quad.map(([x, y]) => [x + shift(), y + shift()] as const) as unknown as Quad;
}

/** The truth of a photo whose corners are known. */
export function cornered(corners: Quad, angle: number): Truth {
  const xs = corners.map(([x]) => x);
  const ys = corners.map(([, y]) => y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return {
    rectangle: rect(left, top, Math.max(...xs) - left, Math.max(...ys) - top),
    angle,
    corners,
  };
}

/** Wood: streaks of brown along one direction. */
async function wood(width: number, height: number, random: Random): Promise<Raster> {
  const next = seeded(random(0x7fffffff));
  const small = blank(6, 150, [0, 0, 0]);
  const base = pick<Colour>(random, [
    [150, 105, 66],
    [96, 64, 42],
    [190, 152, 108],
    [120, 112, 104],
  ]);
  for (let y = 0, at = 0; y < small.height; y++) {
    const streak = ((next() & 255) - 128) / 9;
    for (let x = 0; x < small.width; x++) {
      const noise = streak + ((next() & 255) - 128) / 14;
      for (let c = 0; c < 3; c++) small.data[at++] = Math.max(0, base[c]! + noise);
    }
  }
  return resized(small, width, height);
}

/** A room out of focus, dimmed. */
async function room(filler: Raster, width: number, height: number, light: number): Promise<Raster> {
  const small = await blurred(await covering(filler, width >> 3, height >> 3), 4);
  return mapped(await resized(small, width, height), (v) => light * v + 8);
}

/** Darkens the ground below a quadrilateral; the blur that follows makes it a shadow. */
function shadow(canvas: Raster, quad: Quad, by: number): void {
  const dark = blank(8, 8, [10, 8, 6]);
  for (const reach of [1, 0.55, 0.2]) {
    const moved = quad.map(([x, y]) => [x + 0.6 * by * reach, y + by * reach] as const);
    warpOnto(canvas, dark, moved as unknown as Quad, 0.22);
  }
}

/**
 * What a camera does to a screen: stripes where its grid beats with the screen's, another gamma,
 * uneven light, a little blur and noise.
 */
async function shot(canvas: Raster, random: Random, stripes: boolean): Promise<Raster> {
  const { width, height } = canvas;
  const soft = await blurred(canvas, between(random, 0.5, 1.3));
  const gamma = between(random, 0.85, 1.2);
  const curve = new Float64Array(256);
  for (let v = 0; v < 256; v++) curve[v] = 255 * (v / 255) ** gamma;
  const depth = stripes ? between(random, 0.02, 0.07) : 0;
  const across = between(random, 0.02, 0.9);
  const down = between(random, 0.02, 0.9);
  const tint = [between(random, 0.94, 1.04), 1, between(random, 0.92, 1.06)];
  const slope = between(random, -0.18, 0.18);
  const next = seeded(random(0x7fffffff));
  const out = new Uint8Array(canvas.data.length);
  // sin(a + b) from tables of a and b: a sine for each pixel would take most of the time.
  const [sinX, cosX] = [Math.sin, Math.cos].map((wave) =>
    Float64Array.from({ length: width }, (_, x) => wave(across * x)),
  );
  for (let y = 0, at = 0; y < height; y++) {
    const sinY = Math.sin(down * y);
    const cosY = Math.cos(down * y);
    for (let x = 0; x < width; x++) {
      const wave = sinX![x]! * cosY + cosX![x]! * sinY;
      const light = (1 + depth * wave) * (1 + slope * (x / width - 0.5));
      const noise = ((next() & 15) - 7.5) * 0.8;
      for (let c = 0; c < 3; c++, at++) {
        const value = curve[soft.data[at]!]! * light * tint[c]! + noise;
        out[at] = Math.max(0, Math.min(255, value));
      }
    }
  }
  return jpeg({ ...canvas, data: out }, Math.round(between(random, 65, 90)));
}

/** A screen's picture with the photo at `area`. */
interface Shown {
  readonly picture: Raster;
  readonly area: Area;
}

/** The photo on a phone's screen. */
async function onPhone(photo: Raster, random: Random): Promise<Shown> {
  const screen = screenOf([540, 1120]);
  const { width, height } = screen;
  const area = screen.fitted(photo, rect(0, 50, width, height - 130));
  const dark = maybe(random, 60);
  const ink = dark ? '#fff' : '#111';
  const icons = ['share', 'heart', 'gear', 'bin'] as const;
  const picture = await drawScene({
    ...screen,
    paper: dark ? '#000' : '#fff',
    pictures: [{ picture: photo, area }],
    over:
      screen.icon('back', 12, 40, 26, ink) +
      screen.text(phrase(random, 1, 2), width / 2, 60, 16, ink, 'heading') +
      screen.iconRow(icons, width / 8 - 13, height - 62, width / 4, 26, ink) +
      swipeBar(screen, ink),
  });
  return { picture, area: inPixels(area, screen.unit) };
}

/** The photo on a wide screen, as a picture viewer shows it. */
async function onMonitor(photo: Raster, random: Random, bar: boolean): Promise<Shown> {
  const width = 1000;
  const height = Math.round((width * 9) / 16);
  const head = bar ? 40 : 0;
  const area = fitted(photo, rect(0, head, width, height - head));
  const picture = await drawScene({
    width,
    height,
    paper: pick(random, ['#000', '#1e1e1e', '#202428']),
    around: bar
      ? box(rect(0, 0, width, head), '#2d2f33') +
        text(phrase(random, 2, 3), width / 2, 26, 16, '#ddd', 'centred')
      : '',
    pictures: [{ picture: photo, area }],
  });
  return { picture, area };
}

/** A screen in its dark case, seen in a room or on a table. */
async function framed(
  { picture, area }: Shown,
  { random, filler }: Materials,
  [width, height]: readonly [number, number],
  fill: number,
  slack: number,
): Promise<Edited> {
  const scale = fill * Math.min(width / picture.width, height / picture.height);
  const wide = scale * picture.width;
  const high = scale * picture.height;
  const x = width / 2 + between(random, -0.03, 0.03) * width;
  const y = height / 2 + between(random, -0.03, 0.03) * height;
  const angle = between(random, -4, 4);
  const quad = loose(turnedQuad([x, y], wide, high, angle), slack * Math.min(wide, high), random);
  const canvas = maybe(random, 50)
    ? await room(await filler(), width, height, between(random, 0.25, 0.7))
    : await wood(width, height, random);
  const rim = between(random, 0.02, 0.045) * Math.min(picture.width, picture.height);
  const outside = rect(-rim, -rim, picture.width + 2 * rim, picture.height + 2 * rim);
  const body = cornersIn(quad, picture, outside);
  shadow(canvas, body, 0.03 * high);
  const black = pick<Colour>(random, [
    [18, 18, 20],
    [40, 40, 44],
    [12, 12, 12],
  ]);
  warpOnto(canvas, blank(16, 16, black), body);
  const small = await resized(picture, Math.round(wide), Math.round(high));
  warpOnto(canvas, small, quad);
  return {
    pixels: await shot(canvas, random, true),
    truth: cornered(cornersIn(quad, picture, area), angle),
  };
}

/** The photo fills the camera's view, its edges a little outside or inside. */
async function close(
  photo: Raster,
  { random }: Materials,
  low: number,
  high: number,
): Promise<Edited> {
  const scale = 1000 / Math.max(photo.width, photo.height);
  const width = Math.round(scale * photo.width);
  const height = Math.round(scale * photo.height);
  const canvas = blank(width, height, [16, 16, 18]);
  const angle = between(random, -1.2, 1.2);
  const size = 1 + between(random, low, high);
  const straight = turnedQuad([width / 2, height / 2], size * width, size * height, angle);
  const quad = loose(straight, 0.012 * Math.min(width, height), random);
  warpOnto(canvas, await resized(photo, width, height), quad);
  return { pixels: await shot(canvas, random, true), truth: cornered(quad, angle) };
}

export const SCREENS = copies('photo of a screen', {
  'phone in a room': async (photo, m) =>
    framed(await onPhone(photo, m.random), m, [810, 1080], between(m.random, 0.78, 0.92), 0.025),
  'monitor on a desk': async (photo, m) => {
    const shown = await onMonitor(photo, m.random, true);
    return framed(shown, m, [1040, 780], between(m.random, 0.75, 0.93), 0.03);
  },
  'television across a room': async (photo, m) => {
    const shown = await onMonitor(photo, m.random, false);
    return framed(shown, m, [1040, 780], between(m.random, 0.45, 0.7), 0.04);
  },
  'close, edges in view': (photo, m) => close(photo, m, -0.05, -0.01),
  'close, edges cut off': (photo, m) => close(photo, m, 0.003, 0.035),
});

/** A white card about the photo, wider below, sometimes with a word on it. */
async function card(photo: Raster, random: Random): Promise<Shown> {
  const scale = 620 / Math.max(photo.width, photo.height);
  const width = scale * photo.width;
  const height = scale * photo.height;
  const border = between(random, 0.05, 0.08) * Math.max(width, height);
  const foot = between(random, 2.6, 3.8) * border;
  const sheet = rect(0, 0, Math.round(width + 2 * border), Math.round(height + border + foot));
  const area = snapped(rect(border, border, width, height));
  const paper = pick(random, ['#fbfaf5', '#f4f1e8', '#ffffff']);
  const written = (words: string) =>
    text(words, sheet.width / 2, sheet.height - 0.35 * foot, 0.5 * foot, '#2b3a55', {
      face: 'hand',
      align: 'centre',
    });
  const around = box(sheet, paper) + (maybe(random, 60) ? written(phrase(random, 1, 3)) : '');
  const pictures = [{ picture: photo, area }];
  return { picture: await drawScene({ ...sheet, around, pictures }), area };
}

/** A card alone, as an app makes it. */
async function cardAlone(photo: Raster, { random }: Materials): Promise<Edited> {
  const { picture, area } = await card(photo, random);
  const pixels = await jpeg(picture, Math.round(between(random, 70, 92)));
  return { pixels, truth: { rectangle: area } };
}

/** A card that lies on a table. */
async function cardOn(
  photo: Raster,
  { random, filler }: Materials,
  ground: 'wood' | 'plain' | 'picture',
  degrees: number,
): Promise<Edited> {
  const { picture, area } = await card(photo, random);
  const size = Math.round(Math.max(picture.width, picture.height) * between(random, 1.15, 1.45));
  const width = Math.round(size * pick(random, [1, 1, 1.2]));
  const grounds = {
    wood: () => wood(width, size, random),
    plain() {
      const colour = pick(random, ['#d8cfc4', '#9fb4c7', '#34373d', '#e7b7a7']);
      return drawnOn(blank(width, size, WHITE), box(rect(0, 0, width, size), colour));
    },
    picture: async () => room(await filler(), width, size, 0.8),
  };
  const canvas = await grounds[ground]();
  const quad = turnedQuad([width / 2, size / 2], picture.width, picture.height, degrees);
  shadow(canvas, quad, 0.025 * size);
  const ready = await blurred(canvas, 2.5);
  warpOnto(ready, picture, quad);
  const corners = cornersIn(quad, picture, area);
  return {
    pixels: await jpeg(ready, Math.round(between(random, 70, 92))),
    truth:
      degrees === 0 ? { rectangle: cornered(corners, 0).rectangle } : cornered(corners, degrees),
  };
}

const tilt = (random: Random) => between(random, 3, 12) * (maybe(random, 50) ? 1 : -1);

export const POLAROIDS = copies('polaroid', {
  'card alone': cardAlone,
  'straight on a plain ground': (photo, m) => cardOn(photo, m, 'plain', 0),
  'straight on wood': (photo, m) => cardOn(photo, m, 'wood', 0),
  'tilted on a plain ground': (photo, m) => cardOn(photo, m, 'plain', tilt(m.random)),
  'tilted on wood': (photo, m) => cardOn(photo, m, 'wood', tilt(m.random)),
  'tilted on a picture': (photo, m) => cardOn(photo, m, 'picture', tilt(m.random)),
});
