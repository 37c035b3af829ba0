import type { LumaPlane } from '../../hashing/pdq-region.js';
import type { Rectangle, VariantGeometry } from '../../variant.js';
import type { WorkingPlane } from '../working-plane.js';
import { boxesOf } from './background-boxes.js';
import { uncropped } from './blind.js';
import { cellsOf, cellsOfBoxes } from './cells.js';
import type { Placement } from './detector.js';
import { insidesOf } from './inside-boxes.js';
import { wholeWithMargins, withMargins } from './margins.js';
import { snapToEdges } from './snap-to-edges.js';

/** The shapes that apps crop photos to, width by height. */
const CROPPED_TO = [1, 4 / 5, 16 / 9, 9 / 16] as const;
/** Tolerance of a ratio of sides: apps round to pixels, and people cut by hand. */
const TOLERANCE = 0.02;

/** The shapes that cameras give photos. */
const TAKEN_AS = [4 / 3, 3 / 2, 16 / 9, 3 / 4, 2 / 3, 9 / 16] as const;

/** The shares of a side that may have been kept: less leaves too few bits to recognise. */
const LEAST_KEPT = 0.44;
const MOST_KEPT = 0.97;
/** From this share on, one share between all replaces them if a crop is not centred. */
const MUCH_KEPT = 0.65;
/** The cut-off shares before the picture, if it was not cut about the centre. */
const ASIDE = [0.25, 0.75] as const;
/**
 * Below `MUCH_KEPT`, each position has its own guess, at this distance from the next by the photo's
 * side, as far out as apps are likely to crop. A guess that is half of this off comes within 60
 * bits, hardly one that is more.
 */
const APART = 0.07;
const FARTHEST = 0.4;

/**
 * A picture in a shape that apps crop to was probably cut from a photo in the shape of a camera: it
 * is put back into each such photo, first about the centre, then nearer to either end. A picture in
 * no such shape is left alone.
 *
 * Within 31 and 60 bits, of crops about the centre of 26 photos (their other hashes: none): squares
 * of 4:3 42 and 96 %, of 3:2 23 and 88, of 16:9 12 and 85; 4:5 of 4:3 27 and 85, of 16:9 15 and 65;
 * 16:9 of 4:3 35 and 96, of 3:2 73 and 88. At a random place it is about a third of that. Where
 * half of a side or less was kept, as in 9:16 of 4:3 or 16:9, few are found.
 */
export function* shapeGuesses(plane: WorkingPlane): Generator<Placement> {
  const { fullWidth: width, fullHeight: height } = plane;
  const frame = { left: 0, top: 0, width, height };
  const kept = keptOf(frame);
  const guesses = [...AXES.flatMap((axis) => centred(axis, kept[axis])), ...aside(kept)];
  if (guesses.length === 0) return;
  const wide = wholeWithMargins(plane);
  for (const guess of guesses)
    yield { name: 'uncrop', geometry: before(frame, guess), plane: wide };
}

/**
 * The same for the parts found in a picture: the square cells of a collage or of a profile, a
 * square photo in a feed. Each is put back about the centre, into the few photos that find most,
 * the first guess for all parts before the second.
 */
export function* cellGuesses(plane: WorkingPlane): Generator<Placement> {
  const boxes = boxesOf(plane);
  const found = [...boxes, ...insidesOf(plane), ...cellsOf(plane), ...cellsOfBoxes(plane)].map(
    (part) => {
      const rectangle = snapToEdges(plane, part);
      return { part, rectangle, guesses: fewGuesses(keptOf(rectangle)) };
    },
  );
  const planes = new Map<Rectangle, LumaPlane>();
  for (let turn = 0; found.some(({ guesses }) => turn < guesses.length); turn++) {
    for (const { part, rectangle, guesses } of found) {
      const guess = guesses[turn];
      if (guess === undefined) continue;
      const wide = planes.get(part) ?? withMargins(plane, part);
      planes.set(part, wide);
      yield { name: 'uncrop', geometry: before(rectangle, guess), plane: wide };
    }
  }
}

type Axis = 'x' | 'y';
const AXES: readonly Axis[] = ['x', 'y'];
/** A guess at how a photo was cut along one axis. */
interface Guess {
  readonly axis: Axis;
  /** share of the side that was kept */
  readonly share: number;
  /** share of the cut-off part that was at the left or the top */
  readonly before: number;
}

/** The kept shares of the width and of the height, for each photo that it may be cut from. */
function keptOf({ width, height }: Rectangle): Record<Axis, number[]> {
  const kept: Record<Axis, number[]> = { x: [], y: [] };
  const shape = width / height;
  if (!CROPPED_TO.some((one) => Math.abs(shape / one - 1) <= TOLERANCE)) return kept;
  for (const taken of TAKEN_AS) {
    const share = Math.min(shape / taken, taken / shape);
    if (share >= LEAST_KEPT && share <= MOST_KEPT) kept[shape < taken ? 'x' : 'y'].push(share);
  }
  return kept;
}

const centred = (axis: Axis, shares: readonly number[]): Guess[] =>
  shares.map((share) => ({ axis, share, before: 0.5 }));

/** One share between the large ones, and the others. */
function fewGuesses(kept: Record<Axis, number[]>): Guess[] {
  const much = AXES.flatMap((axis) => {
    const shares = kept[axis].filter((share) => share >= MUCH_KEPT);
    return centred(axis, shares.length === 0 ? [] : [mean(shares)]);
  });
  const little = AXES.flatMap((axis) =>
    centred(
      axis,
      kept[axis].filter((share) => share < MUCH_KEPT),
    ),
  );
  return [...much, ...little];
}

/** Guesses of crops that were not about the centre, the nearer ones of a share first. */
function aside(kept: Record<Axis, number[]>): Guess[] {
  return AXES.flatMap((axis) => {
    const much = kept[axis].filter((share) => share >= MUCH_KEPT);
    const little = kept[axis].filter((share) => share < MUCH_KEPT);
    return [
      ...(much.length === 0 ? [] : ASIDE.map((before) => ({ axis, share: mean(much), before }))),
      ...little.flatMap((share) => placesAside(share).map((before) => ({ axis, share, before }))),
    ];
  });
}

function placesAside(share: number): number[] {
  const step = APART / (1 - share);
  const steps = Array.from({ length: Math.floor(FARTHEST / step) }, (_, i) => (i + 1) * step);
  return steps.flatMap((off) => [0.5 - off, 0.5 + off]);
}

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one) / values.length;

/** The place of the photo that was cut so. */
function before({ left, top, width, height }: Rectangle, guess: Guess): VariantGeometry {
  const first = (1 - guess.share) * guess.before;
  const last = 1 - guess.share - first;
  const cut = guess.axis === 'x' ? ([first, 0, last, 0] as const) : ([0, first, 0, last] as const);
  const { rectangle } = uncropped(width, height, cut);
  return { rectangle: { ...rectangle, left: left + rectangle.left, top: top + rectangle.top } };
}
