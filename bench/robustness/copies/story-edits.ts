import { copies, type Edited, type Materials, type Truth } from '../edit.js';
import {
  blank,
  blurred,
  type Colour,
  covering,
  mapped,
  paste,
  type Raster,
  resized,
} from '../raster.js';
import { between, maybe, personName, phrase, pick, type Random, vivid } from './drawing/chance.js';
import {
  avatar,
  box,
  disc,
  fade,
  frame,
  icon,
  iconRow,
  pen,
  rect,
  text,
} from './drawing/drawing.js';
import { widthOf } from './drawing/font.js';
import { STATUS, statusBar } from './drawing/phone.js';
import { drawnOn, fitted, hex, meanColour, saved, savedScene, truthOf } from './drawing/scene.js';
import { turnedQuad, warpOnto } from './drawing/warp.js';

/** The screen that stories are made for, and smaller ones. */
const SCREENS = [
  [720, 1280],
  [750, 1334],
  [1080, 1920],
] as const;

/** What an app draws over a story: its parts, its sender, a field to answer in. */
function storyControls(width: number, height: number, random: Random): string {
  const u = width / 390;
  const parts = 1 + random(5);
  const step = (width - 16 * u) / parts;
  const now = random(parts);
  const who = personName(random).toLowerCase() + random(90);
  let svg =
    fade(rect(0, 0, width, 110 * u), ['#000', 0.45], ['#000', 0]) +
    fade(rect(0, height - 110 * u, width, 110 * u), ['#000', 0], ['#000', 0.4]);
  for (let part = 0; part < parts; part++) {
    svg += box(rect(8 * u + part * step + 2 * u, 12 * u, step - 4 * u, 2.5 * u), '#fff', {
      radius: u,
      opacity: part <= now ? 1 : 0.4,
    });
  }
  svg +=
    avatar(32 * u, 44 * u, 16 * u, vivid(random), who.charAt(0).toUpperCase()) +
    text(who, 58 * u, 49 * u, 14 * u, '#fff', 'bold') +
    text(`${1 + random(22)} h`, 66 * u + widthOf(who, 14 * u, 'bold'), 49 * u, 13 * u, '#fff', {
      opacity: 0.8,
    }) +
    icon('more', width - 78 * u, 32 * u, 24 * u, '#fff') +
    icon('close', width - 42 * u, 32 * u, 24 * u, '#fff') +
    frame(rect(16 * u, height - 64 * u, width - 120 * u, 44 * u), '#fff', 1.2 * u, 22 * u) +
    text('Send a message', 36 * u, height - 37 * u, 14 * u, '#fff') +
    icon('heart', width - 88 * u, height - 56 * u, 28 * u, '#fff') +
    icon('send', width - 46 * u, height - 56 * u, 28 * u, '#fff');
  return svg;
}

/** Words on a label, as people put them on stories. */
function label(width: number, x: number, y: number, random: Random): string {
  const words = phrase(random, 2, 4);
  const face = pick(random, ['bold', 'hand', 'serif bold'] as const);
  const size = between(random, 0.05, 0.075) * width;
  const wide = Math.min(widthOf(words, size, face), 0.9 * width);
  const plate = maybe(random, 60);
  return (
    (plate
      ? box(
          rect(x - wide / 2 - 0.4 * size, y - 1.1 * size, wide + 0.8 * size, 1.55 * size),
          '#fff',
          { radius: 0.3 * size },
        )
      : '') + text(words, x, y, size, plate ? vivid(random) : '#fff', { face, align: 'centre' })
  );
}

interface StoryStyle {
  /** the picture behind the photo */
  behind(photo: Raster, width: number, height: number, random: Random): Promise<Raster>;
  /** controls, as in a screenshot; otherwise the story as it was saved */
  readonly controls: boolean;
  readonly label: boolean;
  /** of the screen's width */
  readonly width: readonly [number, number];
}

async function story(photo: Raster, { random }: Materials, style: StoryStyle): Promise<Edited> {
  const [width, height] = pick(random, SCREENS);
  const room = between(random, ...style.width) * width;
  const shift = between(random, -0.06, 0.06) * height;
  const area = fitted(photo, rect((width - room) / 2, 0.12 * height + shift, room, 0.74 * height));
  const canvas = await style.behind(photo, width, height, random);
  const below = area.top + area.height;
  const over =
    (style.label
      ? label(
          width,
          width / 2,
          pick(random, [area.top - 0.03 * height, below + 0.06 * height, below - 0.02 * height]),
          random,
        )
      : '') + (style.controls ? storyControls(width, height, random) : '');
  const small = await resized(photo, area.width, area.height);
  paste(canvas, small, area.left, area.top);
  return { pixels: await saved(await drawnOn(canvas, over), random), truth: truthOf(area) };
}

const black = async (_: Raster, width: number, height: number) => blank(width, height, [0, 0, 0]);

