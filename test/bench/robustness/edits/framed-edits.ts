import {
  at,
  type Edited,
  type Materials,
  type Transform,
} from '../../../../bench/robustness/edit.js';
import {
  BLACK,
  blank,
  blurred,
  type Colour,
  covering,
  jpeg,
  paste,
  type Raster,
  resized,
  WHITE,
} from '../../../../bench/robustness/raster.js';
import { fill } from './fill.js';
import { bordered, type Laid, scribble } from './single-edits.js';

const GREY: Colour = [128, 128, 128];

const framed = (
  family: Transform['family'],
  name: string,
  lay: (photo: Raster, materials: Materials) => Laid | Promise<Laid>,
): Transform => ({
  name,
  family,
  async apply(photo, materials): Promise<Edited> {
    const { canvas, left, top, width, height } = await lay(photo, materials);
    return { pixels: await jpeg(canvas, 85), truth: at(left, top, width, height) };
  },
});

const even = (photo: Raster, part: number, colour: Colour): Laid => {
  const border = Math.max(1, Math.round(part * Math.min(photo.width, photo.height)));
  return bordered(photo, [border, border, border, border], colour);
};

/** Bars above and below, or left and right, that give the picture this aspect ratio. */
function boxed(photo: Raster, proportion: number, colour: Colour): Laid {
  const { width, height } = photo;
  if (width / height > proportion) {
    const bars = Math.max(2, Math.round(width / proportion) - height);
    return bordered(photo, [0, bars >> 1, 0, bars - (bars >> 1)], colour);
  }
  const bars = Math.max(2, Math.round(height * proportion) - width);
  return bordered(photo, [bars >> 1, 0, bars - (bars >> 1), 0], colour);
}

const anyColour = ({ random }: Materials): Colour => [random(256), random(256), random(256)];

/** Borders of one colour. */
export const BORDERS: readonly Transform[] = [
  framed('border', 'white border 2 %', (photo) => even(photo, 0.02, WHITE)),
  framed('border', 'black border 5 %', (photo) => even(photo, 0.05, BLACK)),
  framed('border', 'coloured border 10 %', (photo, materials) =>
    even(photo, 0.1, anyColour(materials)),
  ),
  framed('border', 'border of four widths', (photo, materials) => {
    const { random } = materials;
    const width = () => 1 + random(Math.round(0.12 * Math.min(photo.width, photo.height)));
    return bordered(photo, [width(), width(), width(), width()], anyColour(materials));
  }),
  framed('border', 'instant-film frame', ({ width, height, ...rest }) => {
    const border = Math.round(0.05 * width);
    const photo = { ...rest, width, height };
    return bordered(photo, [border, border, border, Math.round(0.2 * height)], [245, 244, 238]);
  }),
  framed('border', 'letterbox to 9:16, black', (photo) => boxed(photo, 9 / 16, BLACK)),
  framed('border', 'bars to 16:9, white', (photo) => boxed(photo, 16 / 9, WHITE)),
];

/** The photo in the middle of its own blurred enlargement. */
async function onBlur(photo: Raster, proportion: number): Promise<Laid> {
  const { width, height } = photo;
  const wide = width / height > proportion;
  const canvasWidth = wide ? width : Math.max(width + 16, Math.round(height * proportion));
  const canvasHeight = wide ? Math.max(height + 16, Math.round(width / proportion)) : height;
  const sigma = Math.max(8, Math.round(Math.max(canvasWidth, canvasHeight) / 45));
  const canvas = await blurred(await covering(photo, canvasWidth, canvasHeight), sigma);
  const left = (canvasWidth - width) >> 1;
  const top = (canvasHeight - height) >> 1;
  paste(canvas, photo, left, top);
  return { canvas, left, top, width, height };
}

