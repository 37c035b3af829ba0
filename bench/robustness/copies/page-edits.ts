import { copies, type Edited, type Materials } from '../edit.js';
import { covering, type Raster } from '../raster.js';
import { address, DARK, desktopPage, LIGHT, results } from './desktop-pages.js';
import { maybe, personName, phrase, pick, prose, vivid } from './drawing/chance.js';
import { avatar, box, fade, frame, icon, paragraph, pen, text } from './drawing/drawing.js';
import { phoneOf, STATUS, statusBar, swipeBar } from './drawing/phone.js';
import { fitted, type Placed, screenshot, snapped } from './drawing/scene.js';

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
  return screenshot(place, random, {
    width,
    height,
    paper,
    around,
    pictures: [{ picture: photo, area: place }],
    over,
  });
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
  return screenshot(place, random, {
    width,
    height,
    paper,
    around,
    pictures: [{ picture: photo, area: place, radius: pick(random, [0, 12, 16]) * u }],
    over,
  });
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
  return screenshot(area, random, { width, height, paper, around, pictures, over });
}

/** Screenshots of web pages. */
export const PAGES = copies('web page', {
  'article on a phone': article,
  'article on a desktop': desktopPage,
  'page of results': results,
  'post on a phone': post,
  'shop, title on the photo': shop,
});
