import { type Corners, quadrilateralOn } from '../../hashing/quadrilateral.js';
import { perspectivePoint } from '../../kernels/pixels/perspective.js';
import { reduceLuma } from '../../kernels/pixels/plane.js';
import {
  ballotOf,
  CHANGE,
  type Edges,
  findChanges,
  findEdges,
  fitLine,
  noEdges,
  type StraightLine,
  takeLine,
} from '../../kernels/pixels/straight-lines.js';
import { arenaOf, beside, freeing } from '../../kernels/simd/arena.js';
import type { Point } from '../../variant.js';
import { viewOf } from '../view.js';
import { planeOf, uprightPixels, type WorkingPlane } from '../working-plane.js';
import { backgroundBoxes } from './background-boxes.js';
import type { Placement } from './detector.js';
import { trim } from './trim.js';

/**
 * The longer side to which the plane is reduced, approximately, and the least side that is
 * searched. At 450, which takes nearly three times as long, no more tilted pictures were found.
 */
const SIDE = 300;
const LEAST_PIXELS = 24;
/** Change of luma between neighbouring pixels that is an edge: half a step of this height. */
const EDGE = 3.5 * CHANGE;
/**
 * The largest share of pixels that are edges: if there are more, only stronger ones count. There
 * are under 65,536 then, as a plane has under 450 x 450 pixels.
 */
const DENSE = 1 / 4;
/** The most lines of either direction, and the least votes of one, by the rows of the plane. */
const LINES = 12;
const LEAST_VOTES = 0.3;
/** The least share of the plane's rows in which a line has a point. */
const LEAST_POINTS = 0.1;
/** The least share of the picture's side that a quadrilateral has. */
const LEAST_SIDE = 0.15;
/** The largest ratio of two opposite sides, the longer by the shorter. */
const TAPER = 1.5;
/** The least share of each side that is an edge. */
const LEAST_SUPPORT = 0.25;
/** Distance past a corner, by the longer side of the plane, in which the sides are searched. */
const PAST = 0.03;
/**
 * 64 of 494 pictures without a tilt have one worth this; 127 would have one worth 0.45, which
 * would bring one more of 156 tilted ones within 31 bits.
 */
const LEAST_WORTH = 0.55;
/** If all corners of two are nearer than this, by the diagonal, the lesser is dropped. */
const SAME = 0.02;
/** The longer side in pixels of a quadrilateral's picture, upright: 320 and 400 found no more. */
const UPRIGHT_SIDE = 256;
/** The most quadrilaterals. Each is searched for others inside it. */
const MOST = 5;
/**
 * Parts of parts are searched too: a photo between the bars of a window, on a screen in its frame.
 * Of 95 photos of screens this brought 6 more to a match.
 */
const LEVELS = 2;
/** Near its corners, this share of a side is not fitted: other edges meet there. */
const END = 0.03;
/** A side that is off by less, by its length, is upright or level. */
const UPRIGHT = 0.006;

/**
 * Finds four-sided pictures at an angle of up to 25 degrees or in perspective: a print on a table,
 * a photo of a screen, a picture tilted in a story. Straight edges are found in a plane of about
 * 300 pixels a side; two near to upright and two near to level bound a quadrilateral if they are
 * edges for most of its sides and end at its corners. Each is also searched, upright.
 *
 * If the likeliest is an upright rectangle, only it is returned: the picture is a page or a screen,
 * full of rectangles that other detectors find.
 */
export function* quadrilaterals(plane: WorkingPlane): Generator<Placement> {
  const factor = Math.max(1, Math.round(Math.max(plane.width, plane.height) / SIDE));
  const found = inReduced(plane, factor).flatMap((corners) => placedAt(plane, corners) ?? []);
  const [likeliest] = found;
  if (likeliest === undefined) return;
  if (isUpright(likeliest.geometry.corners!)) {
    yield likeliest;
    return;
  }
  const given: Corners[] = [];
  const isNew = ({ geometry }: Placement) => {
    const corners = geometry.corners!;
    if (given.some((other) => areNear(other, corners))) return false;
    given.push(corners);
    return true;
  };
  // A screen before the parts of what it shows, which may be likelier.
  for (const whole of found.sort((a, b) => areaOf(b) - areaOf(a))) {
    if (isNew(whole)) yield whole;
    yield* inside(plane, whole, LEVELS, isNew);
  }
}

