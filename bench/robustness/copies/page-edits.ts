import { copies, type Edited, type Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import { address, DARK, desktopPage, LIGHT, results } from './desktop-pages.js';
import { maybe, personName, phrase, pick, prose, type Random, vivid } from './drawing/chance.js';
import { rect } from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, swipeBar } from './drawing/phone.js';
import { filling, type Placed, screenshot } from './drawing/scene.js';

/** A phone with the colours of a page. */
function pageOf(random: Random, dark?: boolean) {
  const phone = phoneOf(random, dark);
  return { ...phone, ...(phone.dark ? DARK : LIGHT) };
}

/** An article on a phone: headline, photo, text, and the address below. */
async function article(photo: Raster, { random }: Materials): Promise<Edited> {
  const page = pageOf(random);
  const { width, height, paper, ink, faint, panel, box, text, paragraph, icon } = page;
  const margin = pick(random, [0, 16, 20]);
  const face = pick(random, ['bold', 'serif bold'] as const);
  const column = (top: number, high?: number) => rect(18, top, width - 36, high);
  const title = phrase(random, 6, 11);
  const head = paragraph(title, column(STATUS + 66), 25, ink, { face, leading: 1.2 });
  const room = rect(margin, head.bottom + 50, width - 2 * margin, 0.6 * height);
  const area = page.fitted(photo, room, { down: 0 });
  const below = area.top + area.height;
  const caption = paragraph(phrase(random, 6, 14), column(below + 8), 12, faint);
  const high = Math.max(20, height - caption.bottom - 110);
  const words = paragraph(prose(random, 14), column(caption.bottom + 16, high), 17, ink, {
    face: face === 'bold' ? 'plain' : 'serif',
    leading: 1.5,
  });
  const around =
    statusBar(page, ink, random) +
    text(phrase(random, 1, 2), width / 2, STATUS + 34, 20, vivid(random), {
      face: 'serif bold',
      align: 'centre',
    }) +
    icon('menu', 16, STATUS + 14, 26, ink) +
    head.svg +
    page.avatar(30, head.bottom + 22, 12, vivid(random), 'A') +
    text(`By ${personName(random)} ${personName(random)}`, 50, head.bottom + 27, 13, faint) +
    caption.svg +
    words.svg;
  const bar = height - 92;
  const over =
    box(rect(0, bar, width, 92), panel) +
    box(rect(16, bar + 10, width - 32, 42), paper, { radius: 12 }) +
    text(address(random), width / 2, bar + 37, 15, ink, 'centred') +
    swipeBar(page, ink);
  return screenshot(random, { ...page, around, over, pictures: [{ picture: photo, area }] });
}

/** A profile, or a post of a network, on a phone, with a notice about cookies over its foot. */
async function post(photo: Raster, { random }: Materials): Promise<Edited> {
  const page = pageOf(random);
  const { width, height, ink, faint, panel, box, text, paragraph, icon, avatar } = page;
  const left = pick(random, [16, 16, 66]);
  const column = width - left - 16;
  const words = paragraph(phrase(random, 8, 26), rect(left, STATUS + 112, column), 17, ink);
  const room = rect(left, words.bottom + 12, column, 0.55 * height);
  const area = page.fitted(photo, room, { across: 0, down: 0 });
  const below = area.top + area.height;
  const name = `${personName(random)} ${personName(random)}`;
  let around =
    statusBar(page, ink, random) +
    icon('back', 10, STATUS + 14, 26, ink) +
    text('Post', 52, STATUS + 34, 19, ink, 'bold') +
    avatar(36, STATUS + 80, 20, vivid(random), name.charAt(0)) +
    text(name, 66, STATUS + 76, 16, ink, 'bold') +
    text(`@${name.split(' ')[0]!.toLowerCase()}`, 66, STATUS + 95, 14, faint) +
    words.svg +
    page.iconRow(['speech', 'share', 'heart', 'save'], left, below + 16, 84, 22, faint);
  for (let y = below + 60; y < height - 120; y += 92) {
    around +=
      page.pen(`M0 ${y * page.unit}H${width * page.unit}`, faint, 1 / page.unit, 0.4) +
      avatar(36, y + 34, 18, vivid(random), personName(random).charAt(0)) +
      text(personName(random), 66, y + 28, 15, ink, 'bold') +
      paragraph(phrase(random, 6, 16), rect(66, y + 34, width - 84, 44), 15, ink).svg;
  }
  const top = height - 150;
  const over = maybe(random, 40)
    ? box(rect(0, top, width, 150), panel) +
      text('We use cookies', 18, top + 32, 17, ink, 'bold') +
      paragraph(phrase(random, 10, 16), rect(18, top + 42, width - 36, 40), 13, faint).svg +
      box(rect(18, top + 92, width - 36, 40), '#1d6ef0', { radius: 20 }) +
      text('Accept all', width / 2, top + 118, 16, '#fff', 'heading')
    : swipeBar(page, ink);
  const pictures = [{ picture: photo, area, radius: pick(random, [0, 12, 16]) }];
  return screenshot(random, { ...page, around, pictures, over });
}

/** A shop or gallery: the photo, a row of small pictures, a title on a shade and a button. */
async function shop(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const page = pageOf(random, maybe(random, 20));
  const { width, height, unit, ink, faint, box, text, paragraph } = page;
  const area = page.fitted(photo, rect(0, STATUS + 54, width, 0.52 * height), { down: 0 });
  const below = area.top + area.height;
  const pictures: Placed[] = [{ picture: photo, area }];
  for (let i = 0; i < 5; i++) {
    const thumb = page.snapped(rect(14 + 74 * i, below + 12, 66, 66));
    pictures.push(await filling(i === 0 ? photo : await filler(), thumb, 6, unit));
  }
  const title = phrase(random, 5, 9);
  const words = paragraph(title, rect(16, below + 92, width - 32), 20, ink, 'bold');
  const { bottom } = words;
  const rest = rect(16, bottom + 50, width - 32, Math.max(20, height - bottom - 150));
  const side = Math.round(66 * unit) / unit;
  const around =
    statusBar(page, ink, random) +
    page.icon('back', 12, STATUS + 12, 28, ink) +
    text(address(random), width / 2, STATUS + 32, 14, faint, 'centred') +
    words.svg +
    text(`${5 + random(200)}.90`, 16, bottom + 34, 26, vivid(random), 'bold') +
    paragraph(prose(random, 6), rest, 15, faint).svg +
    page.frame(rect(14, below + 12, side, side), '#1d6ef0', 2, 6);
  const over =
    page.fade({ ...area, top: below - 60, height: 60 }, ['#000', 0], ['#000', 0.55]) +
    text(phrase(random, 2, 3), area.left + 14, below - 18, 17, '#fff', 'bold') +
    box(rect(16, height - 76, width - 32, 50), vivid(random), { radius: 25 }) +
    text('Add to basket', width / 2, height - 44, 18, '#fff', 'heading');
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
