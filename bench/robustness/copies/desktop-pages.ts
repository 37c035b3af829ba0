import type { Edited, Materials } from '../edit.js';
import type { Raster } from '../raster.js';
import { between, maybe, phrase, pick, prose, type Random, vivid } from './drawing/chance.js';
import { type Area, box, icon, paragraph, rect, text } from './drawing/drawing.js';
import { DESKTOPS } from './drawing/phone.js';
import {
  drawScene,
  filling,
  fitted,
  type Placed,
  screenshot,
  sent,
  snapped,
  truthOf,
} from './drawing/scene.js';

/** The colours of a page. */
export interface Paper {
  readonly paper: string;
  readonly ink: string;
  readonly faint: string;
  readonly panel: string;
}

export const LIGHT: Paper = {
  paper: '#ffffff',
  ink: '#1a1a1a',
  faint: '#767676',
  panel: '#f3f4f6',
};
export const DARK: Paper = { paper: '#16181c', ink: '#e7e9ea', faint: '#8b98a5', panel: '#25282d' };

export const address = (random: Random): string =>
  `${phrase(random, 1, 1).toLowerCase()}-${phrase(random, 1, 1).toLowerCase()}.example`;

/** The tabs and the address of a desktop's browser, 76 pixels high. */
function browserBar(width: number, { ink, faint, panel, paper }: Paper, random: Random): string {
  return (
    box(rect(0, 0, width, 76), panel) +
    ['#ff5f57', '#febc2e', '#28c840']
      .map((colour, at) => box(rect(14 + 20 * at, 12, 12, 12), colour, { radius: 6 }))
      .join('') +
    box(rect(92, 6, 220, 34), paper, { radius: 8 }) +
    text(phrase(random, 2, 3), 108, 27, 13, ink) +
    text(phrase(random, 2, 3), 340, 27, 13, faint) +
    box(rect(0, 38, width, 38), paper) +
    icon('back', 12, 46, 22, faint) +
    box(rect(110, 43, width - 220, 28), panel, { radius: 14 }) +
    text(address(random), 130, 62, 13, ink) +
    icon('menu', width - 40, 46, 22, faint)
  );
}

const SCREENS = [...DESKTOPS, [1024, 768]] as const;

/** A page on a desktop with a column of links and advertisements. */
export async function desktopPage(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const [width, height] = pick(random, SCREENS);
  const colours = maybe(random, 25) ? DARK : LIGHT;
  const { paper, ink, faint, panel } = colours;
  const left = Math.round(between(random, 0.06, 0.14) * width);
  const column = Math.round(0.56 * width);
  const top = 76 + 54 + random(50);
  const head = paragraph(phrase(random, 5, 10), rect(left, top, column), 32, ink, {
    face: 'serif bold',
    leading: 1.2,
  });
  const room = height - head.bottom - 80;
  const high = Math.max(250, room);
  const place = fitted(photo, rect(left, head.bottom + 24, column, high), { across: 0 });
  const below = place.top + place.height;
  const rest = rect(left, below + 16, column, Math.max(30, height - below));
  const words = paragraph(prose(random, 8), rest, 16, ink, { face: 'serif' });
  const side = left + column + 40;
  const sideWidth = Math.min(280, width - side - 24);
  let around =
    browserBar(width, colours, random) +
    text(phrase(random, 1, 2), left, 112, 24, vivid(random), 'bold') +
    [0, 1, 2, 3]
      .map((at) => text(phrase(random, 1, 1), left + 240 + 90 * at, 110, 14, ink))
      .join('') +
    head.svg +
    words.svg;
  const pictures: Placed[] = [{ picture: photo, area: place }];
  for (let y = top; y < height - 110; y += 116) {
    const thumb = snapped(rect(side, y, 110, 80));
    pictures.push(await filling(await filler(), thumb));
    const beside = rect(side + 122, y, sideWidth - 122, 90);
    around += paragraph(phrase(random, 4, 9), beside, 14, ink, 'bold').svg;
  }
  around +=
    box(rect(side, height - 70, sideWidth, 60), panel) +
    text('Advertisement', side + 12, height - 36, 12, faint);
  return screenshot(random, { width, height, paper, around, pictures });
}

/** A page of results: rows of whole pictures of one height, the photo among them. */
export async function results(photo: Raster, { random, filler }: Materials): Promise<Edited> {
  const [width, height] = pick(random, SCREENS);
  const colours = maybe(random, 35) ? DARK : LIGHT;
  const { ink, faint, paper, panel } = colours;
  const rowHeight = Math.round(between(random, 160, 230));
  const gap = 6 + random(16);
  const captions = maybe(random, 60) ? 44 : 0;
  let around =
    browserBar(width, colours, random) +
    box(rect(150, 92, 480, 40), panel, { radius: 20 }) +
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
      const area = snapped(rect(x, y, (rowHeight * picture.width) / picture.height, rowHeight));
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
  const pixels = await drawScene({ width, height, paper, around, pictures });
  return sent({ pixels, ...(mine && { truth: truthOf(mine) }) }, random);
}
