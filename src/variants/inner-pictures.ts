/*
 * The pictures inside a screenshot, a collage, a polaroid or a picture with bars. A list that holds
 * the hash of such a screen finds that screen, and no copy of the photo in it.
 *
 * A person is asked about them, so this is strict: a frame is drawn, not photographed. Along each
 * side of a picture in it runs a line of one colour, and inside that line the colours differ from
 * it. A window, a painting or a television in a photo has no such line.
 */

import type { Rectangle } from '../variant.js';
import { boxAt, boxesOf, commonestColour } from './detect/background-boxes.js';
import { cellsOf, cellsOfBoxes } from './detect/cells.js';
import type { Placement } from './detect/detector.js';
import { insidesOf } from './detect/inside-boxes.js';
import { snapToEdges } from './detect/snap-to-edges.js';
import { trimmedOf } from './detect/trim.js';
import { MOST_INNER } from './variant-profile.js';
import { colourAt, isOf, type WorkingPlane } from './working-plane.js';

/** Pixels of the plane from a side to the frame's line, beyond what an encoder blurs. */
const OUTSIDE = 3;
/** Pixels from a side to the picture's line. */
const INSIDE = 1;
/** Pixels of an encoder's ringing that may pass for content. */
const REACH = 2;
/** The most difference of the frame's line from its colour, and the least of the picture's. */
const SAME = 8;
const OTHER = 14;
/** The shares of the two lines that must be so: an app's words may touch the frame's. */
const FRAME_SHARE = 0.75;
const PICTURE_SHARE = 0.6;
/** The share of a side that is ignored at either end: corners may be rounded. */
const CORNER = 0.12;
/** The shares of the whole that a picture in it may cover. */
const LEAST_AREA = 0.03;
const MOST_AREA = 0.97;
/** The least side of a picture, in pixels of the whole. */
const LEAST_SIDE = 64;
/** A part of which one colour covers this share is a bubble, a card or a key. */
const FLAT = 0.7;
/** So many pictures are a collage, whose outer cells may reach its border. */
const COLLAGE = 4;
/** Pixels by which one box may exceed another that holds it, or overlap its neighbour. */
const SLACK = 2;

/**
 * The pictures that a picture frames, in reading order; none in most photos. No two overlap, and
 * there are at most `MOST_INNER`.
 */
export function innerPictures(plane: WorkingPlane): Placement[] {
  const framed: Framed[] = [];
  for (const box of candidates(plane)) {
    if (!isPicture(plane, box) || framed.some((other) => areOne(box, other.box))) continue;
    const sides = framedSides(plane, box);
    if (sides) framed.push({ box, sides });
  }
  const inmost = framed.filter(({ box }) => !framed.some((other) => holds(box, other.box)));
  const apart: Framed[] = [];
  for (const one of inmost) {
    if (!apart.some(({ box }) => overlap(box, one.box))) apart.push(one);
  }
  return apart
    .filter(({ sides }) => sides === 'opposite' || apart.length >= COLLAGE)
    .sort(({ box: a }, { box: b }) => a.top - b.top || a.left - b.left)
    .map(({ box }) => boxAt(plane, snapToEdges(plane, box, REACH)))
    .filter(({ geometry: { rectangle } }) => shorterOf(rectangle) >= LEAST_SIDE)
    .slice(0, MOST_INNER);
}

/** A box whose frame runs along two opposite sides, or along two that meet. */
interface Framed {
  readonly box: Rectangle;
  readonly sides: 'opposite' | 'meeting';
}

function* candidates(plane: WorkingPlane): Generator<Rectangle> {
  // The first is as found: the others are guesses that make opposite borders equal.
  const [trimmed] = trimmedOf(plane);
  if (trimmed) yield trimmed;
  yield* boxesOf(plane);
  yield* insidesOf(plane);
  yield* cellsOfBoxes(plane);
  yield* cellsOf(plane);
}

function isPicture(plane: WorkingPlane, box: Rectangle): boolean {
  const share = (box.width * box.height) / (plane.width * plane.height);
  if (share < LEAST_AREA || share > MOST_AREA) return false;
  return commonestColour(plane, box, FLAT) === undefined;
}

/**
 * The sides along which a frame runs. Sides on the border of the whole need none, but two must
 * have one.
 * @returns undefined if any other side has no frame
 */
function framedSides(
  plane: WorkingPlane,
  { left, top, width, height }: Rectangle,
): Framed['sides'] | undefined {
  const { width: stride } = plane;
  const first = top * stride + left;
  const last = first + (height - 1) * stride + width - 1;
  const rows = { along: 1, count: width };
  const columns = { along: stride, count: height };
  const sides = [
    { ...rows, room: top, first, inwards: stride },
    { ...rows, room: plane.height - top - height, first: last - width + 1, inwards: -stride },
    { ...columns, room: left, first, inwards: 1 },
    { ...columns, room: stride - left - width, first: first + width - 1, inwards: -1 },
  ];
  const inside = sides.filter(({ room }) => room >= OUTSIDE);
  if (inside.length < 2 || !inside.every((side) => isFramed(plane, side))) return undefined;
  // A pole in a photo closes off a corner of it.
  return inside.length > 2 || inside[0]!.along === inside[1]!.along ? 'opposite' : 'meeting';
}

/** A side of a box: its first pixel, and the steps into the box and along the side. */
interface Side {
  readonly first: number;
  readonly inwards: number;
  readonly along: number;
  /** its pixels */
  readonly count: number;
}

function isFramed(plane: WorkingPlane, { first, inwards, along, count }: Side): boolean {
  const from = Math.round(CORNER * count);
  const outer = first - OUTSIDE * inwards;
  const inner = first + INSIDE * inwards;
  const colour = colourAt(plane, outer + (count >> 1) * along);
  let frame = 0;
  let picture = 0;
  for (let i = from; i < count - from; i++) {
    if (isOf(plane, outer + i * along, colour, SAME)) frame++;
    if (!isOf(plane, inner + i * along, colour, OTHER)) picture++;
  }
  const length = count - 2 * from;
  return frame >= FRAME_SHARE * length && picture >= PICTURE_SHARE * length;
}

/** True if another box lies in a box. */
const holds = (box: Rectangle, other: Rectangle): boolean =>
  other !== box &&
  other.left >= box.left - SLACK &&
  other.top >= box.top - SLACK &&
  other.left + other.width <= box.left + box.width + SLACK &&
  other.top + other.height <= box.top + box.height + SLACK;

/** True if two boxes are the same but for a few pixels. */
const areOne = (a: Rectangle, b: Rectangle): boolean => holds(a, b) && holds(b, a);

const overlap = (a: Rectangle, b: Rectangle): boolean =>
  Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left) > SLACK &&
  Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top) > SLACK;

const shorterOf = ({ width, height }: Rectangle): number => Math.min(width, height);
