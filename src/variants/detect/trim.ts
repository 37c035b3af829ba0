import { beside } from '../../kernels/simd/arena.js';
import type { Rectangle } from '../../variant.js';
import { type Colour, isOf, type WorkingPlane } from '../working-plane.js';
import type { Placement } from './detector.js';
import { snapToEdges } from './snap-to-edges.js';

/** The most difference of a channel from the border's colour. */
const TOLERANCE = 20;
/** The share of a line that must be within it: noise, ringing and the edge of a logo may not be. */
const SHARE = 0.98;
/** The share of a side that a border may take. */
const MOST = 0.46;

/**
 * Takes off borders of one colour, any colour. On each side the border's colour is the median of
 * the outermost line, and the border is that line and all that follow in the same colour. Top and
 * bottom come first, then the sides between them.
 *
 * It returns up to three rectangles: as found, with opposite borders made equal, and with all four
 * made equal (to the narrowest). About a fifth of natural photos seem to have a border.
 */
export function* trim(plane: WorkingPlane): Generator<Placement> {
  for (const inside of trimmedOf(plane)) {
    yield { name: 'unletterbox', geometry: { rectangle: snapToEdges(plane, inside) } };
  }
}

/** The same rectangles, in pixels of the plane. */
export function* trimmedOf(plane: WorkingPlane): Generator<Rectangle> {
  const { width, height } = plane;
  const top = borderLines(plane, 0, width, 1, width, height);
  const last = (height - 1) * width;
  const bottom = borderLines(plane, last, -width, 1, width, height);
  const from = top * width;
  const between = height - top - bottom;
  const left = borderLines(plane, from, 1, width, between, width);
  const right = borderLines(plane, from + width - 1, -1, width, between, width);
  const vertical = Math.min(top, bottom);
  const horizontal = Math.min(left, right);
  const every = Math.min(vertical, horizontal);
  for (const [l, t, r, b] of [
    [left, top, right, bottom],
    [horizontal, vertical, horizontal, vertical],
    [every, every, every, every],
  ] as const) {
    if (l + t + r + b === 0) continue;
    yield { left: l, top: t, width: width - l - r, height: height - t - b };
  }
}

/**
 * Counts the lines from an edge inwards that are of one colour.
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
  // A side of one colour as deep as the search goes is a flat picture, not a border.
  return 0;
}

function median(samples: Uint8Array, start: number, along: number, count: number): number {
  const counts = beside(samples, Uint32Array, 256);
  for (let i = 0, at = start; i < count; i++, at += along) counts[samples[at]!]!++;
  let seen = 0;
  for (let value = 0; value < 256; value++) {
    seen += counts[value]!;
    if (2 * seen >= count) return value;
  }
  return 255;
}
