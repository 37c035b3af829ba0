import { copies, type Edited, type Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import { between, maybe, personName, phrase, pick, type Random, vivid } from './drawing/chance.js';
import { type Area, rect } from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, tabBar } from './drawing/phone.js';
import {
  drawScene,
  filling,
  inPixels,
  type Placed,
  savedScene,
  sent,
  truthOf,
} from './drawing/scene.js';

const ground = (random: Random): string =>
  pick(random, ['#ffffff', '#ffffff', '#000000', '#f5ebe0', vivid(random)]);

/** The cells of a grid, row by row, with gaps between them and around. */
const grid = (columns: number, rows: number, width: number, height: number, gap: number): Area[] =>
  Array.from({ length: columns * rows }, (_, cell) =>
    rect(
      gap + (cell % columns) * (width + gap),
      gap + Math.floor(cell / columns) * (height + gap),
      width,
      height,
    ),
  );

/** Cells of the photo's own shape, so that it is whole; other photos fill the others. */
async function whole(
  photo: Raster,
  { random, filler }: Materials,
  columns: number,
  rows: number,
  gapPart: number,
): Promise<Edited> {
  const scale = Math.min(1, 1100 / (columns * photo.width), 1100 / (rows * photo.height));
  const width = Math.round(scale * photo.width);
  const height = Math.round(scale * photo.height);
  const gap = Math.round(gapPart * between(random, 0.6, 1.5) * Math.min(width, height));
  const round = gap > 0 && maybe(random, 30) ? 0.05 * width : 0;
  const mine = random(columns * rows);
  const pictures: Placed[] = [];
  for (const [cell, area] of grid(columns, rows, width, height, gap).entries()) {
    if (cell === mine) pictures.push({ picture: photo, area, radius: round });
    else pictures.push(await filling(await filler(), area, round));
  }
  const sides = { width: columns * (width + gap) + gap, height: rows * (height + gap) + gap };
  const scene = { ...sides, paper: ground(random), pictures };
  return savedScene(random, scene, pictures[mine]!.area);
}

/** The photo large, and two or three others in a row below it. */
async function oneLarge(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const width = Math.min(1080, photo.width);
  const height = Math.round((width * photo.height) / photo.width);
  const gap = Math.round(between(random, 0.008, 0.025) * width);
  const count = 2 + random(2);
  const small = Math.floor((width - (count - 1) * gap) / count);
  const area: Area = rect(gap, gap, width, height);
  const pictures: Placed[] = [{ picture: photo, area }];
  for (let cell = 0; cell < count; cell++) {
    const place = rect(gap + cell * (small + gap), height + 2 * gap, small, small);
    pictures.push(await filling(await filler(), place));
  }
  const sides = { width: width + 2 * gap, height: height + small + 3 * gap };
  return savedScene(random, { ...sides, paper: ground(random), pictures });
}

export const COLLAGES = copies('collage of whole photos', {
  'two side by side': (photo, m) => whole(photo, m, 2, 1, maybe(m.random, 50) ? 0.025 : 0),
  'one above the other': (photo, m) => whole(photo, m, 1, 2, maybe(m.random, 50) ? 0.025 : 0),
  'two by two': (photo, m) => whole(photo, m, 2, 2, 0),
  'two by two, gaps': (photo, m) => whole(photo, m, 2, 2, 0.025),
  'three by three, gaps': (photo, m) => whole(photo, m, 3, 3, 0.03),
  'one large, others below': oneLarge,
});

/** The whole photo's place where only its middle shows in a square. */
const beyond = ({ width, height }: Raster, { left, top, width: side }: Area): Area => {
  const scale = side / Math.min(width, height);
  return rect(
    left + (side - scale * width) / 2,
    top + (side - scale * height) / 2,
    scale * width,
    scale * height,
  );
};

async function squares(
  photo: Raster,
  { random, filler }: Materials,
  columns: number,
  rows: number,
): Promise<Edited> {
  const side = Math.floor(1080 / Math.max(columns, rows));
  const gap = maybe(random, 35) ? 0 : Math.round(between(random, 0.01, 0.04) * side);
  const mine = random(columns * rows);
  const pictures: Placed[] = [];
  for (const [cell, area] of grid(columns, rows, side, side, gap).entries()) {
    pictures.push(await filling(cell === mine ? photo : await filler(), area));
  }
  const sides = { width: columns * (side + gap) + gap, height: rows * (side + gap) + gap };
  const scene = { ...sides, paper: ground(random), pictures };
  return savedScene(random, scene, beyond(photo, pictures[mine]!.area));
}

/** A profile on a phone: a name, numbers, and squares of pictures in three columns. */
async function profile(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit, ink, faint, text } = phone;
  const gap = Math.round(1.5 * unit) / unit;
  const side = Math.floor((Math.round(width * unit) - 2 * Math.round(1.5 * unit)) / 3) / unit;
  const first = Math.round((STATUS + 250) * unit) / unit;
  const mine = random(6);
  let place: Area | undefined;
  const pictures: Placed[] = [];
  for (let cell = 0; first + Math.floor(cell / 3) * side < height - 72; cell++) {
    const [column, row] = [cell % 3, Math.floor(cell / 3)];
    const area = phone.snapped(rect(column * (side + gap), first + row * (side + gap), side, side));
    if (cell === mine) place = area;
    pictures.push(await filling(cell === mine ? photo : await filler(), area, 0, unit));
  }
  const name = personName(random);
  const numbers = () =>
    ['Posts', 'Followers', 'Following'].map((word, at) => {
      const [x, number] = [170 + 85 * at, String(10 + random(900))];
      return (
        text(number, x, STATUS + 98, 17, ink, 'heading') +
        text(word, x, STATUS + 118, 13, ink, 'centred')
      );
    });
  const around =
    statusBar(phone, ink, random) +
    text(name.toLowerCase() + random(100), 16, STATUS + 36, 20, ink, 'bold') +
    phone.avatar(60, STATUS + 104, 42, vivid(random), name.charAt(0)) +
    numbers().join('') +
    text(phrase(random, 3, 6), 16, STATUS + 170, 14, ink) +
    phone.box(rect(16, STATUS + 190, 358, 36), faint, { radius: 8, opacity: 0.25 }) +
    text('Follow', width / 2, STATUS + 213, 14, ink, 'heading');
  const over = tabBar(phone, ['home', 'search', 'plus', 'film', 'person']);
  const pixels = await drawScene({ ...phone, around, pictures, over });
  const truth = place && truthOf(beyond(photo, inPixels(place, unit)));
  return sent({ pixels, ...(truth && { truth }) }, random);
}

export const SQUARES = copies('collage of square cells', {
  'two by two': (photo, m) => squares(photo, m, 2, 2),
  'three by three': (photo, m) => squares(photo, m, 3, 3),
  'two in a row': (photo, m) => squares(photo, m, 2, 1),
  'profile on a phone': profile,
});
