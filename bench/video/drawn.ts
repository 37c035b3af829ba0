import { between, maybe, phrase, type Random } from '../robustness/copies/drawing/chance.js';
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
} from '../robustness/copies/drawing/drawing.js';
import { emoji } from '../robustness/copies/drawing/emoji.js';
import { even } from './making.js';

/* What lies over the frames of a copy. */

/** Words over the lower part of a frame, as subtitles or a story have them. */
export function wordsOver(width: number, height: number, random: Random): string {
  const size = between(random, 0.07, 0.11) * height;
  const top = between(random, 0.6, 0.75) * height;
  const room = rect(0.06 * width, top, 0.88 * width, height - top);
  const outline = { align: 'centre', face: 'bold', outline: '#000' } as const;
  return paragraph(phrase(random, 4, 9), room, size, '#fff', outline).svg;
}

/** Words in a bar above a frame. */
export function wordsAbove(width: number, bar: number, random: Random): string {
  const paper = rect(0, 0, width, bar);
  const words = rect(0.04 * width, 0.1 * bar, 0.92 * width, 0.9 * bar);
  const said = paragraph(phrase(random, 5, 10), words, 0.3 * bar, '#111', 'bold');
  return box(paper, '#fff') + said.svg;
}

/** One to three signs. */
export function stickers(width: number, height: number, random: Random): string {
  const side = Math.min(width, height);
  return Array.from({ length: 1 + random(3) }, () => {
    const radius = between(random, 0.08, 0.16) * side;
    const x = between(random, radius, width - radius);
    const y = between(random, radius, height - radius);
    return emoji(x, y, radius, random);
  }).join('');
}

/** A screen with a hole in which a video plays. */
export interface Recording {
  readonly width: number;
  readonly height: number;
  /** the video's place, of even sides */
  readonly hole: Area;
  /** what lies over the video and around it */
  readonly over: string;
}

/** The bar, the time and the buttons of a player. */
function controls({ left, top, width, height }: Area, random: Random): string {
  const bottom = top + height;
  const bar = rect(left + 8, bottom - 22, width - 16, 3);
  const part = between(random, 0.1, 0.9);
  return (
    fade(rect(left, bottom - 46, width, 46), ['#000', 0], ['#000', 0.6]) +
    box(bar, '#fff', { opacity: 0.35 }) +
    box({ ...bar, width: part * bar.width }, '#ff0033') +
    disc(bar.left + part * bar.width, bar.top + 1.5, 4, '#ff0033') +
    play(left + 16, bottom - 9, 9, '#fff') +
    text(`0:0${random(10)} / 0:1${random(10)}`, left + 30, bottom - 6, 8, '#fff') +
    icon('gear', left + width - 36, bottom - 16, 12, '#fff') +
    icon('whole', left + width - 19, bottom - 16, 12, '#fff')
  );
}

/** The parts of a screen around a hole. */
function around({ left, top, width, height }: Area, screen: Area, paper: string): string {
  const [right, bottom] = [left + width, top + height];
  return (
    box(rect(0, 0, screen.width, top), paper) +
    box(rect(0, bottom, screen.width, screen.height - bottom), paper) +
    box(rect(0, top, left, height), paper) +
    box(rect(right, top, screen.width - right, height), paper)
  );
}

/** A video of these sides in a player in a page on a desktop. */
export function onDesktop(width: number, height: number, random: Random): Recording {
  const screen = rect(0, 0, 854, 480);
  const wide = even(between(random, 0.55, 0.68) * screen.width);
  const hole = { ...rect(24, 52, wide), height: even(Math.min(370, (wide * height) / width)) };
  const below = hole.top + hole.height;
  const [paper, ink] = maybe(random, 50) ? ['#0f0f0f', '#f1f1f1'] : ['#ffffff', '#0f0f0f'];
  let over = around(hole, screen, paper!) + controls(hole, random);
  over += icon('menu', 18, 14, 18, ink!) + play(60, 23, 16, '#ff0033');
  over += box(rect(260, 10, 300, 26), '#888', { radius: 13, opacity: 0.25 });
  over += text(phrase(random, 3, 6), 24, below + 24, 16, ink!, 'bold');
  over += avatar(38, below + 48, 12, '#3a7', 'C');
  for (let y = 52; y < 400; y += 74) {
    const left = hole.left + hole.width + 20;
    over += box(rect(left, y, 104, 58), `hsl(${random(360)}, 45%, 45%)`);
    over += text(phrase(random, 1, 2), left + 112, y + 16, 10, ink!);
  }
  return { width: screen.width, height: screen.height, hole, over };
}

/** A video of these sides in a player on a phone. */
export function onPhone(width: number, height: number, random: Random): Recording {
  const screen = rect(0, 0, 360, 720);
  const hole = { ...rect(0, 28 + 2 * random(20), 360), height: even((360 * height) / width) };
  const below = hole.top + hole.height;
  const [paper, ink] = maybe(random, 50) ? ['#0f0f0f', '#f1f1f1'] : ['#ffffff', '#0f0f0f'];
  let over = around(hole, screen, paper!) + (maybe(random, 50) ? controls(hole, random) : '');
  over += text('9:41', 20, 19, 12, ink!, 'bold');
  over += text(phrase(random, 3, 5), 14, below + 26, 16, ink!, 'bold');
  over += avatar(30, below + 60, 14, '#37a', 'V');
  over += box(rect(258, below + 46, 88, 28), ink!, { radius: 14 });
  for (let y = below + 96; y < 640; y += 96) {
    over += box(rect(14, y, 140, 80), `hsl(${random(360)}, 45%, 45%)`);
    over += text(phrase(random, 2, 3), 164, y + 22, 13, ink!);
  }
  return { width: screen.width, height: screen.height, hole, over };
}
