import type { Materials, Transform } from '../../../../bench/robustness/edit.js';
import { BLACK, type Colour, type Raster, WHITE } from '../../../../bench/robustness/raster.js';
import { fill } from './fill.js';
import { type Controls, type Layout, screenshot } from './framed-edits.js';
import { scribble } from './single-edits.js';

/** The place of the photo on the screen. */
interface Area {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A bar with round ends; a disc if its sides are equal. */
function pill(canvas: Raster, area: Area, colour: Colour, opacity = 1): void {
  const { left, top, width, height } = area;
  const radius = height / 2;
  for (let y = 0; y < height; y++) {
    const cut = Math.round(radius - Math.sqrt(radius ** 2 - (radius - y - 0.5) ** 2));
    fill(canvas, left + cut, top + y, width - 2 * cut, 1, colour, opacity);
  }
}

/** A round, translucent dark button with a light sign on it. */
function button(canvas: Raster, left: number, top: number, size: number): void {
  pill(canvas, { left, top, width: size, height: size }, BLACK, 0.6);
  const sign = size >> 2;
  const inset = (size - sign) >> 1;
  fill(canvas, left + inset, top + inset, sign, sign, WHITE);
}

/**
 * Shades an edge of the photo with black: opacity `most` at the edge, clear `height` further in.
 */
function shade(
  canvas: Raster,
  { left, top, width, height: photoHeight }: Area,
  edge: 'top' | 'bottom',
  height: number,
  most: number,
): void {
  for (let line = 0; line < height; line++) {
    const y = edge === 'top' ? top + line : top + photoHeight - 1 - line;
    fill(canvas, left, y, width, 1, BLACK, most * (1 - line / height));
  }
}

const anyColour = (random: Materials['random']): Colour => [random(256), random(256), random(256)];

/** A chat: the time and ticks of a message, on a shade along the bottom of the photo. */
const chat: Controls = (canvas, area, random) => {
  const { left, top, width, height } = area;
  shade(canvas, area, 'bottom', Math.min(60, height >> 2), 0.5);
  scribble(canvas, left + width - 150, top + height - 36, 110, 22, 1, WHITE, random);
  fill(canvas, left + width - 36, top + height - 30, 20, 10, [80, 180, 250]);
};

/** A feed: a count of photos, a button for names and one for sound. */
const feed: Controls = (canvas, { left, top, width, height }, random) => {
  const count = { left: left + width - 100, top: top + 24, width: 76, height: 52 };
  pill(canvas, count, BLACK, 0.7);
  scribble(canvas, count.left + 16, count.top + 16, 64, 24, 1, WHITE, random);
  button(canvas, left + 24, top + height - 76, 52);
  button(canvas, left + width - 76, top + height - 76, 52);
};

/** A story: bars for its parts, its sender, and a field for answers. */
const story: Controls = (canvas, area, random) => {
  const { left, top, width, height } = area;
  const deep = Math.min(220, Math.round(0.3 * height));
  shade(canvas, area, 'top', deep, 0.6);
  shade(canvas, area, 'bottom', deep, 0.6);
  const part = Math.floor((width - 40) / 3);
  for (let bar = 0; bar < 3; bar++) {
    fill(canvas, left + 16 + bar * (part + 4), top + 12, part, 4, WHITE, bar === 0 ? 1 : 0.4);
  }
  const face = { left: left + 20, top: top + 32, width: 64, height: 64 };
  pill(canvas, face, anyColour(random));
  scribble(canvas, left + 100, top + 50, 280, 28, 1, WHITE, random);
  fill(canvas, left + width - 60, top + 48, 30, 30, WHITE, 0.9);
  const foot = top + height - 108;
  pill(canvas, { left: left + 20, top: foot, width: width - 240, height: 88 }, WHITE, 0.25);
  scribble(canvas, left + 60, foot + 30, 260, 28, 1, WHITE, random, 0.9);
  for (const x of [190, 100]) fill(canvas, left + width - x, foot + 22, 44, 44, WHITE, 0.9);
};

/**
 * A stream of short videos: a column of buttons with counts, and a name and a text at the bottom.
 */
const stream: Controls = (canvas, area, random) => {
  const { left, top, width, height } = area;
  shade(canvas, area, 'bottom', Math.round(0.45 * height), 0.6);
  const column = left + width - 84;
  for (let foot = top + height - 110; foot >= top + 40 && foot > top + height - 590; foot -= 120) {
    pill(canvas, { left: column, top: foot, width: 60, height: 60 }, WHITE, 0.9);
    scribble(canvas, column + 4, foot + 68, 70, 20, 1, WHITE, random);
  }
  scribble(canvas, left + 24, top + height - 140, 300, 32, 1, WHITE, random);
  scribble(canvas, left + 24, top + height - 96, 540, 28, 2, WHITE, random);
};

/** A photo at full screen: translucent dark bars over its top and bottom. */
const gallery: Controls = (canvas, { left, top, width, height }, random) => {
  const head = Math.min(88, height >> 3);
  const foot = Math.min(98, height >> 3);
  fill(canvas, left, top, width, head, BLACK, 0.6);
  scribble(canvas, left + 100, top + (head >> 2), 340, head >> 1, 1, WHITE, random);
  fill(canvas, left + 28, top + (head >> 2), head >> 1, head >> 1, WHITE);
  fill(canvas, left, top + height - foot, width, foot, BLACK, 0.6);
  for (let sign = 0; sign < 5; sign++) {
    const x = left + 50 + Math.round((sign * (width - 140)) / 4);
    fill(canvas, x, top + height - ((3 * foot) >> 2), 40, foot >> 1, WHITE);
  }
};

/** A card on a page: a title on a deep shade, and a coloured button to save the photo. */
const card: Controls = (canvas, area, random) => {
  const { left, top, width, height } = area;
  shade(canvas, area, 'bottom', height >> 1, 0.75);
  scribble(canvas, left + 30, top + height - 120, width - 60, 44, 2, WHITE, random);
  const keep = { left: left + width - 154, top: top + 24, width: 130, height: 72 };
  pill(canvas, keep, anyColour(random));
  scribble(canvas, keep.left + 30, keep.top + 24, 100, 26, 1, WHITE, random);
};

const layout: Layout = { margin: 0, indent: 0, rounding: 0, dark: false };

/** Screenshots of viewers that draw their controls over the photo. */
export const VIEWERS: readonly Transform[] = (
  [
    ['chat, time on the photo', { margin: 0.03, indent: 0.14, rounding: 0.03 }, chat],
    ['feed, count and round buttons', {}, feed],
    ['story, bars and a field', { dark: true }, story],
    ['stream, column of buttons', { dark: true }, stream],
    ['full screen, bars over the edges', { dark: true }, gallery],
    ['card, title and a button', { margin: 0.04, rounding: 0.04 }, card],
  ] as [string, Partial<Layout>, Controls][]
).map(([name, changes, controls]) =>
  screenshot('viewer screenshot', name, { ...layout, ...changes, controls }),
);
