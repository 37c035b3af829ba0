import { copies, type Edited, type Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import { between, clock, maybe, personName, phrase, pick, vivid } from './drawing/chance.js';
import { rect } from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, tabBar } from './drawing/phone.js';
import { filling, type Placed, screenshot } from './drawing/scene.js';

/** A feed with the photo at full width between a name and its likes. */
async function feed(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit, ink, faint, text, icon } = phone;
  const name = personName(random).toLowerCase() + random(100);
  const top = STATUS + between(random, 96, 170);
  const area = phone.fitted(photo, rect(0, top, width, 1.3 * width), { down: 0 });
  const below = area.top + area.height;
  const dots = maybe(random, 50);
  const remark = `${name} ${phrase(random, 6, 25)}`;
  const words = phone.paragraph(remark, rect(14, below + 74, width - 28), 14, ink);
  const next = words.bottom + 84;
  const pictures: Placed[] = [{ picture: photo, area }];
  if (next < height - 160) {
    const rest = rect(0, next, width, height - 72 - next);
    pictures.push(await filling(await filler(), rest, 0, unit));
  }
  const head = (y: number, who: string) =>
    phone.avatar(32, y - 28, 17, vivid(random), who.charAt(0).toUpperCase()) +
    text(who, 60, y - 30, 14, ink, 'bold') +
    text(phrase(random, 1, 2), 60, y - 14, 11.5, faint) +
    icon('more', width - 40, y - 40, 24, ink);
  const apps = ['Moments', 'Pictures', 'Around'];
  const around =
    statusBar(phone, ink, random) +
    text(pick(random, apps), 16, STATUS + 36, 25, ink, { face: 'serif bold' }) +
    icon('heart', width - 92, STATUS + 14, 27, ink) +
    icon('send', width - 46, STATUS + 14, 27, ink) +
    head(area.top, name) +
    phone.iconRow(['heart', 'speech', 'send'], 12, below + 12, 44, 27, ink) +
    icon('save', width - 40, below + 12, 27, ink) +
    text(`${1 + random(900)} likes`, 14, below + 62, 14, ink, 'bold') +
    words.svg +
    (pictures.length > 1 ? head(next, personName(random)) : '') +
    tabBar(phone, ['home', 'search', 'plus', 'film', 'person']);
  const left = width - 56;
  const over = dots
    ? phone.box(rect(left, area.top + 14, 42, 26), '#111', { radius: 13, opacity: 0.7 }) +
      text(`1/${2 + random(8)}`, left + 21, area.top + 32, 13, '#fff', 'centred') +
      phone.disc(28, below - 28, 14, '#222', 0.75) +
      icon('person', 20, below - 36, 16, '#fff')
    : '';
  return screenshot(random, { ...phone, around, pictures, over });
}

/** A photo opened at full screen, with bars of icons that may lie on it. */
async function viewer(photo: Raster, { random }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, ink, paper, box, text, icon } = phone;
  const area = phone.fitted(photo, rect(0, 0, width, height));
  return screenshot(random, {
    ...phone,
    pictures: [{ picture: photo, area }],
    over:
      box(rect(0, 0, width, 96), paper, { opacity: 0.85 }) +
      statusBar(phone, ink, random) +
      icon('back', 10, 56, 28, ink) +
      text(`${phrase(random, 1, 2)}, ${clock(random)}`, width / 2, 76, 15, ink, 'heading') +
      tabBar(phone, ['share', 'heart', 'gear', 'bin']),
  });
}

/** Screens of people who look at pictures. */
export const FEEDS = copies('chat or feed screenshot', { feed, 'viewer at full screen': viewer });
