import type { HashedVariant, Point, Rectangle, VariantGeometry, VariantName } from '../variant.js';

/** What part or form of the upload each variant is. */
const VARIANT_WORDS: Record<VariantName, string> = {
  original: 'the picture as displayed',
  stored: 'the picture as its file stores it, before its orientation tag is applied',
  onWhite: 'the picture with its transparent parts on white',
  onBlack: 'the picture with its transparent parts on black',
  asShown: 'the picture in the colours that its profile gives it',
  frame: 'another frame of the file',
  otherReading: 'the picture as other browsers cut or turn it',
  otherResample: "the picture in PDQ's other size convention",
  inverted: 'with its brightness inverted',
  rotate90: 'a quarter turn counter-clockwise',
  rotate180: 'a half turn',
  rotate270: 'a quarter turn clockwise',
  flipX: 'upside down and mirrored',
  flipY: 'mirrored',
  flipPlus1: 'mirrored about the falling diagonal',
  flipMinus1: 'mirrored about the rising diagonal',
  unletterbox: 'without its borders of one colour',
  unblurBars: 'without its blurred bars',
  box: 'the part on a background of one colour',
  rectangle: 'the part enclosed by straight edges',
  quadrilateral: 'a tilted part, made upright',
  unturn: 'turned back, where a turn had enlarged the canvas',
  unturnCropped: 'turned back, where a turn had cut off the corners',
  uncrop: 'with cut-off parts filled by repeating its border',
  window1x1: 'its square window',
  window4x5: 'its window of 4:5',
  window16x9: 'its window of 16:9',
  window9x16: 'its window of 9:16',
};

/** What part or form of the upload a variant is, and of which look. */
export function variantWords({ name, look, frame }: HashedVariant): string {
  const of = look === undefined ? '' : ` of ${VARIANT_WORDS[look]}`;
  return `${VARIANT_WORDS[name] ?? name}${of}${frame === undefined ? '' : `, frame ${frame}`}`;
}

/**
 * Where a variant lies in a picture, in words: a name and a value of each fact.
 * @param frame the picture as displayed, in pixels
 */
export function placeOf(
  { rectangle, angle, dihedral }: VariantGeometry,
  frame: Rectangle,
): [string, string][] {
  const { left, top, width, height } = rectangle;
  const right = frame.width - left - width;
  const bottom = frame.height - top - height;
  const facts: [string, string][] = [
    ['rectangle', `${round(width)} x ${round(height)} pixels at ${round(left)}, ${round(top)}`],
    [
      'margins',
      `left ${round(left)}, top ${round(top)}, right ${round(right)}, bottom ${round(bottom)} pixels (below 0: beyond the picture)`,
    ],
  ];
  if (angle !== undefined) facts.push(['turned', `${round(angle)} degrees clockwise`]);
  if (dihedral !== undefined) facts.push(['then', VARIANT_WORDS[dihedral]]);
  return facts;
}

/**
 * Draws a picture's frame and the outline of a variant in it, to scale, as a figure of HTML. It
 * holds numbers alone.
 */
export function outlineOf(geometry: VariantGeometry, frame: Rectangle): string {
  const { rectangle, corners, angle = 0 } = geometry;
  const { left, top, width, height } = rectangle;
  const centreX = left + width / 2;
  const centreY = top + height / 2;
  const reach = Math.hypot(width, height) / 2;
  // An upright rectangle is its own bound; a turned one is bounded by the circle around it.
  const [reachX, reachY] = angle === 0 ? [width / 2, height / 2] : [reach, reach];
  const margin = 0.03 * Math.max(frame.width, frame.height);
  const x = Math.min(0, centreX - reachX) - margin;
  const y = Math.min(0, centreY - reachY) - margin;
  const right = Math.max(frame.width, centreX + reachX) + margin;
  const bottom = Math.max(frame.height, centreY + reachY) + margin;
  const line = round(Math.max(right - x, bottom - y) / 160);
  const box = (r: Rectangle, more: string) =>
    `<rect x="${round(r.left)}" y="${round(r.top)}" width="${round(r.width)}" height="${round(r.height)}" ${more} stroke-width="${line}"/>`;
  const turn =
    angle === 0 ? '' : `transform="rotate(${round(angle)} ${round(centreX)} ${round(centreY)})"`;
  return `<figure><svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="the part that matched, in the picture's frame" viewBox="${[x, y, right - x, bottom - y].map(round).join(' ')}">
${box(frame, GREY)}
${corners === undefined ? box(rectangle, `${BLUE} ${turn}`) : polygon(corners, `${BLUE} stroke-width="${line}"`)}
</svg><figcaption>grey: the picture; blue: the part that matched</figcaption></figure>`;
}

/** A shade of the page's own ink, so that it is grey in light and in dark. */
const GREY = 'fill="currentColor" fill-opacity="0.1" stroke="currentColor" stroke-opacity="0.5"';
const BLUE = 'fill="#2a6fbb" fill-opacity="0.25" stroke="#2a6fbb"';

const polygon = (corners: readonly Point[], more: string) =>
  `<polygon points="${corners.map((corner) => corner.map(round).join()).join(' ')}" ${more}/>`;

const round = (value: number) => String(Math.round(100 * Number(value)) / 100);
