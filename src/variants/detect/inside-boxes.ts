import type { Rectangle } from '../../variant.js';
import { shared, type WorkingPlane } from '../working-plane.js';
import { boxAt, boxesOf, commonestColour } from './background-boxes.js';
import { frameColour, partsOn } from './content-parts.js';
import type { Placement } from './detector.js';
import { snapToEdges } from './snap-to-edges.js';

/** The least share of the box that the photo in it covers. */
const LEAST_AREA = 0.2;
/** The least share of a box that its paper covers, if shadows darken its sides. */
const PAPER_SHARE = 0.2;
/** The most difference of two bars in pixels of the plane, and their least width. */
const SAME_BARS = 2;
const LEAST_BAR = 2;

/**
 * Finds the photo inside a found box that frames it: in the bubble of a chat, with words under it,
 * or between the bars of a video player. The frame is of one colour, along the box's left and right
 * side or along its top and bottom, or of the box's commonest colour if a shadow lies on its
 * sides.
 *
 * A photo between two equal bars was fitted into its box, and reaches from side to side of it: this
 * is tried as well, since a player's controls often end the bars too soon.
 */
export function* insideBoxes(plane: WorkingPlane): Generator<Placement> {
  for (const inside of insidesOf(plane)) yield boxAt(plane, snapToEdges(plane, inside));
}

/** The same photos, in pixels of the plane. */
export const insidesOf = /* @__PURE__ */ shared((plane: WorkingPlane): readonly Rectangle[] =>
  boxesOf(plane).flatMap((box) => [...within(plane, box)]),
);

function* within(plane: WorkingPlane, box: Rectangle): Generator<Rectangle> {
  const colour = frameColour(plane, box, 1) ?? commonestColour(plane, box, PAPER_SHARE);
  if (colour === undefined) return;
  const { width, height } = box;
  const [part] = partsOn(plane, box, colour, true);
  if (part === undefined || part.width * part.height < LEAST_AREA * width * height) return;
  if (part.width === width && part.height === height) return;
  yield { ...part, left: box.left + part.left, top: box.top + part.top };
  const right = width - part.left - part.width;
  const bottom = height - part.top - part.height;
  if (areBars(part.left, right) && part.height < height) {
    yield { ...box, left: box.left + part.left, width: part.width };
  } else if (areBars(part.top, bottom) && part.width < width) {
    yield { ...box, top: box.top + part.top, height: part.height };
  }
}

const areBars = (before: number, after: number): boolean =>
  Math.min(before, after) >= LEAST_BAR && Math.abs(before - after) <= SAME_BARS;
