import { copies, type Edited, type Materials } from '../edit.js';
import { covering, type Raster } from '../raster.js';
import { between, clock, maybe, personName, phrase, pick, vivid } from './drawing/chance.js';
import { avatar, box, disc, icon, paragraph, text } from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, tabBar } from './drawing/phone.js';
import { fitted, type Placed, screenshot, snapped } from './drawing/scene.js';

/** A feed with the photo at full width between a name and its likes. */
async function feed(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit: u, paper, ink, faint } = phone;
  const name = personName(random).toLowerCase() + random(100);
  const scale = Math.min(width / photo.width, (1.3 * width) / photo.height);
  const top = (STATUS + between(random, 96, 170)) * u;
  const area = snapped({
    left: (width - scale * photo.width) / 2,
    top,
    width: scale * photo.width,
    height: scale * photo.height,
  });
  const below = area.top + area.height;
  const dots = maybe(random, 50);
  const words = paragraph(
    `${name} ${phrase(random, 6, 25)}`,
    { left: 14 * u, top: below + 74 * u, width: width - 28 * u },
    14 * u,
    ink,
  );
  const next = words.bottom + 84 * u;
  const pictures: Placed[] = [{ picture: photo, area }];
  if (next < height - 160 * u) {
    const rest = { left: 0, top: next, width, height: height - 72 * u - next };
    pictures.push({
      picture: await covering(await filler(), width, Math.round(rest.height)),
      area: rest,
    });
  }
  const head = (y: number, who: string) =>
    avatar(32 * u, y - 28 * u, 17 * u, vivid(random), who.charAt(0).toUpperCase()) +
    text(who, 60 * u, y - 30 * u, 14 * u, ink, { face: 'bold' }) +
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
    (['heart', 'speech', 'send'] as const)
      .map((sign, at) => icon(sign, (12 + 44 * at) * u, below + 12 * u, 27 * u, ink))
      .join('') +
    icon('save', width - 40 * u, below + 12 * u, 27 * u, ink) +
    text(`${1 + random(900)} likes`, 14 * u, below + 62 * u, 14 * u, ink, { face: 'bold' }) +
    words.svg +
    (pictures.length > 1 ? head(next, personName(random)) : '') +
    tabBar(phone, ['home', 'search', 'plus', 'film', 'person']);
  const count = { left: width - 56 * u, top: area.top + 14 * u, width: 42 * u, height: 26 * u };
  const over = dots
    ? box(count, '#111', { radius: 13 * u, opacity: 0.7 }) +
      text(`1/${2 + random(8)}`, count.left + 21 * u, count.top + 18 * u, 13 * u, '#fff', {
        align: 'centre',
      }) +
      disc(28 * u, below - 28 * u, 14 * u, '#222', 0.75) +
      icon('person', 20 * u, below - 36 * u, 16 * u, '#fff')
    : '';
  return screenshot(area, random, { width, height, paper, around, pictures, over });
}

/** A photo opened at full screen, with bars of icons that may lie on it. */
async function viewer(photo: Raster, { random }: Materials): Promise<Edited> {
  const phone = phoneOf(random);
  const { width, height, unit: u, ink, paper } = phone;
  const area = fitted(photo, { left: 0, top: 0, width, height });
  return screenshot(area, random, {
    width,
    height,
    paper: paper,
    pictures: [{ picture: photo, area }],
    over:
      box({ left: 0, top: 0, width, height: 96 * u }, paper, { opacity: 0.85 }) +
      statusBar(phone, ink, random) +
      icon('back', 10 * u, 56 * u, 28 * u, ink) +
      text(`${phrase(random, 1, 2)}, ${clock(random)}`, width / 2, 76 * u, 15 * u, ink, {
        align: 'centre',
        face: 'bold',
      }) +
      tabBar(phone, ['share', 'heart', 'gear', 'bin']),
  });
}

/** Screens of people who look at pictures. */
export const FEEDS = copies('chat or feed screenshot', { feed, 'viewer at full screen': viewer });
