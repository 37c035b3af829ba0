import type { Edited, Materials } from '../edit.js';
import { covering, type Raster } from '../raster.js';
import { copies } from './copy.js';
import {
  between,
  maybe,
  personName,
  phrase,
  pick,
  prose,
  type Random,
  vivid,
} from './drawing/chance.js';
import {
  type Area,
  avatar,
  box,
  fade,
  frame,
  icon,
  paragraph,
  pen,
  text,
} from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, swipeBar } from './drawing/phone.js';
import { drawScene, fitted, type Placed, sent, snapped, truthOf } from './drawing/scene.js';

/** The colours of a page. */
interface Paper {
  readonly paper: string;
  readonly ink: string;
  readonly faint: string;
  readonly panel: string;
}

const LIGHT: Paper = { paper: '#ffffff', ink: '#1a1a1a', faint: '#767676', panel: '#f3f4f6' };
const DARK: Paper = { paper: '#16181c', ink: '#e7e9ea', faint: '#8b98a5', panel: '#25282d' };

const address = (random: Random): string =>
  `${phrase(random, 1, 1).toLowerCase()}-${phrase(random, 1, 1).toLowerCase()}.example`;

/** The tabs and the address of a desktop's browser, 76 pixels high. */
function browserBar(width: number, { ink, faint, panel, paper }: Paper, random: Random): string {
  return (
    box({ left: 0, top: 0, width, height: 76 }, panel) +
    ['#ff5f57', '#febc2e', '#28c840']
      .map((colour, at) =>
        box({ left: 14 + 20 * at, top: 12, width: 12, height: 12 }, colour, { radius: 6 }),
      )
      .join('') +
    box({ left: 92, top: 6, width: 220, height: 34 }, paper, { radius: 8 }) +
    text(phrase(random, 2, 3), 108, 27, 13, ink) +
    text(phrase(random, 2, 3), 340, 27, 13, faint) +
    box({ left: 0, top: 38, width, height: 38 }, paper) +
    icon('back', 12, 46, 22, faint) +
    box({ left: 110, top: 43, width: width - 220, height: 28 }, panel, { radius: 14 }) +
    text(address(random), 130, 62, 13, ink) +
    icon('menu', width - 40, 46, 22, faint)
  );
}

/** An article on a phone: headline, photo, text, and the address below. */
async function article(photo: Raster, { random }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit: u } = phone;
  const { paper, ink, faint, panel } = phone.dark ? DARK : LIGHT;
  const margin = pick(random, [0, 16, 20]) * u;
  const face = pick(random, ['bold', 'serif bold'] as const);
  const head = paragraph(
    phrase(random, 6, 11),
    { left: 18 * u, top: (STATUS + 66) * u, width: width - 36 * u },
    25 * u,
    ink,
    { face, leading: 1.2 },
  );
  const area = fitted(photo, {
    left: margin,
    top: head.bottom + 50 * u,
    width: width - 2 * margin,
    height: 0.6 * height,
  });
  const place = { ...area, top: Math.round(head.bottom + 50 * u) };
  const below = place.top + place.height;
  const caption = paragraph(
    phrase(random, 6, 14),
    { left: 18 * u, top: below + 8 * u, width: width - 36 * u },
    12 * u,
    faint,
  );
  const words = paragraph(
    prose(random, 14),
    {
      left: 18 * u,
      top: caption.bottom + 16 * u,
      width: width - 36 * u,
      height: Math.max(20 * u, height - caption.bottom - 110 * u),
    },
    17 * u,
    ink,
    { face: face === 'bold' ? 'plain' : 'serif', leading: 1.5 },
  );
  const around =
    box({ left: 0, top: 0, width, height }, paper) +
    statusBar(phone, ink, random) +
    text(phrase(random, 1, 2), width / 2, (STATUS + 34) * u, 20 * u, vivid(random), {
      face: 'serif bold',
      align: 'centre',
    }) +
    icon('menu', 16 * u, (STATUS + 14) * u, 26 * u, ink) +
    head.svg +
    avatar(30 * u, head.bottom + 22 * u, 12 * u, vivid(random), 'A') +
    text(
      `By ${personName(random)} ${personName(random)}`,
      50 * u,
      head.bottom + 27 * u,
      13 * u,
      faint,
    ) +
    caption.svg +
    words.svg;
  const bar = height - 92 * u;
  const over =
    box({ left: 0, top: bar, width, height: 92 * u }, panel) +
    box({ left: 16 * u, top: bar + 10 * u, width: width - 32 * u, height: 42 * u }, paper, {
      radius: 12 * u,
    }) +
    text(address(random), width / 2, bar + 37 * u, 15 * u, ink, { align: 'centre' }) +
    swipeBar(phone, ink);
  const pixels = await drawScene({
    width,
    height,
    around,
    pictures: [{ picture: photo, area: place }],
    over,
  });
  return sent({ pixels, truth: truthOf(place) }, random);
}

