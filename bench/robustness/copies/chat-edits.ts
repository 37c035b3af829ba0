import { copies, type Edited, type Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import {
  between,
  clock,
  maybe,
  personName,
  phrase,
  pick,
  type Random,
  vivid,
} from './drawing/chance.js';
import { avatar, box, linesOf, paragraph, pen, rect, text } from './drawing/drawing.js';
import { widthOf } from './drawing/font.js';
import { DESKTOPS, type Phone, phoneOf, STATUS, statusBar, swipeBar } from './drawing/phone.js';
import { fitted, screenshot } from './drawing/scene.js';

/** How an app draws a chat. */
interface ChatStyle {
  readonly wall: string;
  readonly mine: string;
  readonly theirs: string;
  readonly mineInk: string;
  readonly theirsInk: string;
  /** between the photo and the edge of its bubble, in points */
  readonly inset: number;
  readonly radius: number;
  readonly doodles: boolean;
  /** draws the time on the photo rather than under it */
  readonly timeOnPhoto: boolean;
}

const GREEN: ChatStyle = {
  wall: '#efe7dd',
  mine: '#d9fdd3',
  theirs: '#ffffff',
  mineInk: '#111b21',
  theirsInk: '#111b21',
  inset: 3.5,
  radius: 9,
  doodles: true,
  timeOnPhoto: true,
};
const GREEN_DARK: ChatStyle = {
  ...GREEN,
  wall: '#0b141a',
  mine: '#005c4b',
  theirs: '#202c33',
  mineInk: '#e9edef',
  theirsInk: '#e9edef',
};
const BLUE: ChatStyle = {
  wall: '#ffffff',
  mine: '#0a7cff',
  theirs: '#e9e9eb',
  mineInk: '#ffffff',
  theirsInk: '#000000',
  inset: 0,
  radius: 18,
  doodles: false,
  timeOnPhoto: false,
};
const BLUE_DARK: ChatStyle = { ...BLUE, wall: '#000000', theirs: '#262629', theirsInk: '#ffffff' };
const FRAMED: ChatStyle = {
  ...BLUE,
  wall: '#dfe5ec',
  mine: '#b9e3f7',
  theirs: '#ffffff',
  mineInk: '#0f2537',
  theirsInk: '#0f2537',
  inset: 11,
  radius: 14,
};

/** Small line drawings that repeat over a wall, as some chats have. */
function doodles({ width, height, unit, icon, box }: Phone, colour: string, random: Random) {
  const names = ['heart', 'speech', 'send', 'camera', 'phone', 'home', 'film', 'sound'] as const;
  const step = 46;
  let tile = '';
  for (let at = 0; at < 16; at++) {
    const x = (at & 3) * step + random(Math.round(18 * unit)) / unit;
    const y = (at >> 2) * step + random(Math.round(18 * unit)) / unit;
    tile += icon(pick(random, names), x, y, 20, colour, 0.5);
  }
  const side = 4 * step * unit;
  return `<pattern id="wall" width="${side}" height="${side}" patternUnits="userSpaceOnUse">${tile}</pattern>${box(rect(0, 0, width, height), 'url(#wall)')}`;
}

/**
 * A message. It lies by the width of its words, which may end in the middle of two tenths of a
 * pixel: it is placed in pixels, so that it is always rounded to the same one.
 */
function bubble(
  words: string,
  mine: boolean,
  top: number,
  { unit: u, width }: Phone,
  style: ChatStyle,
  random: Random,
): { svg: string; height: number } {
  const size = 16 * u;
  const lines = linesOf(words, 240 * u, size, 'plain');
  const inner = Math.max(...lines.map((line) => widthOf(line, size, 'plain')));
  const left = mine ? Math.round(width * u) - 12 * u - inner - 24 * u : 12 * u;
  const area = rect(left, top * u, inner + 24 * u, lines.length * 21 * u + 16 * u);
  const ink = mine ? style.mineInk : style.theirsInk;
  const column = rect(left + 12 * u, area.top + 6 * u, 240 * u);
  const written = paragraph(words, column, size, ink, { leading: 1.31 });
  const [right, bottom] = [left + area.width, area.top + area.height];
  const stamp = text(clock(random), right - 10 * u, bottom - 5 * u, 10 * u, ink, {
    align: 'right',
    opacity: 0.5,
  });
  const plate = box(area, mine ? style.mine : style.theirs, { radius: style.radius * u });
  return {
    svg: plate + written.svg + (style.doodles ? stamp : ''),
    height: lines.length * 21 + 16,
  };
}

/** A phone's chat with the photo as one of its messages. */
async function chat(
  photo: Raster,
  { random }: Materials,
  style: ChatStyle,
  dark: boolean,
  captioned = false,
): Promise<Edited> {
  const phone = phoneOf(random, dark);
  const { width, height, unit, fade, icon } = phone;
  const mine = maybe(random, 50);
  const { inset } = style;
  const ink = mine ? style.mineInk : style.theirsInk;
  const widest = between(random, 230, 290);
  const scale = Math.min(widest / photo.width, 330 / photo.height);
  const photoWidth = scale * photo.width;
  const photoHeight = scale * photo.height;
  const left = mine ? width - 12 - inset - photoWidth : (inset ? 12 : 46) + inset;
  let svg = style.doodles ? doodles(phone, dark ? '#1f2c33' : '#d6cabb', random) : '';
  let y = STATUS + 64;
  const say = (most: number) => {
    const right = maybe(random, 50);
    const drawn = bubble(phrase(random, 2, most), right, y, phone, style, random);
    svg += drawn.svg;
    y += drawn.height + 4 + random(8);
  };
  // Messages above, as many as leave room for the photo and the field below.
  const room = height - photoHeight - 90;
  for (let i = 0; i < 6; i++) {
    if (y > room - 150 || (i > 0 && maybe(random, 25))) break;
    say(14);
  }
  const area = phone.snapped(rect(left, y + inset, photoWidth, photoHeight));
  const right = area.left + area.width;
  const below = area.top + area.height;
  const caption = captioned
    ? phone.paragraph(
        phrase(random, 4, 12),
        rect(area.left + 4, below + 6, photoWidth - 8),
        16,
        ink,
      )
    : undefined;
  const bottom = caption ? caption.bottom + 8 : below + inset;
  if (inset > 0) {
    svg += phone.box(
      rect(area.left - inset, area.top - inset, area.width + 2 * inset, bottom - area.top + inset),
      mine ? style.mine : style.theirs,
      { radius: style.radius },
    );
  }
  svg += caption?.svg ?? '';
  if (!mine && inset === 0) {
    svg += phone.avatar(24, bottom - 14, 14, vivid(random), personName(random).charAt(0));
  }
  y = bottom + 8;
  for (let i = 0; i < 8 && y < height - 190 && !maybe(random, 15); i++) say(12);
  svg += chatHead(phone, style, random) + chatFoot(phone, style);
  const over = style.timeOnPhoto
    ? fade({ ...area, top: below - 34, height: 34 }, ['#000', 0], ['#000', 0.45], { radius: 6 }) +
      phone.text(clock(random), right - (mine ? 26 : 8), below - 7, 11, '#fff', {
        align: 'right',
      }) +
      (mine ? icon('ticks', right - 22, below - 19, 15, '#53bdeb') : '')
    : '';
  const radius = Math.max(0, style.radius - 0.6 * inset);
  const pictures = [{ picture: photo, area, radius }];
  const scene = { width, height, unit, paper: style.wall, around: svg, pictures, over };
  return screenshot(random, scene);
}

function chatHead(phone: Phone, style: ChatStyle, random: Random): string {
  const { width, dark, ink, faint, box, text, icon, avatar } = phone;
  const bar = style.doodles ? (dark ? '#202c33' : '#f6f5f3') : style.wall;
  const name = personName(random);
  const state = ['online', 'typing', 'last seen today'];
  return (
    box(rect(0, 0, width, STATUS + 56), bar) +
    box(rect(0, STATUS + 56, width, 1), faint, { opacity: 0.3 }) +
    statusBar(phone, ink, random) +
    icon('back', 10, STATUS + 14, 28, style.inset === 0 ? '#0a7cff' : ink) +
    avatar(64, STATUS + 28, 19, vivid(random), name.charAt(0)) +
    text(name, 94, STATUS + 26, 17, ink, 'bold') +
    text(pick(random, state), 94, STATUS + 44, 12, faint) +
    icon('film', width - 92, STATUS + 15, 26, ink) +
    icon('phone', width - 44, STATUS + 15, 24, ink)
  );
}

function chatFoot(phone: Phone, style: ChatStyle): string {
  const { width, height, dark, ink, faint, box, text, icon, disc } = phone;
  const top = height - 78;
  const field = rect(50, top + 8, width - 106, 38);
  return (
    box(rect(0, top, width, 78), style.doodles ? (dark ? '#1f2c34' : '#f0f0f0') : style.wall) +
    icon('plus', 12, top + 14, 26, dark ? ink : '#0a7cff') +
    box(field, dark ? '#2a2d31' : '#ffffff', { radius: 19 }) +
    text('Message', 66, top + 33, 16, faint) +
    disc(width - 28, top + 27, 17, style.inset === 0 ? '#0a7cff' : '#00a884') +
    icon('send', width - 39, top + 17, 20, '#fff') +
    swipeBar(phone, ink)
  );
}

/** A chat in a window of a desktop, with a list of chats on its left. */
async function desktopChat(photo: Raster, { random }: Materials): Promise<Edited> {
  const dark = maybe(random, 50);
  const [width, height] = pick(random, DESKTOPS);
  const [paper, wall, ink, faint, rule] = dark
    ? ['#1e1f22', '#313338', '#dbdee1', '#949ba4', '#3f4147']
    : ['#f2f3f5', '#ffffff', '#1c1d1f', '#6d6f78', '#dcdde1'];
  const side = 240 + random(90);
  let svg = box(rect(0, 0, side, height), paper!) + box(rect(side, 56, width - side, 1), rule!);
  for (let y = 70; y < height - 60; y += 62) {
    svg +=
      avatar(34, y + 22, 20, vivid(random), personName(random).charAt(0)) +
      text(personName(random), 66, y + 18, 15, ink!, 'bold') +
      text(phrase(random, 2, 4), 66, y + 38, 13, faint!);
  }
  svg += text(phrase(random, 1, 2), side + 24, 36, 18, ink!, 'bold');
  const post = (y: number): void => {
    svg +=
      avatar(side + 44, y + 20, 20, vivid(random), personName(random).charAt(0)) +
      text(personName(random), side + 78, y + 14, 15, ink!, 'bold') +
      text(clock(random), side + 160, y + 14, 12, faint!) +
      text(phrase(random, 3, 10), side + 78, y + 36, 15, ink!);
  };
  post(76);
  post(142);
  const room = rect(side + 78, 190, 460, height - 380);
  const place = fitted(photo, room, { across: 0, down: 0 });
  post(place.top + place.height + 22);
  if (place.top + place.height + 90 < height - 110) post(place.top + place.height + 88);
  svg +=
    box(rect(side + 20, height - 62, width - side - 40, 44), dark ? '#383a40' : '#ebedef', {
      radius: 8,
    }) +
    text('Write a message', side + 70, height - 34, 15, faint!) +
    pen(`M${side + 36} ${height - 40}h16m-8 -8v16`, faint!, 2);
  return screenshot(random, {
    width,
    height,
    paper: wall!,
    around: svg,
    pictures: [{ picture: photo, area: place, radius: 8 }],
  });
}

/** Screens of people who write to each other. */
export const CHATS = copies('chat or feed screenshot', {
  'chat, green bubbles': (photo, m) => chat(photo, m, GREEN, false),
  'chat, green bubbles, dark': (photo, m) => chat(photo, m, GREEN_DARK, true),
  'chat, blue bubbles': (photo, m) =>
    maybe(m.random, 50) ? chat(photo, m, BLUE, false) : chat(photo, m, BLUE_DARK, true),
  'chat, framed by its bubble with a caption': (photo, m) => chat(photo, m, FRAMED, false, true),
  'chat on a desktop': desktopChat,
});
