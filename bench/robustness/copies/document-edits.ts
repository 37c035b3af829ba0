import { copies, type Edited, type Materials } from '../edit.js';
import { jpeg, type Raster } from '../raster.js';
import { between, maybe, personName, phrase, pick, prose, vivid } from './drawing/chance.js';
import { box, disc, icon, paragraph, pen, rect, text } from './drawing/drawing.js';
import type { Face } from './drawing/font.js';
import { DESKTOPS } from './drawing/phone.js';
import { drawScene, fitted, screenshot, truthOf } from './drawing/scene.js';

const PRINT = { face: 'serif', leading: 1.5 } as const;

/** A printed page, A4 or letter, with the photo between paragraphs. */
async function letter(photo: Raster, { random }: Materials): Promise<Edited> {
  const width = pick(random, [794, 850, 1000]);
  const height = Math.round(width * pick(random, [Math.SQRT2, 11 / 8.5]));
  const face: Face = pick(random, ['serif', 'plain'] as const);
  const bold: Face = face === 'serif' ? 'serif bold' : 'bold';
  const margin = Math.round(0.11 * width);
  const size = width / 52;
  const column = width - 2 * margin;
  const body = { face, leading: 1.5 };
  const title = paragraph(phrase(random, 4, 8), rect(margin, margin, column), 1.7 * size, '#111', {
    face: bold,
  });
  const opening = prose(random, 3 + random(4));
  const first = paragraph(opening, rect(margin, title.bottom + size, column), size, '#222', body);
  const wide = between(random, 0.55, 1) * column;
  const room = rect(margin, first.bottom + size, wide, 0.4 * height);
  const area = fitted(photo, room, { across: 0, down: 0 });
  const left = maybe(random, 50) ? margin : Math.round((width - area.width) / 2);
  const below = area.top + area.height;
  const words = `Figure ${1 + random(9)}. ${phrase(random, 4, 7)}`;
  const caption = text(words, margin, below + 1.6 * size, 0.85 * size, '#555', { face });
  const top = below + 3 * size;
  const rest = rect(margin, top, column, height - top - margin);
  const second = paragraph(prose(random, 18), rest, size, '#222', body);
  return screenshot(random, {
    width,
    height,
    paper: '#fff',
    around:
      title.svg +
      first.svg +
      caption +
      second.svg +
      text(String(1 + random(40)), width / 2, height - 0.5 * margin, 0.85 * size, '#555', {
        face,
        align: 'centre',
      }),
    pictures: [{ picture: photo, area: { ...area, left } }],
  });
}

/** A page in two columns, as of a magazine; the photo is above one of them or both. */
async function columns(photo: Raster, { random }: Materials): Promise<Edited> {
  const width = pick(random, [900, 1000, 1100]);
  const height = Math.round(1.32 * width);
  const margin = Math.round(0.07 * width);
  const gap = Math.round(0.035 * width);
  const size = width / 68;
  const column = (width - 2 * margin - gap) / 2;
  const page = width - 2 * margin;
  const head = { face: 'serif bold', leading: 1.1 } as const;
  const title = paragraph(
    phrase(random, 3, 6),
    rect(margin, margin, page),
    3.4 * size,
    '#111',
    head,
  );
  const both = maybe(random, 50);
  const wide = both ? page : column;
  const room = rect(margin, title.bottom + 1.5 * size, wide, 0.42 * height);
  const place = fitted(photo, room, { down: 0 });
  const top = place.top + place.height + 1.5 * size;
  const fill = (left: number, from: number) =>
    paragraph(prose(random, 30), rect(left, from, column, height - from - margin), size, '#222', {
      face: 'serif',
      leading: 1.45,
    }).svg;
  return screenshot(random, {
    width,
    height,
    paper: pick(random, ['#ffffff', '#fdfbf5']),
    around: title.svg + fill(margin, top) + fill(margin + column + gap, both ? top : place.top),
    pictures: [{ picture: photo, area: place }],
  });
}