const DESKTOPS = [
  [1280, 800],
  [1366, 768],
  [1440, 900],
  [1024, 768],
] as const;

/** A page on a desktop with a column of links and advertisements. */
async function desktopPage(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const [width, height] = pick(random, DESKTOPS);
  const colours = maybe(random, 25) ? DARK : LIGHT;
  const { paper, ink, faint, panel } = colours;
  const left = Math.round(between(random, 0.06, 0.14) * width);
  const column = Math.round(0.56 * width);
  const top = 76 + 54 + random(50);
  const head = paragraph(phrase(random, 5, 10), { left, top, width: column }, 32, ink, {
    face: 'serif bold',
    leading: 1.2,
  });
  const room = height - head.bottom - 80;
  const area = fitted(photo, {
    left,
    top: head.bottom + 24,
    width: column,
    height: Math.max(250, room),
  });
  const place = { ...area, left };
  const words = paragraph(
    prose(random, 8),
    {
      left,
      top: place.top + place.height + 16,
      width: column,
      height: Math.max(30, height - place.top - place.height),
    },
    16,
    ink,
    { face: 'serif' },
  );
  const side = left + column + 40;
  const sideWidth = Math.min(280, width - side - 24);
  let around =
    box({ left: 0, top: 0, width, height }, paper) +
    browserBar(width, colours, random) +
    text(phrase(random, 1, 2), left, 112, 24, vivid(random), { face: 'bold' }) +
    [0, 1, 2, 3]
      .map((at) => text(phrase(random, 1, 1), left + 240 + 90 * at, 110, 14, ink))
      .join('') +
    head.svg +
    words.svg;
  const pictures: Placed[] = [{ picture: photo, area: place }];
  for (let y = top; y < height - 110; y += 116) {
    const thumb = snapped({ left: side, top: y, width: 110, height: 80 });
    pictures.push({
      picture: await covering(await filler(), thumb.width, thumb.height),
      area: thumb,
    });
    around += paragraph(
      phrase(random, 4, 9),
      { left: side + 122, top: y, width: sideWidth - 122, height: 90 },
      14,
      ink,
      { face: 'bold' },
    ).svg;
  }
  around +=
    box({ left: side, top: height - 70, width: sideWidth, height: 60 }, panel) +
    text('Advertisement', side + 12, height - 36, 12, faint);
  const pixels = await drawScene({ width, height, around, pictures });
  return sent({ pixels, truth: truthOf(place) }, random);
}