export const BLURRED_BARS: readonly Transform[] = [
  framed('blurred bars', 'blurred bars to 2:1', (photo) =>
    onBlur(photo, Math.max(2, (1.35 * photo.width) / photo.height)),
  ),
  framed('blurred bars', '9:16 on its blur', (photo) => onBlur(photo, 9 / 16)),
];

function captioned(
  photo: Raster,
  { random }: Materials,
  above: number,
  below: number,
  paper: Colour,
  ink: Colour,
): Laid {
  const { width, height } = photo;
  const over = Math.round(above * height);
  const under = Math.round(below * height);
  const laid = bordered(photo, [0, over, 0, under], paper);
  const write = (top: number, space: number) => {
    const lines = space > 0.2 * height ? 2 : 1;
    const line = Math.floor((0.8 * space) / lines);
    const left = Math.round(0.04 * width);
    scribble(
      laid.canvas,
      left,
      top + Math.round(0.15 * space),
      Math.round(0.92 * width),
      line,
      lines,
      ink,
      random,
    );
  };
  if (over > 0) write(0, over);
  if (under > 0) write(over + height, under);
  return laid;
}

/** Text on a separate band. */
export const CAPTIONS: readonly Transform[] = [
  framed('caption', 'caption above, white', (p, m) => captioned(p, m, 0.16, 0, WHITE, BLACK)),
  framed('caption', 'caption below, white', (p, m) => captioned(p, m, 0, 0.16, WHITE, BLACK)),
  framed('caption', 'caption below, black', (p, m) => captioned(p, m, 0, 0.13, BLACK, WHITE)),
  framed('caption', 'caption of two lines', (p, m) => captioned(p, m, 0.28, 0, WHITE, BLACK)),
  framed('caption', 'captions above and below', (p, m) =>
    captioned(p, m, 0.14, 0.14, WHITE, BLACK),
  ),
];

/** Draws a viewer's controls over the photo, which is at this place on the screen. */
export type Controls = (
  canvas: Raster,
  photo: { left: number; top: number; width: number; height: number },
  random: Materials['random'],
) => void;

export interface Layout {
  /** on either side of the photo, as a part of the screen's width */
  margin: number;
  /** more space on the left, as for an indented message */
  indent: number;
  /** radius of the photo's corners, as a part of its width */
  rounding: number;
  dark: boolean;
  controls?: Controls;
}

/**
 * A phone's screen with the photo in a feed, with a status bar, names, text and buttons around it.
 */
async function screen(
  photo: Raster,
  { random }: Materials,
  { margin, indent, rounding, dark, controls }: Layout,
): Promise<Laid> {
  const screenWidth = 750;
  const screenHeight = 1500;
  const paper: Colour = dark ? [22, 24, 28] : WHITE;
  const ink: Colour = dark ? [230, 230, 230] : [30, 30, 30];
  const left = Math.round((margin + indent) * screenWidth);
  let width = screenWidth - left - Math.round(margin * screenWidth);
  let height = Math.round((width * photo.height) / photo.width);
  if (height > 1050) {
    height = 1050;
    width = Math.round((height * photo.width) / photo.height);
  }
  const scaled = await resized(photo, width, height);
  const canvas = blank(screenWidth, screenHeight, paper);
  scribble(canvas, 40, 14, 160, 26, 1, ink, random);
  scribble(canvas, 600, 14, 130, 26, 1, ink, random);
  fill(canvas, 24, 76, 64, 64, [random(256), random(256), random(256)]);
  scribble(canvas, 108, 84, 360, 28, 1, ink, random);
  scribble(canvas, 108, 116, 240, 20, 1, GREY, random);
  const top = 170 + random(60);
  paste(canvas, scaled, left, top);
  controls?.(canvas, { left, top, width, height }, random);
  const radius = Math.round(rounding * width);
  for (let y = 0; y < radius; y++) {
    const cut = radius - Math.round(Math.sqrt(radius ** 2 - (radius - y - 0.5) ** 2));
    for (const row of [top + y, top + height - 1 - y]) {
      fill(canvas, left, row, cut, 1, paper);
      fill(canvas, left + width - cut, row, cut, 1, paper);
    }
  }
  const below = top + height + 20;
  for (let button = 0; button < 4; button++) {
    fill(canvas, left + 10 + 80 * button, below, 36, 36, GREY);
  }
  scribble(canvas, Math.max(left, 24), below + 60, 660 - left, 30, 3, ink, random);
  fill(canvas, 0, screenHeight - 92, screenWidth, 2, GREY);
  for (let button = 0; button < 5; button++) {
    fill(canvas, 50 + 150 * button, screenHeight - 70, 40, 40, ink);
  }
  return { canvas, left, top, width, height };
}

