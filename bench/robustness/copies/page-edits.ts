import { copies, type Edited, type Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import { address, DARK, desktopPage, LIGHT, results } from './desktop-pages.js';
import { maybe, personName, phrase, pick, prose, vivid } from './drawing/chance.js';
import {
  avatar,
  box,
  fade,
  frame,
  icon,
  iconRow,
  paragraph,
  pen,
  rect,
  text,
} from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, swipeBar } from './drawing/phone.js';
import { filling, fitted, type Placed, screenshot } from './drawing/scene.js';

/** An article on a phone: headline, photo, text, and the address below. */
async function article(photo: Raster, { random }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const page = { ...phone, ...(phone.dark ? DARK : LIGHT) };
  const { width, height, unit: u, paper, ink, faint, panel } = page;
  const margin = pick(random, [0, 16, 20]) * u;
  const face = pick(random, ['bold', 'serif bold'] as const);
  const head = paragraph(
    phrase(random, 6, 11),
    rect(18 * u, (STATUS + 66) * u, width - 36 * u),
    25 * u,
    ink,
    { face, leading: 1.2 },
  );
  const room = rect(margin, head.bottom + 50 * u, width - 2 * margin, 0.6 * height);
  const place = fitted(photo, room, { down: 0 });
  const below = place.top + place.height;
  const caption = paragraph(
    phrase(random, 6, 14),
    rect(18 * u, below + 8 * u, width - 36 * u),
    12 * u,
    faint,
  );
  const words = paragraph(
    prose(random, 14),
    rect(
      18 * u,
      caption.bottom + 16 * u,
      width - 36 * u,
      Math.max(20 * u, height - caption.bottom - 110 * u),
    ),
    17 * u,
    ink,
    { face: face === 'bold' ? 'plain' : 'serif', leading: 1.5 },
  );
  const around =
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
    box(rect(0, bar, width, 92 * u), panel) +
    box(rect(16 * u, bar + 10 * u, width - 32 * u, 42 * u), paper, {
      radius: 12 * u,
    }) +
    text(address(random), width / 2, bar + 37 * u, 15 * u, ink, 'centred') +
    swipeBar(phone, ink);
  return screenshot(random, { ...page, around, over, pictures: [{ picture: photo, area: place }] });
}

/** A profile, or a post of a network, on a phone, with a notice about cookies over its foot. */
async function post(photo: Raster, { random }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const page = { ...phone, ...(phone.dark ? DARK : LIGHT) };
  const { width, height, unit: u, ink, faint, panel } = page;
  const left = pick(random, [16, 16, 66]) * u;
  const words = paragraph(
    phrase(random, 8, 26),
    rect(left, (STATUS + 112) * u, width - left - 16 * u),
    17 * u,
    ink,
  );
  const room = rect(left, words.bottom + 12 * u, width - left - 16 * u, 0.55 * height);
  const place = fitted(photo, room, { across: 0, down: 0 });
  const below = place.top + place.height;
  const name = `${personName(random)} ${personName(random)}`;
  let around =
    statusBar(phone, ink, random) +
    icon('back', 10 * u, (STATUS + 14) * u, 26 * u, ink) +
    text('Post', 52 * u, (STATUS + 34) * u, 19 * u, ink, 'bold') +
    avatar(36 * u, (STATUS + 80) * u, 20 * u, vivid(random), name.charAt(0)) +
    text(name, 66 * u, (STATUS + 76) * u, 16 * u, ink, 'bold') +
    text(`@${name.split(' ')[0]!.toLowerCase()}`, 66 * u, (STATUS + 95) * u, 14 * u, faint) +
    words.svg +
    iconRow(['speech', 'share', 'heart', 'save'], left, below + 16 * u, 84 * u, 22 * u, faint);
  for (let y = below + 60 * u; y < height - 120 * u; y += 92 * u) {
    around +=
      pen(`M0 ${y}H${width}`, faint, 1, 0.4) +
      avatar(36 * u, y + 34 * u, 18 * u, vivid(random), personName(random).charAt(0)) +
      text(personName(random), 66 * u, y + 28 * u, 15 * u, ink, 'bold') +
      paragraph(
        phrase(random, 6, 16),
        rect(66 * u, y + 34 * u, width - 84 * u, 44 * u),
        15 * u,
        ink,
      ).svg;
  }
  const top = height - 150 * u;
  const over = maybe(random, 40)
    ? box(rect(0, top, width, 150 * u), panel) +
      text('We use cookies', 18 * u, top + 32 * u, 17 * u, ink, 'bold') +
      paragraph(
        phrase(random, 10, 16),
        rect(18 * u, top + 42 * u, width - 36 * u, 40 * u),
        13 * u,
        faint,
      ).svg +
      box(rect(18 * u, top + 92 * u, width - 36 * u, 40 * u), '#1d6ef0', {
        radius: 20 * u,
      }) +
      text('Accept all', width / 2, top + 118 * u, 16 * u, '#fff', 'heading')
    : swipeBar(phone, ink);
  return screenshot(random, {
    ...page,
    around,
    pictures: [{ picture: photo, area: place, radius: pick(random, [0, 12, 16]) * u }],
    over,
  });
}

/** A shop or gallery: the photo, a row of small pictures, a title on a shade and a button. */
async function shop(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const phone = phoneOf(random, maybe(random, 20));
  const page = { ...phone, ...(phone.dark ? DARK : LIGHT) };
  const { width, height, unit: u, ink, faint } = page;
  const area = fitted(photo, rect(0, (STATUS + 54) * u, width, 0.52 * height), { down: 0 });
  const below = area.top + area.height;
  const pictures: Placed[] = [{ picture: photo, area }];
  const side = Math.round(66 * u);
  for (let i = 0; i < 5; i++) {
    const thumb = rect(Math.round((14 + 74 * i) * u), Math.round(below + 12 * u), side, side);
    pictures.push(await filling(i === 0 ? photo : await filler(), thumb, 6 * u));
  }
  const words = paragraph(
    phrase(random, 5, 9),
    rect(16 * u, below + 92 * u, width - 32 * u),
    20 * u,
    ink,
    'bold',
  );
  const around =
    statusBar(phone, ink, random) +
    icon('back', 12 * u, (STATUS + 12) * u, 28 * u, ink) +
    text(address(random), width / 2, (STATUS + 32) * u, 14 * u, faint, 'centred') +
    words.svg +
    text(`${5 + random(200)}.90`, 16 * u, words.bottom + 34 * u, 26 * u, vivid(random), 'bold') +
    paragraph(
      prose(random, 6),
      rect(
        16 * u,
        words.bottom + 50 * u,
        width - 32 * u,
        Math.max(20 * u, height - words.bottom - 150 * u),
      ),
      15 * u,
      faint,
    ).svg +
    frame(rect(14 * u, below + 12 * u, side, side), '#1d6ef0', 2 * u, 6 * u);
  const over =
    fade({ ...area, top: below - 60 * u, height: 60 * u }, ['#000', 0], ['#000', 0.55]) +
    text(phrase(random, 2, 3), area.left + 14 * u, below - 18 * u, 17 * u, '#fff', 'bold') +
    box(rect(16 * u, height - 76 * u, width - 32 * u, 50 * u), vivid(random), { radius: 25 * u }) +
    text('Add to basket', width / 2, height - 44 * u, 18 * u, '#fff', 'heading');
  return screenshot(random, { ...page, around, pictures, over });
}

/** Screenshots of web pages. */
export const PAGES = copies('web page', {
  'article on a phone': article,
  'article on a desktop': desktopPage,
  'page of results': results,
  'post on a phone': post,
  'shop, title on the photo': shop,
});
