import { copies, type Edited, type Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import { between, maybe, personName, phrase, pick, type Random, vivid } from './drawing/chance.js';
import {
  type Area,
  avatar,
  box,
  disc,
  fade,
  icon,
  paragraph,
  play,
  rect,
  text,
} from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, swipeBar } from './drawing/phone.js';
import { filling, fitted, inPixels, type Placed, screenshot, snapped } from './drawing/scene.js';

const minutes = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

/** The progress bar, the time and the buttons of a player over the foot of its picture. */
function controls({ left, top, width, height }: Area, random: Random, paused: boolean): string {
  const u = Math.max(1, width / 720);
  const bottom = top + height;
  const length = 60 + random(1500);
  const part = between(random, 0.05, 0.9);
  const bar = rect(left + 14 * u, bottom - 50 * u, width - 28 * u, 4 * u);
  return (
    fade(rect(left, bottom - 90 * u, width, 90 * u), ['#000', 0], ['#000', 0.65]) +
    box(bar, '#fff', { opacity: 0.35 }) +
    box({ ...bar, width: part * bar.width }, pick(random, ['#ff0033', '#00a8ff', '#ffffff'])) +
    disc(bar.left + part * bar.width, bar.top + 2 * u, 7 * u, '#ff0033') +
    (paused
      ? play(left + 30 * u, bottom - 22 * u, 20 * u, '#fff')
      : box(rect(left + 22 * u, bottom - 32 * u, 6 * u, 20 * u), '#fff') +
        box(rect(left + 34 * u, bottom - 32 * u, 6 * u, 20 * u), '#fff')) +
    icon('sound', left + 58 * u, bottom - 34 * u, 24 * u, '#fff') +
    text(
      `${minutes(Math.round(part * length))} / ${minutes(length)}`,
      left + 98 * u,
      bottom - 16 * u,
      15 * u,
      '#fff',
    ) +
    icon('gear', left + width - 80 * u, bottom - 34 * u, 24 * u, '#fff') +
    icon('whole', left + width - 42 * u, bottom - 34 * u, 24 * u, '#fff')
  );
}

/** A large round button in the middle of the picture. */
const middle = ({ left, top, width, height }: Area, radius: number): string =>
  disc(left + width / 2, top + height / 2, radius, '#000', 0.6) +
  play(left + width / 2, top + height / 2, radius, '#fff');

/** A player that fills the screen; bars of black beside the picture or above it. */
async function whole(photo: Raster, { random }: Materials, paused: boolean): Promise<Edited> {
  const [width, height] = pick(random, [
    [1280, 720],
    [1600, 720],
    [1366, 768],
  ] as const);
  const area = fitted(photo, rect(0, 0, width, height));
  const screen = rect(0, 0, width, height);
  return screenshot(random, {
    width,
    height,
    paper: '#000',
    pictures: [{ picture: photo, area }],
    over:
      fade({ ...screen, height: 80 }, ['#000', 0.6], ['#000', 0]) +
      text(phrase(random, 3, 7), 26, 42, 22, '#fff', 'bold') +
      controls(screen, random, paused) +
      (paused ? middle(screen, 44) : ''),
  });
}

/** A player at the head of a phone's page, with a title, buttons and further videos below. */
async function onPhone(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit, paper, ink, faint, box, text, paragraph } = phone;
  const screen = phone.snapped(rect(0, STATUS, width, (width * 9) / 16));
  const area = phone.fitted(photo, screen);
  const below = screen.top + screen.height;
  const name = phrase(random, 5, 11);
  const title = paragraph(name, rect(14, below + 10, width - 28, 60), 18, ink, 'bold');
  const { bottom } = title;
  let around =
    box(screen, '#000') +
    statusBar(phone, ink, random) +
    title.svg +
    text(`${1 + random(900)}K views`, 14, bottom + 18, 13, faint) +
    phone.avatar(32, bottom + 52, 18, vivid(random), 'V') +
    text(personName(random), 60, bottom + 57, 15, ink, 'bold') +
    box(rect(width - 116, bottom + 34, 102, 36), ink, { radius: 18 }) +
    text('Subscribe', width - 65, bottom + 57, 14, paper, 'heading');
  const pictures: Placed[] = [{ picture: photo, area }];
  const more = phone.snapped(rect(0, bottom + 100, width, (width * 9) / 16));
  const end = more.top + more.height;
  if (end < height - 60) {
    pictures.push(await filling(await filler(), more, 0, unit));
    around += paragraph(phrase(random, 5, 10), rect(14, end + 8, width - 28, 44), 15, ink).svg;
  }
  const shown = inPixels(screen, unit);
  return screenshot(random, {
    ...phone,
    around,
    pictures,
    over:
      (maybe(random, 60)
        ? controls(shown, random, true) + middle(shown, 28 * unit)
        : box(rect(0, below - 3, between(random, 0.1, 0.9) * width, 3), '#ff0033')) +
      swipeBar(phone, ink),
  });
}

/** A player in a page on a desktop, with comments below and suggestions at its right. */
async function onDesktop(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const [width, height] = pick(random, [
    [1280, 800],
    [1440, 900],
    [1366, 768],
  ] as const);
  const dark = maybe(random, 50);
  const [paper, ink, faint] = dark
    ? (['#0f0f0f', '#f1f1f1', '#aaaaaa'] as const)
    : (['#ffffff', '#0f0f0f', '#606060'] as const);
  const wide = Math.round(0.62 * width);
  const screen = snapped(rect(32, 84, wide, (wide * 9) / 16));
  const area = fitted(photo, screen);
  const below = screen.top + screen.height;
  let around =
    icon('menu', 28, 18, 26, ink) +
    play(90, 31, 26, '#ff0033') +
    text(phrase(random, 1, 1), 112, 39, 22, ink, 'bold') +
    box(rect(0.32 * width, 14, 0.34 * width, 38), faint, { radius: 19, opacity: 0.2 }) +
    box(screen, '#000') +
    text(phrase(random, 4, 8), 32, below + 36, 22, ink, 'bold') +
    avatar(54, below + 74, 20, vivid(random), 'C') +
    text(personName(random), 86, below + 72, 15, ink, 'bold') +
    text(`${1 + random(900)}K subscribers`, 86, below + 90, 12, faint);
  const pictures: Placed[] = [{ picture: photo, area }];
  const side = 32 + wide + 24;
  for (let y = 84; y < height - 90; y += 106) {
    const thumb = snapped(rect(side, y, 168, 94));
    pictures.push(await filling(await filler(), thumb, 8));
    const beside = rect(side + 178, y, width - side - 190, 64);
    around +=
      paragraph(phrase(random, 4, 8), beside, 14, ink, 'bold').svg +
      text(`${1 + random(90)}K views`, side + 178, y + 82, 12, faint);
  }
  return screenshot(random, {
    width,
    height,
    paper,
    around,
    pictures,
    over: controls(screen, random, false),
  });
}

/** Frames of a video player. */
export const PLAYERS = copies('video player', {
  'whole screen, paused': (photo, m) => whole(photo, m, true),
  'whole screen, controls': (photo, m) => whole(photo, m, false),
  'page on a phone': onPhone,
  'page on a desktop': onDesktop,
});