const FULL: Layout = { margin: 0, indent: 0, rounding: 0, dark: false };

const again: Transform = {
  name: 'phone, margins, then JPEG 50 and resized',
  family: 'screenshot',
  async apply(photo, materials) {
    const laid = await screen(photo, materials, { ...FULL, margin: 0.04, rounding: 0.03 });
    const scale = 0.8;
    const small = await resized(
      await jpeg(laid.canvas, 50),
      Math.round(scale * laid.canvas.width),
      Math.round(scale * laid.canvas.height),
    );
    const { left, top, width, height } = laid;
    return {
      pixels: await jpeg(small, 75),
      truth: at(scale * left, scale * top, scale * width, scale * height),
    };
  },
};

/** A screenshot in this layout. */
export const screenshot = (family: Transform['family'], name: string, layout: Layout): Transform =>
  framed(family, name, (photo, materials) => screen(photo, materials, layout));

/** Screenshots with nothing on the photo itself. */
export const SCREENSHOTS: readonly Transform[] = [
  screenshot('screenshot', 'phone, full width', FULL),
  screenshot('screenshot', 'phone, full width, dark', { ...FULL, dark: true }),
  screenshot('screenshot', 'phone, margins', { ...FULL, margin: 0.04 }),
  screenshot('screenshot', 'phone, rounded corners', { ...FULL, margin: 0.04, rounding: 0.04 }),
  screenshot('screenshot', 'phone, indented message, dark', {
    margin: 0.03,
    indent: 0.14,
    rounding: 0.03,
    dark: true,
  }),
  again,
];

/**
 * The photo in one cell of a collage, uncropped; other photos, cropped to fit, in the other cells.
 */
async function collage(
  photo: Raster,
  { random, filler }: Materials,
  columns: number,
  rows: number,
  gapPart: number,
): Promise<Laid> {
  const { width, height } = photo;
  const gap = Math.round(gapPart * Math.min(width, height));
  const canvas = blank(
    columns * width + (columns + 1) * gap,
    rows * height + (rows + 1) * gap,
    WHITE,
  );
  const mine = random(columns * rows);
  for (let cell = 0; cell < columns * rows; cell++) {
    const content = cell === mine ? photo : await covering(await filler(), width, height);
    paste(
      canvas,
      content,
      gap + (cell % columns) * (width + gap),
      gap + Math.floor(cell / columns) * (height + gap),
    );
  }
  return {
    canvas,
    left: gap + (mine % columns) * (width + gap),
    top: gap + Math.floor(mine / columns) * (height + gap),
    width,
    height,
  };
}

export const COLLAGES: readonly Transform[] = [
  framed('collage', 'two side by side', (p, m) => collage(p, m, 2, 1, 0)),
  framed('collage', 'two side by side, gaps', (p, m) => collage(p, m, 2, 1, 0.03)),
  framed('collage', 'two, one above the other', (p, m) => collage(p, m, 1, 2, 0)),
  framed('collage', 'two by two', (p, m) => collage(p, m, 2, 2, 0)),
  framed('collage', 'two by two, gaps', (p, m) => collage(p, m, 2, 2, 0.03)),
];