/** The app's own ground: a fade between two colours of the photo. */
async function ground(photo: Raster, width: number, height: number): Promise<Raster> {
  const [top, bottom] = [0, photo.height >> 1].map((row) =>
    meanColour({
      ...photo,
      data: photo.data.subarray(
        3 * row * photo.width,
        3 * (row + (photo.height >> 1)) * photo.width,
      ),
    }),
  ) as [Colour, Colour];
  const ends: [string, number][] = [
    [hex(top), 1],
    [hex(bottom), 1],
  ];
  return drawnOn(blank(width, height, top), fade(rect(0, 0, width, height), ends[0]!, ends[1]!));
}

async function bright(_: Raster, width: number, height: number, random: Random): Promise<Raster> {
  return drawnOn(
    blank(width, height, [0, 0, 0]),
    fade(rect(0, 0, width, height), [vivid(random), 1], [vivid(random), 1], { across: 1 }),
  );
}

/** The photo, enlarged and blurred. */
async function ownBlur(photo: Raster, width: number, height: number): Promise<Raster> {
  const small = await blurred(await covering(photo, width >> 2, height >> 2), width / 90);
  return mapped(await resized(small, width, height), (value) => 0.8 * value);
}

/** A photo that was turned with two fingers. */
async function tilted(photo: Raster, { random }: Materials): Promise<Edited> {
  const [width, height] = pick(random, SCREENS);
  const canvas = await pick(random, [ground, bright, ownBlur])(photo, width, height, random);
  const degrees = between(random, 3, 11) * (maybe(random, 50) ? 1 : -1);
  const room = between(random, 0.68, 0.86) * width;
  const area = fitted(photo, rect((width - room) / 2, 0.14 * height, room, 0.68 * height));
  const centre = [area.left + area.width / 2, area.top + area.height / 2] as const;
  const small = await resized(photo, area.width, area.height);
  const corners = turnedQuad(centre, area.width, area.height, degrees);
  warpOnto(canvas, small, corners);
  const drawn = await drawnOn(
    canvas,
    (maybe(random, 50) ? label(width, width / 2, 0.89 * height, random) : '') +
      storyControls(width, height, random),
  );
  const truth: Truth = { ...truthOf(area), angle: degrees, corners };
  return { pixels: await saved(drawn, random), truth };
}

/** A stream of short videos, which has its buttons along the right side. */
async function stream(photo: Raster, { random }: Materials): Promise<Edited> {
  const [width, height] = pick(random, SCREENS);
  const u = width / 390;
  const area = fitted(photo, rect(0, 60 * u, width, height - 180 * u));
  let over = statusBar(
    { width, height, unit: u, dark: true, paper: '#000', ink: '#fff', faint: '#aaa' },
    '#fff',
    random,
  );
  over +=
    text('Following', width / 2 - 66 * u, (STATUS + 26) * u, 16 * u, '#fff', { opacity: 0.7 }) +
    text('For you', width / 2 + 22 * u, (STATUS + 26) * u, 16 * u, '#fff', 'bold');
  for (const [at, sign] of (['heart', 'speech', 'save', 'share'] as const).entries()) {
    const y = height - (390 - 66 * at) * u;
    over +=
      icon(sign, width - 52 * u, y, 34 * u, '#fff') +
      text(`${1 + random(990)}K`, width - 35 * u, y + 50 * u, 12 * u, '#fff', 'heading');
  }
  over +=
    text(`@${personName(random).toLowerCase()}`, 14 * u, height - 128 * u, 16 * u, '#fff', 'bold') +
    text(phrase(random, 4, 6), 14 * u, height - 104 * u, 14 * u, '#fff') +
    box(rect(0, height - 66 * u, width, 66 * u), '#000') +
    iconRow(
      ['home', 'search', 'plus', 'speech', 'person'],
      width / 10 - 13 * u,
      height - 54 * u,
      width / 5,
      26 * u,
      '#fff',
    ) +
    disc(width - 35 * u, height - 428 * u, 22 * u, vivid(random)) +
    pen(
      `M${width - 42 * u} ${height - 428 * u}h${14 * u}m${-7 * u} ${-7 * u}v${14 * u}`,
      '#fff',
      3 * u,
    );
  return savedScene(random, {
    width,
    height,
    paper: '#000',
    pictures: [{ picture: photo, area }],
    over,
  });
}

/** Stories: the whole photo on a tall screen. */
export const STORIES = copies('story', {
  'on black, controls': (photo, m) =>
    story(photo, m, { behind: black, controls: true, label: false, width: [1, 1] }),
  'on its colours, label and controls': (photo, m) =>
    story(photo, m, { behind: ground, controls: true, label: true, width: [0.8, 1] }),
  'on a bright ground, label': (photo, m) =>
    story(photo, m, { behind: bright, controls: false, label: true, width: [0.7, 0.92] }),
  'on its blur, controls': (photo, m) =>
    story(photo, m, { behind: ownBlur, controls: true, label: false, width: [0.9, 1] }),
  'tilted, controls': tilted,
  'stream of short videos': stream,
});
