import { copies, type Edited, type Materials, type Truth } from '../edit.js';
import {
  BLACK,
  blank,
  blurred,
  covering,
  cropped,
  mapped,
  paste,
  type Raster,
  resized,
} from '../raster.js';
import { between, maybe, personName, phrase, pick, type Random, vivid } from './drawing/chance.js';
import { box, fade, rect, text } from './drawing/drawing.js';
import { widthOf } from './drawing/font.js';
import { type Screen, STATUS, screenOf, statusBar } from './drawing/phone.js';
import { drawnOn, fitted, hex, meanColour, saved, savedScene, truthOf } from './drawing/scene.js';
import { turnedQuad, warpOnto } from './drawing/warp.js';

/** The screen that stories are made for, and smaller ones. */
const SCREENS = [
  [720, 1280],
  [750, 1334],
  [1080, 1920],
] as const;

/** What an app draws over a story: its parts, its sender, a field to answer in. */
function storyControls(screen: Screen, random: Random): string {
  const { width, height, fade, box, text, icon } = screen;
  const parts = 1 + random(5);
  const step = (width - 16) / parts;
  const now = random(parts);
  const who = personName(random).toLowerCase() + random(90);
  let svg =
    fade(rect(0, 0, width, 110), ['#000', 0.45], ['#000', 0]) +
    fade(rect(0, height - 110, width, 110), ['#000', 0], ['#000', 0.4]);
  for (let part = 0; part < parts; part++) {
    const opacity = part <= now ? 1 : 0.4;
    svg += box(rect(10 + part * step, 12, step - 4, 2.5), '#fff', { radius: 1, opacity });
  }
  const after = 66 + widthOf(who, 14, 'bold');
  svg +=
    screen.avatar(32, 44, 16, vivid(random), who.charAt(0).toUpperCase()) +
    text(who, 58, 49, 14, '#fff', 'bold') +
    text(`${1 + random(22)} h`, after, 49, 13, '#fff', { opacity: 0.8 }) +
    icon('more', width - 78, 32, 24, '#fff') +
    icon('close', width - 42, 32, 24, '#fff') +
    screen.frame(rect(16, height - 64, width - 120, 44), '#fff', 1.2, 22) +
    text('Send a message', 36, height - 37, 14, '#fff') +
    icon('heart', width - 88, height - 56, 28, '#fff') +
    icon('send', width - 46, height - 56, 28, '#fff');
  return svg;
}

/** Words on a label, as people put them on stories. */
function label(width: number, y: number, random: Random): string {
  const x = width / 2;
  const words = phrase(random, 2, 4);
  const face = pick(random, ['bold', 'hand', 'serif bold'] as const);
  const size = between(random, 0.05, 0.075) * width;
  const wide = Math.min(widthOf(words, size, face), 0.9 * width);
  const area = rect(x - wide / 2 - 0.4 * size, y - 1.1 * size, wide + 0.8 * size, 1.55 * size);
  const plate = maybe(random, 60);
  return (
    (plate ? box(area, '#fff', { radius: 0.3 * size }) : '') +
    text(words, x, y, size, plate ? vivid(random) : '#fff', { face, align: 'centre' })
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
  const places = [area.top - 0.03 * height, below + 0.06 * height, below - 0.02 * height];
  const over =
    (style.label ? label(width, pick(random, places), random) : '') +
    (style.controls ? storyControls(screenOf([width, height]), random) : '');
  const small = await resized(photo, area.width, area.height);
  paste(canvas, small, area.left, area.top);
  return { pixels: await saved(await drawnOn(canvas, over), random), truth: truthOf(area) };
}

const black = async (_: Raster, width: number, height: number) => blank(width, height, BLACK);

/** The app's own ground: a fade between two colours of the photo. */
async function ground(photo: Raster, width: number, height: number): Promise<Raster> {
  const half = photo.height >> 1;
  const colourFrom = (row: number) => hex(meanColour(cropped(photo, 0, row, photo.width, half)));
  const area = rect(0, 0, width, height);
  return drawnOn(
    blank(width, height, BLACK),
    fade(area, [colourFrom(0), 1], [colourFrom(half), 1]),
  );
}

async function bright(_: Raster, width: number, height: number, random: Random): Promise<Raster> {
  const [first, second] = [vivid(random), vivid(random)];
  const svg = fade(rect(0, 0, width, height), [first, 1], [second, 1], { across: 1 });
  return drawnOn(blank(width, height, BLACK), svg);
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
    (maybe(random, 50) ? label(width, 0.89 * height, random) : '') +
      storyControls(screenOf([width, height]), random),
  );
  const truth: Truth = { ...truthOf(area), angle: degrees, corners };
  return { pixels: await saved(drawn, random), truth };
}

/** A stream of short videos, which has its buttons along the right side. */
async function stream(photo: Raster, { random }: Materials): Promise<Edited> {
  const screen = screenOf(pick(random, SCREENS));
  const { width, height, unit, text, icon } = screen;
  const area = screen.fitted(photo, rect(0, 60, width, height - 180));
  let over =
    statusBar(screen, '#fff', random) +
    text('Following', width / 2 - 66, STATUS + 26, 16, '#fff', { opacity: 0.7 }) +
    text('For you', width / 2 + 22, STATUS + 26, 16, '#fff', 'bold');
  for (const [at, sign] of (['heart', 'speech', 'save', 'share'] as const).entries()) {
    const y = height - 390 + 66 * at;
    over +=
      icon(sign, width - 52, y, 34, '#fff') +
      text(`${1 + random(990)}K`, width - 35, y + 50, 12, '#fff', 'heading');
  }
  const tabs = ['home', 'search', 'plus', 'speech', 'person'] as const;
  const plus = `M${(width - 42) * unit} ${(height - 428) * unit}h${14 * unit}m${-7 * unit} ${-7 * unit}v${14 * unit}`;
  over +=
    text(`@${personName(random).toLowerCase()}`, 14, height - 128, 16, '#fff', 'bold') +
    text(phrase(random, 4, 6), 14, height - 104, 14, '#fff') +
    screen.box(rect(0, height - 66, width, 66), '#000') +
    screen.iconRow(tabs, width / 10 - 13, height - 54, width / 5, 26, '#fff') +
    screen.disc(width - 35, height - 428, 22, vivid(random)) +
    screen.pen(plus, '#fff', 3);
  const pictures = [{ picture: photo, area }];
  return savedScene(random, { width, height, unit, paper: '#000', pictures, over });
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