/** Twice the area of a quadrilateral. */
function areaOf({ geometry }: Placement): number {
  const [a, b, c, d] = geometry.corners!;
  return (c[0] - a[0]) * (d[1] - b[1]) - (d[0] - b[0]) * (c[1] - a[1]);
}

/** The new parts of a four-sided part, each before its own; those of a known one as well. */
function* inside(
  plane: WorkingPlane,
  { geometry }: Placement,
  levels: number,
  isNew: (part: Placement) => boolean,
): Generator<Placement> {
  for (const part of partsInside(plane, geometry.corners!)) {
    const placement = placedAt(plane, part);
    if (placement === undefined) continue;
    if (isNew(placement)) yield placement;
    if (levels > 1) yield* inside(plane, placement, levels - 1, isNew);
  }
}

/**
 * Parts of a four-sided picture that is itself a screen, a page or a print with a border: found in
 * it once it is upright, one without its borders and one on a background.
 *
 * Of 65 photos of screens and 39 tilted prints and stories these brought 12 more within 31 bits, at
 * one to two hashes for each quadrilateral that is searched.
 */
export const partsInside = (plane: WorkingPlane, corners: Corners): Corners[] =>
  freeing(plane.luma, () => {
    const pixels = uprightPixels(plane, corners, UPRIGHT_SIDE);
    const upright = planeOf(viewOf(pixels), undefined, arenaOf(plane.luma));
    const { fullWidth, fullHeight } = upright;
    const numbers = quadrilateralOn({ scale: 1, marginX: 0, marginY: 0 }, corners);
    const place = (x: number, y: number) =>
      perspectivePoint(numbers, x / fullWidth, y / fullHeight);
    return [trim, backgroundBoxes].flatMap((detect): Corners[] => {
      for (const { geometry } of detect(upright)) {
        const { left, top, width, height } = geometry.rectangle;
        const [right, bottom] = [left + width, top + height];
        return [[place(left, top), place(right, top), place(right, bottom), place(left, bottom)]];
      }
      return [];
    });
  });

/** Quadrilaterals in pixels of the picture, the likeliest first. */
const inReduced = (plane: WorkingPlane, factor: number): Corners[] =>
  freeing(plane.luma, () => cornersIn(plane, factor));

function cornersIn({ luma, ...plane }: WorkingPlane, factor: number): Corners[] {
  const width = Math.floor(plane.width / factor);
  const height = Math.floor(plane.height / factor);
  if (width < LEAST_PIXELS || height < LEAST_PIXELS) return [];
  const of = <T>(kind: Parameters<typeof beside<T>>[1], length = width * height) =>
    beside(luma, kind, length);
  const reduced = of(Int16Array);
  reduceLuma(luma, plane.width, factor, width, reduced);
  const dxs = of(Int16Array);
  const dys = of(Int16Array);
  const across = { change: dxs, other: dys, at: of(Int32Array), count: 0 };
  const down = { change: dys, other: dxs, at: of(Int32Array), count: 0 };
  findChanges(reduced, width, EDGE, across, down);
  const room = Math.ceil(DENSE * width * height);
  const uprightEdges = noEdges(luma, width, height, room);
  const levelEdges = noEdges(luma, height, width, room);
  findEdges(across, down, EDGE, uprightEdges, levelEdges);
  const uprights = linesOf(uprightEdges);
  if (uprights.length < 2) return [];
  const levels = linesOf(levelEdges);
  const scale = factor * plane.scale;
  return bounded(uprights, levels, width, height).map((quad) =>
    refined(quad, uprightEdges, levelEdges).map(([x, y]): Point => [x * scale, y * scale]),
  ) as unknown as Corners[];
}

/** The strongest lines, by their crossings with the middle. */
function linesOf(edges: Edges): StraightLine[] {
  const ballot = ballotOf(edges);
  const found: StraightLine[] = [];
  for (let tries = 0; tries < 2 * LINES && found.length < LINES; tries++) {
    const line = takeLine(ballot, LEAST_VOTES * edges.rows);
    if (line === undefined) break;
    if (line.points[edges.rows]! >= LEAST_POINTS * edges.rows) found.push(line);
  }
  return found.sort((a, b) => a.offset - b.offset);
}

