import { copies, type Edited, type Make, type Materials, whole } from '../edit.js';
import type { Raster } from '../raster.js';
import { between, maybe, personName, phrase, pick, type Random, vivid } from './drawing/chance.js';
import { box, disc, fade, linesOf, paragraph, pen, rect, text } from './drawing/drawing.js';
import { emoji } from './drawing/emoji.js';
import { widthOf } from './drawing/font.js';
import { drawnOn, savedScene, saving, snapped } from './drawing/scene.js';

/** Draws on the photo itself. */
export const marked = (draw: (photo: Raster, random: Random) => string): Make =>
  saving(async (photo, { random }) => ({
    pixels: await drawnOn(photo, draw(photo, random)),
    truth: whole(photo),
  }));

/** Lines in white capitals with a black rim, as on memes. */
export function shout(photo: Raster, words: string, where: 'top' | 'bottom', part: number): string {
  const { width, height } = photo;
  let size = part * Math.min(height, 1.1 * width);
  const capitals = words.toUpperCase();
  let lines = linesOf(capitals, 0.92 * width, size, 'poster');
  if (lines.length > 2) {
    size *= 0.75;
    lines = linesOf(capitals, 0.92 * width, size, 'poster').slice(0, 2);
  }
  const first =
    where === 'top' ? 1.15 * size : height - 0.3 * size - (lines.length - 1) * 1.15 * size;
  return lines
    .map((line, at) =>
      text(line, width / 2, first + 1.15 * size * at, size, '#fff', {
        face: 'poster',
        align: 'centre',
        outline: '#000',
      }),
    )
    .join('');
}

/** A white band above the photo with a remark, as of posts that were saved. */
async function remark(photo: Raster, { random }: Materials): Promise<Edited> {
  const { width, height } = photo;
  const size = between(random, 0.045, 0.065) * width;
  const column = rect(0.04 * width, 0.7 * size, 0.92 * width);
  const words = paragraph(phrase(random, 7, 18), column, size, '#111', {
    face: pick(random, ['plain', 'bold'] as const),
    leading: 1.25,
  });
  const top = Math.round(words.bottom + 0.7 * size);
  const area = rect(0, top, width, height);
  return savedScene(random, {
    width,
    height: top + height,
    around: box(rect(0, 0, width, top), '#fff') + words.svg,
    pictures: [{ picture: photo, area }],
  });
}

/** A black poster with a thin frame about the photo, a title and a line below. */
async function poster(photo: Raster, { random }: Materials): Promise<Edited> {
  const side = Math.round(between(random, 0.08, 0.14) * photo.width);
  const size = between(random, 0.07, 0.1) * photo.width;
  const width = photo.width + 2 * side;
  const height = photo.height + side + Math.round(3.1 * size);
  const area = snapped(rect(side, side, photo.width, photo.height));
  const below = side + photo.height;
  const rim = (by: number) =>
    rect(side - by, side - by, photo.width + 2 * by, photo.height + 2 * by);
  return savedScene(random, {
    width,
    height,
    paper: '#000',
    around:
      box(rim(10), '#fff') +
      box(rim(5), '#000') +
      text(phrase(random, 1, 1).toUpperCase(), width / 2, below + 1.5 * size, size, '#fff', {
        face: 'serif bold',
        align: 'centre',
      }) +
      text(phrase(random, 4, 6), width / 2, below + 2.4 * size, 0.42 * size, '#fff', 'centred'),
    pictures: [{ picture: photo, area }],
  });
}

export const MEMES = copies('meme', {
  'capitals above and below': marked(
    (photo, random) =>
      shout(photo, phrase(random, 2, 5), 'top', between(random, 0.05, 0.085)) +
      shout(photo, phrase(random, 2, 5), 'bottom', between(random, 0.05, 0.085)),
  ),
  'capitals below': marked((photo, random) =>
    shout(photo, phrase(random, 2, 6), 'bottom', between(random, 0.05, 0.095)),
  ),
  'labels on the photo': marked(({ width, height }, random) =>
    Array.from({ length: 2 + random(2) }, () => {
      const size = between(random, 0.045, 0.07) * Math.min(width, height);
      const words = phrase(random, 1, 3);
      const x = between(random, 0.22, 0.78) * width;
      const y = between(random, 0.15, 0.9) * height;
      return text(words, x, y, size, '#fff', { face: 'bold', align: 'centre', outline: '#000' });
    }).join(''),
  ),
  'remark above': remark,
  'black poster': poster,
});

/** Some signs of one size about, at random places. */
const scattered = (least: number, most: number, low: number, high: number): Make =>
  marked(({ width, height }, random) =>
    Array.from({ length: least + random(most - least + 1) }, () =>
      emoji(
        between(random, 0.08, 0.92) * width,
        between(random, 0.08, 0.92) * height,
        between(random, low, high) * Math.min(width, height),
        random,
      ),
    ).join(''),
  );

