import { type Face, outlineOf, widthOf } from './font.js';

/*
 * The SVG that screens, stickers and captions are drawn with. Each function gives a piece of a
 * document. Opacity is that of the fill or the stroke: one of a whole element makes librsvg draw it
 * on a layer of its own, ten times as slow.
 */

export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** An area; a column of text has no height. */
export const rect = (
  left: number,
  top: number,
  width: number,
  height = Number.POSITIVE_INFINITY,
): Area => ({ left, top, width, height });

export interface TextStyle {
  readonly face?: Face;
  readonly align?: 'left' | 'centre' | 'right';
  readonly opacity?: number;
  /** colour of a line around the letters, an eighth of their size */
  readonly outline?: string;
  /** degrees clockwise about the start of the text */
  readonly angle?: number;
  /** of a paragraph: from line to line, in sizes */
  readonly leading?: number;
}

/** Styles that are used all over, by name. */
const STYLES = {
  bold: { face: 'bold' },
  centred: { align: 'centre' },
  heading: { face: 'bold', align: 'centre' },
} satisfies Record<string, TextStyle>;

type Style = TextStyle | keyof typeof STYLES;

const styleOf = (style: Style): TextStyle => (typeof style === 'string' ? STYLES[style] : style);

/** Breaks text into lines of at most `width`. */
export function linesOf(words: string, width: number, size: number, face: Face): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer, size, face) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}

/** Line icons on a grid of 24 x 24. */
const ICONS = {
  back: 'M15 4L7 12L15 20',
  menu: 'M4 6H20M4 12H20M4 18H20',
  more: 'M12 5v.1M12 12v.1M12 19v.1',
  close: 'M5 5L19 19M19 5L5 19',
  heart: 'M12 20C2 13 3 5 8 5C10 5 11.500 6.500 12 8C12.500 6.500 14 5 16 5C21 5 22 13 12 20Z',
  speech: 'M4 5H20V16H11L7 20V16H4Z',
  send: 'M3 11L21 3L14 21L11 13Z',
  save: 'M6 3H18V21L12 16L6 21Z',
  search: 'M16 10A6 6 0 1 1 4 10A6 6 0 1 1 16 10M15 15L21 21',
  home: 'M3 12L12 4L21 12V21H15V15H9V21H3Z',
  person: 'M16 8A4 4 0 1 1 8 8A4 4 0 1 1 16 8M4 21C4 13 20 13 20 21',
  plus: 'M12 4V20M4 12H20',
  camera: 'M3 7H8L10 4H14L16 7H21V20H3ZM16 13A4 4 0 1 1 8 13A4 4 0 1 1 16 13',
  phone: 'M5 3H9L11 9L8 11C9 14 11 16 13 16L15 13L21 15V19C14 22 2 12 5 3Z',
  film: 'M2 6H16V18H2ZM16 10L22 7V17L16 14',
  share: 'M12 3V15M7 8L12 3L17 8M5 12V21H19V12',
  bin: 'M4 6H20M9 6V3H15V6M6 6L7 21H17L18 6',
  sound: 'M3 9H7L12 5V19L7 15H3ZM16 9C18 11 18 13 16 15M18 6C22 10 22 14 18 18',
  whole: 'M4 9V4H9M15 4H20V9M20 15V20H15M9 20H4V15',
  gear: 'M15 12A3 3 0 1 1 9 12A3 3 0 1 1 15 12M12 3V6M12 18V21M3 12H6M18 12H21M6 6L8 8M16 16L18 18M18 6L16 8M6 18L8 16',
  ticks: 'M1 13L6 18L15 6M10 16L12 18L21 6',
} as const;

export type Icon = keyof typeof ICONS;

const rounded = (value: number) => String(Math.round(value * 10) / 10);