/** A page of results: rows of whole pictures of one height, the photo among them. */
async function results(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const [width, height] = pick(random, DESKTOPS);
  const colours = maybe(random, 35) ? DARK : LIGHT;
  const { ink, faint, paper, panel } = colours;
  const rowHeight = Math.round(between(random, 160, 230));
  const gap = 6 + random(16);
  const captions = maybe(random, 60) ? 44 : 0;
  let around =
    box({ left: 0, top: 0, width, height }, paper) +
    browserBar(width, colours, random) +
    box({ left: 150, top: 92, width: 480, height: 40 }, panel, { radius: 20 }) +
    text(phrase(random, 2, 4), 172, 118, 16, ink) +
    icon('search', 590, 100, 24, faint) +
    text('All     Pictures     Videos     News     Maps', 152, 160, 14, faint);
  const pictures: Placed[] = [];
  let mine: Area | undefined;
  // Within the first two rows, which are whole on every screen.
  const turn = random(3);
  let count = 0;
  for (let y = 180; y < height - 60; y += rowHeight + gap + captions) {
    for (let x = 24; x < width - 60; ) {
      const own: boolean = mine === undefined && count++ >= turn && y + rowHeight < height;
      const picture = own ? photo : await filler();
      const area = snapped({
        left: x,
        top: y,
        width: (rowHeight * picture.width) / picture.height,
        height: rowHeight,
      });
      const fits = x + area.width < width - 16;
      if (!fits && own) {
        count--;
        break;
      }
      if (own) mine = area;
      pictures.push({ picture, area, radius: 8 });
      if (captions > 0) {
        around +=
          text(phrase(random, 2, 3), x + 2, y + rowHeight + 17, 13, ink) +
          text(address(random), x + 2, y + rowHeight + 34, 11, faint);
      }
      x += area.width + gap;
    }
  }
  const pixels = await drawScene({ width, height, around, pictures });
  return sent({ pixels, ...(mine && { truth: truthOf(mine) }) }, random);
}

/** A profile, or a post of a network, on a phone, with a notice about cookies over its foot. */
async function post(photo: Raster, { random }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit: u } = phone;
  const { paper, ink, faint, panel } = phone.dark ? DARK : LIGHT;
  const left = pick(random, [16, 16, 66]) * u;
  const words = paragraph(
    phrase(random, 8, 26),
    { left, top: (STATUS + 112) * u, width: width - left - 16 * u },
    17 * u,
    ink,
  );
  const area = fitted(photo, {
    left,
    top: words.bottom + 12 * u,
    width: width - left - 16 * u,
    height: 0.55 * height,
  });
  const place = { ...area, left: Math.round(left), top: Math.round(words.bottom + 12 * u) };
  const below = place.top + place.height;
  const name = `${personName(random)} ${personName(random)}`;
  let around =
    box({ left: 0, top: 0, width, height }, paper) +
    statusBar(phone, ink, random) +
    icon('back', 10 * u, (STATUS + 14) * u, 26 * u, ink) +
    text('Post', 52 * u, (STATUS + 34) * u, 19 * u, ink, { face: 'bold' }) +
    avatar(36 * u, (STATUS + 80) * u, 20 * u, vivid(random), name.charAt(0)) +
    text(name, 66 * u, (STATUS + 76) * u, 16 * u, ink, { face: 'bold' }) +
    text(`@${name.split(' ')[0]!.toLowerCase()}`, 66 * u, (STATUS + 95) * u, 14 * u, faint) +
    words.svg +
    (['speech', 'share', 'heart', 'save'] as const)
      .map((sign, at) => icon(sign, left + 84 * at * u, below + 16 * u, 22 * u, faint))
      .join('');
  for (let y = below + 60 * u; y < height - 120 * u; y += 92 * u) {
    around +=
      pen(`M0 ${y}H${width}`, faint, 1, 0.4) +
      avatar(36 * u, y + 34 * u, 18 * u, vivid(random), personName(random).charAt(0)) +
      text(personName(random), 66 * u, y + 28 * u, 15 * u, ink, { face: 'bold' }) +
      paragraph(
        phrase(random, 6, 16),
        { left: 66 * u, top: y + 34 * u, width: width - 84 * u, height: 44 * u },
        15 * u,
        ink,
      ).svg;
  }
  const top = height - 150 * u;
  const over = maybe(random, 40)
    ? box({ left: 0, top, width, height: 150 * u }, panel) +
      text('We use cookies', 18 * u, top + 32 * u, 17 * u, ink, { face: 'bold' }) +
      paragraph(
        phrase(random, 10, 16),
        { left: 18 * u, top: top + 42 * u, width: width - 36 * u, height: 40 * u },
        13 * u,
        faint,
      ).svg +
      box({ left: 18 * u, top: top + 92 * u, width: width - 36 * u, height: 40 * u }, '#1d6ef0', {
        radius: 20 * u,
      }) +
      text('Accept all', width / 2, top + 118 * u, 16 * u, '#fff', {
        face: 'bold',
        align: 'centre',
      })
    : swipeBar(phone, ink);
  const pixels = await drawScene({
    width,
    height,
    around,
    pictures: [{ picture: photo, area: place, radius: pick(random, [0, 12, 16]) * u }],
    over,
  });
  return sent({ pixels, truth: truthOf(place) }, random);
}