/** A plate with words, a little turned. */
const tag: Make = marked(({ width, height }, random) => {
  const words = phrase(random, 1, 3);
  const size = between(random, 0.045, 0.075) * Math.min(width, height);
  const wide = widthOf(words, size, 'hand') + size;
  const x = between(random, 0.05, 0.6) * width;
  const y = between(random, 0.15, 0.9) * height;
  return `<g transform="rotate(${between(random, -14, 14)} ${x} ${y})">${box(rect(x, y - 1.1 * size, wide, 1.6 * size), pick(random, ['#ffffff', vivid(random)]), { radius: 0.4 * size })}${text(words, x + size / 2, y, size, '#111', { face: 'hand' })}</g>`;
});

export const STICKERS = copies('sticker', {
  'one small sign': scattered(1, 1, 0.04, 0.08),
  'one large sign': scattered(1, 1, 0.08, 0.12),
  'some signs': scattered(2, 4, 0.03, 0.06),
  'many small signs': scattered(6, 12, 0.015, 0.03),
  'plate with words': tag,
});

/** A line that a finger scribbled, from left to right and back. */
function scribbled(x: number, y: number, width: number, height: number, random: Random): string {
  let path = `M${x} ${y}`;
  const turns = 7 + random(6);
  for (let turn = 1; turn <= turns; turn++) {
    path += `L${Math.round(x + (turn % 2 ? width : 0) + between(random, -0.08, 0.08) * width)} ${Math.round(y + (turn * height) / turns)}`;
  }
  return path;
}

export const COVERED = copies('covered part', {
  'bar over a part': marked(({ width, height }, random) => {
    const wide = between(random, 0.12, 0.32) * width;
    const high = between(random, 0.03, 0.07) * height;
    const left = between(random, 0.1, 0.9 - wide / width) * width;
    return box(rect(left, between(random, 0.15, 0.7) * height, wide, high), '#000');
  }),
  'banner along an edge': marked(({ width, height }, random) => {
    const high = between(random, 0.05, 0.11) * height;
    const top = maybe(random, 70) ? height - high * (1 + random(2) * 0.4) : 0;
    return (
      box(rect(0, top, width, high), pick(random, ['#000', '#b91c1c', '#1d4ed8', '#ffffff']), {
        opacity: pick(random, [1, 0.75]),
      }) +
      text(phrase(random, 3, 5), 0.04 * width, top + 0.66 * high, 0.5 * high, '#fff', {
        face: 'bold',
        outline: '#333',
      })
    );
  }),
  'watermark across': marked(({ width, height }, random) => {
    const words = `${personName(random)} ${personName(random)}`;
    const size = between(random, 0.07, 0.12) * width;
    const half = widthOf(words, size, 'bold') / 2;
    const angle = -between(random, 15, 35);
    const turn = (angle * Math.PI) / 180;
    const [x, y] = [width / 2 - half * Math.cos(turn), height / 2 - half * Math.sin(turn)];
    const opacity = between(random, 0.3, 0.6);
    return text(words, x, y, size, '#fff', { face: 'bold', opacity, angle });
  }),
  'watermark in a corner': marked(({ width, height }, random) => {
    const size = between(random, 0.035, 0.06) * width;
    const words = `@${personName(random).toLowerCase()}`;
    return (
      fade(rect(0, 0.9 * height, width, 0.1 * height), ['#000', 0], ['#000', 0.4]) +
      text(words, pick(random, [0.05, 0.7]) * width, 0.96 * height, size, '#fff', {
        face: 'bold',
        opacity: 0.9,
      })
    );
  }),
  'watermarks all over': marked(({ width, height }, random) => {
    const words = phrase(random, 2, 2);
    const size = 0.035 * width;
    let svg = '';
    for (let y = 0; y < height + width / 2; y += 0.17 * width) {
      for (let x = -0.1 * width; x < width; x += 0.36 * width) {
        svg += text(words, x, y, size, '#fff', { opacity: 0.35, angle: -30, face: 'bold' });
      }
    }
    return svg;
  }),
  'scribbled over': marked(({ width, height }, random) => {
    const wide = between(random, 0.15, 0.3) * width;
    const high = between(random, 0.08, 0.18) * height;
    const x = between(random, 0.1, 0.6) * width;
    const y = between(random, 0.1, 0.7) * height;
    const path = scribbled(x, y, wide, high, random);
    return pen(path, pick(random, ['#000', '#e11d48']), 0.022 * Math.min(width, height));
  }),
});

/** Things drawn to point at something: an arrow, a ring. */
export const pointed: Make = marked(({ width, height }, random) => {
  const u = Math.min(width, height);
  const colour = pick(random, ['#ef4444', '#facc15', '#22c55e']);
  let svg = '';
  for (let i = 1 + random(2); i > 0; i--) {
    const x = between(random, 0.25, 0.75) * width;
    const y = between(random, 0.25, 0.75) * height;
    const turn = random(360);
    svg += `<g transform="translate(${x} ${y}) rotate(${turn}) scale(${u / 1000})">${pen('M0 0L230 0M150 -70L230 0L150 70', colour, 34)}</g>`;
  }
  const x = between(random, 0.3, 0.7) * width;
  const y = between(random, 0.3, 0.7) * height;
  svg += `<ellipse cx="${x}" cy="${y}" rx="${between(random, 0.09, 0.16) * u}" ry="${between(random, 0.07, 0.13) * u}" fill="none" stroke="${colour}" stroke-width="${0.018 * u}"/>`;
  return svg + (maybe(random, 40) ? disc(x, y, 0.01 * u, colour) : '');
});