/** A quadrilateral between the lines that cross at its first corner and those at its third. */
interface Quad {
  readonly first: Crossing;
  readonly third: Crossing;
  readonly corners: Corners;
  readonly worth: number;
}

function crossing(
  upright: StraightLine,
  level: StraightLine,
  width: number,
  height: number,
): Point {
  const rise = level.offset - height / 2 - (level.slope * width) / 2;
  const x = (upright.offset + upright.slope * rise) / (1 - upright.slope * level.slope);
  return [x, level.offset + level.slope * (x - width / 2)];
}

/** The share of a line's rows between two places in which it has a point. */
function support({ points }: StraightLine, from: number, to: number): number {
  const last = points.length - 1;
  const start = Math.max(0, Math.min(Math.round(from), last));
  const end = Math.max(0, Math.min(Math.round(to), last));
  return end > start ? (points[end]! - points[start]!) / (end - start) : 0;
}

/** The best quadrilaterals that lines bound, the best first, no two of them nearly the same. */
function bounded(
  uprights: readonly StraightLine[],
  levels: readonly StraightLine[],
  width: number,
  height: number,
): Quad[] {
  // A line has thousands of pairs, and crosses a dozen others.
  const crossings = uprights.map((upright) =>
    levels.map((level) => crossingOf(upright, level, width, height)),
  );
  const found: Quad[] = [];
  forPairs(uprights, (LEAST_SIDE * width) / 2, (before, after) =>
    forPairs(levels, (LEAST_SIDE * height) / 2, (above, below) => {
      const a = crossings[before]![above];
      const b = crossings[after]![above];
      const c = crossings[after]![below];
      const d = crossings[before]![below];
      if (a === undefined || b === undefined || c === undefined || d === undefined) return;
      if (!isLikely(a.at, b.at, c.at, d.at, width, height)) return;
      const worth = worthOf(a, b, c, d);
      if (worth < LEAST_WORTH) return;
      found.push({ first: a, third: c, corners: [a.at, b.at, c.at, d.at], worth });
    }),
  );
  const kept: Quad[] = [];
  for (const quad of found.sort((a, b) => b.worth - a.worth)) {
    if (kept.length === MOST) break;
    if (!kept.some((other) => areNear(other.corners, quad.corners))) kept.push(quad);
  }
  return kept;
}

/** Calls `use` with the indices of all two lines that are so far apart at the middle. */
function forPairs(
  lines: readonly StraightLine[],
  least: number,
  use: (first: number, last: number) => void,
): void {
  for (let i = 0; i < lines.length; i++) {
    for (let j = i + 1; j < lines.length; j++) {
      if (lines[j]!.offset - lines[i]!.offset >= least) use(i, j);
    }
  }
}

/** True if a point is in the picture, up to a fiftieth outside. Its sides are 1. */
const isNearPicture = (x: number, y: number): boolean =>
  Math.abs(x - 0.5) <= 0.52 && Math.abs(y - 0.5) <= 0.52;

/** True if a quadrilateral may be a picture's. */
function isLikely(a: Point, b: Point, c: Point, d: Point, width: number, height: number): boolean {
  const above = b[0] - a[0];
  const below = c[0] - d[0];
  const before = d[1] - a[1];
  const after = c[1] - b[1];
  return (
    Math.min(above, below) >= LEAST_SIDE * width &&
    Math.min(before, after) >= LEAST_SIDE * height &&
    Math.max(above, below) <= TAPER * Math.min(above, below) &&
    Math.max(before, after) <= TAPER * Math.min(before, after)
  );
}

/** A crossing near the picture, and the support of either line just past it, each way. */
interface Crossing {
  readonly upright: StraightLine;
  readonly level: StraightLine;
  readonly at: Point;
  readonly above: number;
  readonly below: number;
  readonly before: number;
  readonly after: number;
}

function crossingOf(
  upright: StraightLine,
  level: StraightLine,
  width: number,
  height: number,
): Crossing | undefined {
  const at = crossing(upright, level, width, height);
  const [x, y] = at;
  if (!isNearPicture(x / width, y / height)) return undefined;
  const past = PAST * Math.max(width, height);
  return {
    upright,
    level,
    at,
    above: support(upright, y - past, y - 2),
    below: support(upright, y + 2, y + past),
    before: support(level, x - past, x - 2),
    after: support(level, x + 2, x + past),
  };
}