/** A slide: a title, the photo, and points beside it. */
async function slide(photo: Raster, { random }: Materials): Promise<Edited> {
  const width = pick(random, [1024, 1280]);
  const height = Math.round((width * 9) / 16);
  const dark = maybe(random, 30);
  const [paper, ink] = dark ? ['#1f2937', '#f9fafb'] : ['#ffffff', '#1f2937'];
  const colour = vivid(random);
  const room = rect(0.05 * width, 0.22 * height, 0.5 * width, 0.68 * height);
  const area = fitted(photo, room);
  const points = [0, 1, 2, 3]
    .map((at) => {
      const y = (0.32 + 0.14 * at) * height;
      return (
        disc(0.61 * width, y - 7, 5, colour) +
        paragraph(phrase(random, 4, 8), rect(0.63 * width, y - 20, 0.33 * width, 62), 22, ink!).svg
      );
    })
    .join('');
  return screenshot(random, {
    width,
    height,
    paper: paper!,
    around:
      box(rect(0, 0, 0.018 * width, height), colour) +
      text(phrase(random, 3, 5), 0.05 * width, 0.14 * height, 40, ink!, 'bold') +
      points,
    pictures: [{ picture: photo, area }],
  });
}

/** A window of a word processor: tools, a grey desk and a page with the photo. */
async function processor(photo: Raster, { random }: Materials): Promise<Edited> {
  const [width, height] = pick(random, DESKTOPS);
  const page = Math.round(between(random, 0.46, 0.6) * width);
  const left = Math.round((width - page) / 2);
  const margin = Math.round(0.1 * page);
  const colour = vivid(random);
  const wide = page - 2 * margin;
  const column = rect(left + margin, 150 + margin, wide);
  const words = paragraph(prose(random, 3), column, 15, '#222', PRINT);
  const room = rect(left + margin, words.bottom + 16, wide, height - words.bottom - 60);
  const place = fitted(photo, room, { down: 0 });
  const rest = place.top + place.height + 14;
  const icons = ['menu', 'share', 'search', 'save', 'gear', 'home', 'plus'] as const;
  let tools = '';
  for (let x = 24; x < width - 60; x += 44) tools += icon(pick(random, icons), x, 76, 22, '#444');
  const below = rect(left + margin, rest, wide, Math.max(10, height - rest));
  return screenshot(random, {
    width,
    height,
    paper: '#e4e6e9',
    around:
      box(rect(left, 150, page, height), '#fff') +
      words.svg +
      paragraph(prose(random, 6), below, 15, '#222', PRINT).svg +
      box(rect(0, 0, width, 34), colour) +
      text(
        `${phrase(random, 1, 2)} - ${personName(random)}`,
        width / 2,
        23,
        14,
        '#fff',
        'centred',
      ) +
      box(rect(0, 34, width, 86), '#f6f7f8') +
      text('File   Home   Insert   Layout   Review   View', 24, 58, 14, '#333') +
      tools +
      pen(`M0 120H${width}`, '#c4c7cc', 1),
    pictures: [{ picture: photo, area: place }],
  });
}

/** A sheet with one large photo on it, printed and scanned again: greyer, softer. */
async function print(photo: Raster, { random }: Materials): Promise<Edited> {
  const upright = photo.height > photo.width;
  const [width, height] = upright ? [1000, 1414] : [1414, 1000];
  const margin = between(random, 0.05, 0.12) * Math.min(width, height);
  const area = fitted(photo, rect(margin, margin, width - 2 * margin, height - 2.6 * margin));
  const pixels = await drawScene({
    width,
    height,
    paper: '#f7f6f2',
    around: text(phrase(random, 3, 7), width / 2, height - 0.9 * margin, 26, '#333', {
      face: 'serif',
      align: 'centre',
    }),
    pictures: [{ picture: photo, area }],
  });
  return { pixels: await jpeg(pixels, Math.round(between(random, 45, 75))), truth: truthOf(area) };
}

/** Documents with the photo on a page. */
export const DOCUMENTS = copies('document', {
  'page with text': letter,
  'magazine, two columns': columns,
  slide,
  'word processor': processor,
  'printed sheet': print,
});