/** What draws with lengths in points of so many pixels. */
export function drawingIn(unit: number) {
  const n = (points: number) => rounded(points * unit);

  /** A rectangle, with round corners if `radius` is given. */
  const box = (
    { left, top, width, height }: Area,
    colour: string,
    { radius = 0, opacity = 1 } = {},
  ): string =>
    `<rect x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}" rx="${n(radius)}" fill="${colour}" fill-opacity="${opacity}"/>`;

  const frame = (
    { left, top, width, height }: Area,
    colour: string,
    thickness: number,
    radius = 0,
  ): string =>
    `<rect x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}" rx="${n(radius)}" fill="none" stroke="${colour}" stroke-width="${n(thickness)}"/>`;

  const disc = (x: number, y: number, radius: number, colour: string, opacity = 1): string =>
    `<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${colour}" fill-opacity="${opacity}"/>`;

  /** Lines and curves of a path, drawn with a pen. */
  const pen = (path: string, colour: string, thickness: number, opacity = 1): string =>
    `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${n(thickness)}" stroke-linecap="round" stroke-linejoin="round" stroke-opacity="${opacity}"/>`;

  /** A rectangle that fades from `first` to `second`, each a colour with its opacity. */
  function fade(
    { left, top, width, height }: Area,
    [first, firstOpacity]: readonly [string, number],
    [second, secondOpacity]: readonly [string, number],
    { radius = 0, across = 0 } = {},
  ): string {
    // A document's ids must differ; this one says all that the gradient is.
    const id = [left, top, width, height, first, firstOpacity, second, secondOpacity, across]
      .join('-')
      .replace(/[^\w-]/g, '_');
    return `<linearGradient id="${id}" x1="0" y1="0" x2="${across}" y2="1"><stop offset="0" stop-color="${first}" stop-opacity="${firstOpacity}"/><stop offset="1" stop-color="${second}" stop-opacity="${secondOpacity}"/></linearGradient><rect x="${n(left)}" y="${n(top)}" width="${n(width)}" height="${n(height)}" rx="${n(radius)}" fill="url(#${id})"/>`;
  }

  /** A line of text whose baseline is at `y`. */
  function text(
    words: string,
    x: number,
    y: number,
    size: number,
    colour: string,
    style: Style = {},
  ): string {
    const { face = 'plain', align = 'left', opacity = 1, outline, angle = 0 } = styleOf(style);
    const { path, scale } = outlineOf(words, size * unit, face);
    const width = align === 'left' ? 0 : widthOf(words, size * unit, face);
    const shift = align === 'centre' ? width / 2 : width;
    const stroke =
      outline === undefined
        ? ''
        : ` stroke="${outline}" stroke-width="${Math.round((size * unit) / 8 / scale)}" stroke-linejoin="round" paint-order="stroke"`;
    const turn = angle === 0 ? '' : ` rotate(${rounded(angle)})`;
    return `<path transform="translate(${n(x)} ${n(y)})${turn} translate(${rounded(-shift)} 0) scale(${scale} ${-scale})" d="${path}" fill="${colour}" fill-opacity="${opacity}"${stroke}/>`;
  }

  /** Text broken into lines, the first of which begins at `top`. */
  function paragraph(
    words: string,
    { left, top, width, height }: Area,
    size: number,
    colour: string,
    style: Style = {},
  ): { svg: string; bottom: number } {
    const { face = 'plain', align = 'left', leading = 1.35 } = styleOf(style);
    const lines = linesOf(words, width, size, face).slice(
      0,
      Math.max(1, Math.floor(height / (leading * size))),
    );
    const x = align === 'left' ? left : align === 'centre' ? left + width / 2 : left + width;
    return {
      svg: lines
        .map((line, at) => text(line, x, top + size * (at * leading + 1), size, colour, style))
        .join(''),
      bottom: top + leading * size * lines.length,
    };
  }

  /** An icon in a square of this size. */
  const icon = (
    name: Icon,
    left: number,
    top: number,
    size: number,
    colour: string,
    opacity = 1,
  ): string =>
    `<path transform="translate(${n(left)} ${n(top)}) scale(${(size * unit) / 24})" d="${ICONS[name]}" fill="none" stroke="${colour}" stroke-width="${name === 'more' ? 3.5 : 2}" stroke-linecap="round" stroke-linejoin="round" stroke-opacity="${opacity}"/>`;

  /** Icons in a row, the left edges of their squares `step` apart. */
  const iconRow = (
    names: readonly Icon[],
    left: number,
    top: number,
    step: number,
    size: number,
    colour: string,
  ): string => names.map((name, at) => icon(name, left + at * step, top, size, colour)).join('');

  /** A filled triangle that points right. */
  const play = (x: number, y: number, size: number, colour: string): string =>
    `<path d="M${n(x - 0.35 * size)} ${n(y - 0.5 * size)}L${n(x + 0.55 * size)} ${n(y)}L${n(x - 0.35 * size)} ${n(y + 0.5 * size)}Z" fill="${colour}"/>`;

  /** A round picture of a person: a colour and an initial. */
  const avatar = (x: number, y: number, radius: number, colour: string, initial: string): string =>
    disc(x, y, radius, colour) +
    text(initial, x, y + 0.38 * radius, 1.05 * radius, '#fff', 'heading');
  return { box, frame, disc, pen, fade, text, paragraph, icon, iconRow, play, avatar };
}

export type Drawing = ReturnType<typeof drawingIn>;

/** With lengths in pixels. */
export const { box, frame, disc, pen, fade, text, paragraph, icon, iconRow, play, avatar } =
  drawingIn(1);