/**
 * 0.6 of the weakest side's support and 0.4 of the mean, less half of the edges that continue past
 * the corners: 0 if a side is hardly an edge.
 */
function worthOf(a: Crossing, b: Crossing, c: Crossing, d: Crossing): number {
  const before = support(a.upright, a.at[1], d.at[1]);
  const above = support(a.level, a.at[0], b.at[0]);
  const after = support(c.upright, b.at[1], c.at[1]);
  const below = support(c.level, d.at[0], c.at[0]);
  const weakest = Math.min(before, above, after, below);
  if (weakest < LEAST_SUPPORT) return 0;
  const across = a.above + d.below + a.before + b.after;
  const beyond = across + b.above + c.below + d.before + c.after;
  const mean = (before + above + after + below) / 4;
  return 0.6 * weakest + 0.4 * mean - beyond / 16;
}

/** The corners of the sides refitted, each only to its points between its corners. */
function refined({ first, third, corners }: Quad, upright: Edges, level: Edges): Corners {
  const { length: width, rows: height } = upright;
  const fitted = (edges: Edges, line: StraightLine, from: number, to: number) => {
    // Not a spread, whose object has another shape: `fitLine` would allocate 0.7 MB (V8 11.3).
    const side = { offset: line.offset, slope: line.slope, points: line.points };
    const end = END * (to - from);
    fitLine(edges, side, Math.ceil(from + end), Math.floor(to - end));
    return side;
  };
  const [a, b, c, d] = corners;
  const left = fitted(upright, first.upright, a[1], d[1]);
  const top = fitted(level, first.level, a[0], b[0]);
  const right = fitted(upright, third.upright, b[1], c[1]);
  const bottom = fitted(level, third.level, d[0], c[0]);
  return [
    crossing(left, top, width, height),
    crossing(right, top, width, height),
    crossing(right, bottom, width, height),
    crossing(left, bottom, width, height),
  ];
}

function areNear(some: Corners, others: Corners): boolean {
  const [a, , c] = some;
  const near = SAME * Math.hypot(c[0] - a[0], c[1] - a[1]);
  return some.every(([x, y], i) => Math.hypot(x - others[i]![0], y - others[i]![1]) <= near);
}

const isUpright = ([a, b, c, d]: Corners): boolean =>
  Math.max(Math.abs(a[0] - d[0]), Math.abs(b[0] - c[0])) <= UPRIGHT * (d[1] - a[1]) &&
  Math.max(Math.abs(a[1] - b[1]), Math.abs(d[1] - c[1])) <= UPRIGHT * (b[0] - a[0]);

/** Steps of a pixel to which corners are rounded. */
const STEPS = 16;

/** Corners moved into the picture, if they still form a convex quadrilateral. */
function placedAt(
  { fullWidth, fullHeight }: WorkingPlane,
  corners: Corners,
): Placement | undefined {
  const inside = (value: number, most: number) =>
    Math.max(0, Math.min(Math.round(STEPS * value) / STEPS, most));
  const placed = corners.map(([x, y]): Point => [inside(x, fullWidth), inside(y, fullHeight)]);
  for (const [i, [x, y]] of placed.entries()) {
    const [nextX, nextY] = placed[(i + 1) & 3]!;
    const [thenX, thenY] = placed[(i + 2) & 3]!;
    // Clockwise as seen, and at each corner about a right angle: a pixel square is 1.
    if ((nextX - x) * (thenY - nextY) - (nextY - y) * (thenX - nextX) < 1) return undefined;
  }
  const xs = placed.map(([x]) => x);
  const ys = placed.map(([, y]) => y);
  const left = Math.floor(Math.min(...xs));
  const top = Math.floor(Math.min(...ys));
  const width = Math.ceil(Math.max(...xs)) - left;
  const height = Math.ceil(Math.max(...ys)) - top;
  return {
    name: 'quadrilateral',
    geometry: { rectangle: { left, top, width, height }, corners: placed as unknown as Corners },
  };
}
