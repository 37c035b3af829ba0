import type { Rectangle } from '../variant.js';
import { type Colour, isOf } from './colour.js';
import { snapToEdges } from './snap-to-edges.js';
import type { WorkingPlane } from './working-plane.js';

/** How far a channel may be from the border's colour. */
const TOLERANCE = 20;
/** Pixels of a line that must be within it: noise, ringing and a logo's edge may not. */
const SHARE = 0.98;
/** Of a side that a border may take. */
const MOST = 0.46;

/**
 * What is left when borders of one colour, any colour, are taken off: per side the median colour of the outermost
 * line, and all lines after it that keep to it; top and bottom first, then the sides of what is between them.
 * @returns up to three rectangles: as found, with opposite borders made equal, with all four made equal (the
 *   narrowest); none where there is no border. About a fifth of natural photos seem to have one.
 */
export function trim(plane: WorkingPlane): Rectangle[] {
  const { width, height } = plane;
  const top = borderLines(plane, 0, width, 1, width, height);
  const last = (height - 1) * width;
  const bottom = borderLines(plane, last, -width, 1, width, height);
  const from = top * width;
  const between = height - top - bottom;
  const left = borderLines(plane, from, 1, width, between, width);
  const right = borderLines(plane, from + width - 1, -1, width, between, width);
  if (top + bottom + left + right === 0) return [];
  const vertical = Math.min(top, bottom);
  const horizontal = Math.min(left, right);
  const every = Math.min(vertical, horizontal);
  const found: Rectangle[] = [];
  for (const [l, t, r, b] of [
    [left, top, right, bottom],
    [horizontal, vertical, horizontal, vertical],
    [every, every, every, every],
  ] as const) {
    if (l + t + r + b === 0) continue;
    found.push(
      snapToEdges(plane, { left: l, top: t, width: width - l - r, height: height - t - b }),
    );
  }
  return found;
}

/**
 * Lines from an edge inwards that are of one colour.
 * @param start first pixel of the outermost line
 * @param inwards from a line to the next
 * @param along from a pixel of a line to the next
 * @param count pixels of a line
 * @param depth lines of the picture in this direction
 */
function borderLines(
  plane: WorkingPlane,
  start: number,
  inwards: number,
  along: number,
  count: number,
  depth: number,
): number {
  const colour: Colour = [
    median(plane.red, start, along, count),
    median(plane.green, start, along, count),
    median(plane.blue, start, along, count),
  ];
  const allowed = Math.floor(count * (1 - SHARE));
  const most = Math.floor(depth * MOST);
  for (let line = 0; line < most; line++) {
    let strangers = 0;
    let at = start + line * inwards;
    for (let i = 0; i < count && strangers <= allowed; i++, at += along) {
      if (!isOf(plane, at, colour, TOLERANCE)) strangers++;
    }
    if (strangers > allowed) return line;
  }
  // A side that is of one colour as far as we look is a flat picture rather than a border.
  return 0;
}

function median(samples: Uint8Array, start: number, along: number, count: number): number {
  const counts = new Uint32Array(256);
  for (let i = 0, at = start; i < count; i++, at += along) counts[samples[at]!]!++;
  let seen = 0;
  for (let value = 0; value < 256; value++) {
    seen += counts[value]!;
    if (2 * seen >= count) return value;
  }
  return 255;
}
