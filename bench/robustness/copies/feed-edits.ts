import { copies, type Edited, type Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import { between, clock, maybe, personName, phrase, pick, vivid } from './drawing/chance.js';
import { avatar, box, disc, icon, iconRow, paragraph, rect, text } from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, tabBar } from './drawing/phone.js';
import { filling, fitted, type Placed, screenshot } from './drawing/scene.js';

/** A feed with the photo at full width between a name and its likes. */
async function feed(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit: u, ink, faint } = phone;
  const name = personName(random).toLowerCase() + random(100);
  const top = (STATUS + between(random, 96, 170)) * u;
  const area = fitted(photo, rect(0, top, width, 1.3 * width), { down: 0 });
  const below = area.top + area.height;
  const dots = maybe(random, 50);
  const words = paragraph(
    `${name} ${phrase(random, 6, 25)}`,
    rect(14 * u, below + 74 * u, width - 28 * u),
    14 * u,
    ink,
  );
  const next = words.bottom + 84 * u;
  const pictures: Placed[] = [{ picture: photo, area }];
  if (next < height - 160 * u) {
    const rest = rect(0, next, width, height - 72 * u - next);
    pictures.push(await filling(await filler(), rest));
  }
  const head = (y: number, who: string) =>
    avatar(32 * u, y - 28 * u, 17 * u, vivid(random), who.charAt(0).toUpperCase()) +
    text(who, 60 * u, y - 30 * u, 14 * u, ink, 'bold') +
    text(phrase(random, 1, 2), 60 * u, y - 14 * u, 11.5 * u, faint) +
    icon('more', width - 40 * u, y - 40 * u, 24 * u, ink);
  const around =
    statusBar(phone, ink, random) +
    text(pick(random, ['Moments', 'Pictures', 'Around']), 16 * u, (STATUS + 36) * u, 25 * u, ink, {
      face: 'serif bold',
    }) +
    icon('heart', width - 92 * u, (STATUS + 14) * u, 27 * u, ink) +
    icon('send', width - 46 * u, (STATUS + 14) * u, 27 * u, ink) +
    head(area.top, name) +
    iconRow(['heart', 'speech', 'send'], 12 * u, below + 12 * u, 44 * u, 27 * u, ink) +
    icon('save', width - 40 * u, below + 12 * u, 27 * u, ink) +
    text(`${1 + random(900)} likes`, 14 * u, below + 62 * u, 14 * u, ink, 'bold') +
    words.svg +
    (pictures.length > 1 ? head(next, personName(random)) : '') +
    tabBar(phone, ['home', 'search', 'plus', 'film', 'person']);
  const count = rect(width - 56 * u, area.top + 14 * u, 42 * u, 26 * u);
  const over = dots
    ? box(count, '#111', { radius: 13 * u, opacity: 0.7 }) +
      text(
        `1/${2 + random(8)}`,
        count.left + 21 * u,
        count.top + 18 * u,
        13 * u,
        '#fff',
        'centred',
      ) +
      disc(28 * u, below - 28 * u, 14 * u, '#222', 0.75) +
      icon('person', 20 * u, below - 36 * u, 16 * u, '#fff')
    : '';
  return screenshot(random, { ...phone, around, pictures, over });
}

/** A photo opened at full screen, with bars of icons that may lie on it. */
async function viewer(photo: Raster, { random }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit: u, ink, paper } = phone;
  const area = fitted(photo, rect(0, 0, width, height));
  return screenshot(random, {
    ...phone,
    pictures: [{ picture: photo, area }],
    over:
      box(rect(0, 0, width, 96 * u), paper, { opacity: 0.85 }) +
      statusBar(phone, ink, random) +
      icon('back', 10 * u, 56 * u, 28 * u, ink) +
      text(`${phrase(random, 1, 2)}, ${clock(random)}`, width / 2, 76 * u, 15 * u, ink, 'heading') +
      tabBar(phone, ['share', 'heart', 'gear', 'bin']),
  });
}

/** Screens of people who look at pictures. */
export const FEEDS = copies('chat or feed screenshot', { feed, 'viewer at full screen': viewer });