/** A shop or gallery: the photo, a row of small pictures, a title on a shade and a button. */
async function shop(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const phone = phoneOf(random, maybe(random, 20));
  const { width, height, unit: u } = phone;
  const { paper, ink, faint } = phone.dark ? DARK : LIGHT;
  const scale = Math.min(width / photo.width, (0.52 * height) / photo.height);
  const area = snapped({
    left: (width - scale * photo.width) / 2,
    top: (STATUS + 54) * u,
    width: scale * photo.width,
    height: scale * photo.height,
  });
  const below = area.top + area.height;
  const pictures: Placed[] = [{ picture: photo, area }];
  const side = Math.round(66 * u);
  for (let i = 0; i < 5; i++) {
    const thumb = {
      left: Math.round((14 + 74 * i) * u),
      top: Math.round(below + 12 * u),
      width: side,
      height: side,
    };
    pictures.push({
      picture: await covering(i === 0 ? photo : await filler(), side, side),
      area: thumb,
      radius: 6 * u,
    });
  }
  const words = paragraph(
    phrase(random, 5, 9),
    { left: 16 * u, top: below + 92 * u, width: width - 32 * u },
    20 * u,
    ink,
    { face: 'bold' },
  );
  const around =
    box({ left: 0, top: 0, width, height }, paper) +
    statusBar(phone, ink, random) +
    icon('back', 12 * u, (STATUS + 12) * u, 28 * u, ink) +
    text(address(random), width / 2, (STATUS + 32) * u, 14 * u, faint, { align: 'centre' }) +
    words.svg +
    text(`${5 + random(200)}.90`, 16 * u, words.bottom + 34 * u, 26 * u, vivid(random), {
      face: 'bold',
    }) +
    paragraph(
      prose(random, 6),
      {
        left: 16 * u,
        top: words.bottom + 50 * u,
        width: width - 32 * u,
        height: Math.max(20 * u, height - words.bottom - 150 * u),
      },
      15 * u,
      faint,
    ).svg +
    frame(
      { left: 14 * u, top: below + 12 * u, width: side, height: side },
      '#1d6ef0',
      2 * u,
      6 * u,
    );
  const over =
    fade({ ...area, top: below - 60 * u, height: 60 * u }, ['#000', 0], ['#000', 0.55]) +
    text(phrase(random, 2, 3), area.left + 14 * u, below - 18 * u, 17 * u, '#fff', {
      face: 'bold',
    }) +
    box(
      { left: 16 * u, top: height - 76 * u, width: width - 32 * u, height: 50 * u },
      vivid(random),
      { radius: 25 * u },
    ) +
    text('Add to basket', width / 2, height - 44 * u, 18 * u, '#fff', {
      face: 'bold',
      align: 'centre',
    });
  const pixels = await drawScene({ width, height, around, pictures, over });
  return sent({ pixels, truth: truthOf(area) }, random);
}

/** Screenshots of web pages. */
export const PAGES = copies('web page', {
  'article on a phone': article,
  'article on a desktop': desktopPage,
  'page of results': results,
  'post on a phone': post,
  'shop, title on the photo': shop,
});
