import type { LumaPlane } from '../../hashing/pdq-region.js';
import { beside, freeing, kernelsOf } from '../../kernels/simd/arena.js';
import { COLOUR_KERNELS } from '../../kernels/simd/colours.js';
import type { Rectangle } from '../../variant.js';
import { type Colour, colourAt, isOf, shared, type WorkingPlane } from '../working-plane.js';
import { frameColour, partsOn } from './content-parts.js';
import type { Detector, Placement } from './detector.js';
import { snapToEdges } from './snap-to-edges.js';

/** The least share of the picture that the background's colour covers. */
const BACKGROUND_SHARE = 0.03;
/** Only the largest parts become boxes, and all others as high or as wide as one of them. */
const MOST_PARTS = 4;
/** The least difference of the border's colour from the background's that makes it another one. */
const SAME_COLOUR = 14;
/** The most difference of equal sides: pixels of the plane, or a share. */
const SAME_PIXELS = 3;
const SAME = 0.02;
/** Pixels of an encoder's ringing that may pass for content. */
const RINGING = 2;

/**
 * Finds parts on a background of one colour: the connected parts that are not of the picture's
 * commonest colour, or not of its border's. The largest four come first, then others that are as
 * high or as wide as one of these. They are most photos in a phone's screenshot, and the cells of a
 * collage with gaps or of a page of results.
 */
export const backgroundBoxes: Detector = (plane) => placed(plane, boxesOf(plane));

/** The same, of parts judged by their blocks alone: in less time. */
export const plainBoxes: Detector = (plane) => placed(plane, boxesIn(plane, false));

function* placed(plane: WorkingPlane, boxes: readonly Rectangle[]): Generator<Placement> {
  for (const box of boxes) yield boxAt(plane, snapToEdges(plane, box, RINGING));
}

/** The placement of a box, whose corners may be rounded. */
export const boxAt = (plane: WorkingPlane, rectangle: Rectangle): Placement => ({
  name: 'box',
  geometry: { rectangle },
  plane: withoutRoundedCorners(plane, rectangle),
});

/** The same boxes, in pixels of the plane. */
export const boxesOf = /* @__PURE__ */ shared((plane: WorkingPlane) => boxesIn(plane, true));

/** @param byBox as for `partsOf` */
function boxesIn(plane: WorkingPlane, byBox: boolean): readonly Rectangle[] {
  const { width, height } = plane;
  const whole = { left: 0, top: 0, width, height };
  const boxes: Rectangle[] = [];
  for (const background of backgroundsOf(plane, whole)) {
    const parts = partsOn(plane, whole, background, byBox);
    const largest = parts.slice(0, MOST_PARTS);
    for (const [at, part] of parts.entries()) {
      if (part.width === width && part.height === height) continue;
      if (boxes.some((box) => areAlike(part, box))) continue;
      if (at < MOST_PARTS || largest.some((box) => areInLine(part, box))) boxes.push(part);
    }
  }
  return boxes;
}

/** The commonest colour, and the colour of the picture's border if it is another. */
function backgroundsOf(plane: WorkingPlane, whole: Rectangle): Colour[] {
  const common = commonestColour(plane, whole);
  const border = frameColour(plane, whole, 0);
  if (common === undefined) return border === undefined ? [] : [border];
  const isOther = border?.some((channel, at) => Math.abs(channel - common[at]!) > SAME_COLOUR);
  return border !== undefined && isOther ? [common, border] : [common];
}

const areNear = (a: number, b: number, length: number): boolean =>
  Math.abs(a - b) <= Math.max(SAME_PIXELS, SAME * length);

/** True if two boxes may be cells of one row or column: they are as high or as wide. */
const areInLine = (a: Rectangle, b: Rectangle): boolean =>
  areNear(a.height, b.height, b.height) || areNear(a.width, b.width, b.width);

const areAlike = (a: Rectangle, b: Rectangle): boolean =>
  areNear(a.left, b.left, b.width) &&
  areNear(a.top, b.top, b.height) &&
  areNear(a.width, b.width, b.width) &&
  areNear(a.height, b.height, b.height);

/** One of so many pixels of a plane is sampled for its commonest colour: 50,000 suffice. */
const EVERY = 5;

/**
 * The mean of the fullest of 32 x 32 x 32 bins of colour of a part; undefined if it holds less than
 * a share of the pixels.
 */
export const commonestColour = (
  { red, green, blue, width: stride }: WorkingPlane,
  { left, top, width, height }: Rectangle,
  least = BACKGROUND_SHARE,
): Colour | undefined =>
  freeing(red, () => {
    const bins = beside(red, Int32Array, 1 << 15);
    const colours = beside(red, Int32Array, Math.ceil((width * height) / EVERY) + 4);
    const sums = beside(red, Int32Array, 3);
    const kernels = kernelsOf(red, COLOUR_KERNELS, green, blue, bins, colours, sums);
    const first = top * stride + left;
    let sampled = 0;
    if (kernels) {
      sampled = kernels.countColours(
        ...([red.byteOffset + first, green.byteOffset + first, blue.byteOffset + first] as const),
        ...([stride, width, height, bins.byteOffset, colours.byteOffset] as const),
      );
    } else {
      for (let y = 0, x = 0, row = first; y < height; y++, row += stride, x -= width) {
        for (; x < width; x += EVERY) {
          const i = row + x;
          colours[sampled++] = red[i]! | (green[i]! << 8) | (blue[i]! << 16);
          bins[((red[i]! >> 3) << 10) | ((green[i]! >> 3) << 5) | (blue[i]! >> 3)]!++;
        }
      }
    }
    let common = kernels?.fullest(bins.byteOffset) ?? 0;
    for (let bin = kernels ? bins.length : 1; bin < bins.length; bin++) {
      if (bins[bin]! > bins[common]!) common = bin;
    }
    const count = bins[common]!;
    if (EVERY * count < least * width * height) return undefined;
    const bits = ((common >> 10) << 3) | (((common >> 5) & 31) << 11) | ((common & 31) << 19);
    kernels?.sumColours(colours.byteOffset, sampled, bits, sums.byteOffset);
    for (let i = kernels ? sampled : 0; i < sampled; i++) {
      const colour = colours[i]!;
      if ((colour & 0xf8f8f8) !== bits) continue;
      sums[0]! += colour & 255;
      sums[1]! += (colour >> 8) & 255;
      sums[2]! += colour >> 16;
    }
    const [r, g, b] = sums as unknown as Colour;
    return [Math.round(r / count), Math.round(g / count), Math.round(b / count)];
  });

/** The most difference of a channel from the background beside a corner. */
const CORNER_TOLERANCE = 24;
/** The largest share of a side that a rounded corner takes, and its least size in pixels. */
const MOST_CORNER = 0.15;
const LEAST_CORNER = 3;
/** Pixels between background and photo that mix both. */
const MIXED = 2;

/** A corner of a box: its pixel in the plane, and the steps that lead into the box. */
type Corner = readonly [x: number, y: number, inX: 1 | -1, inY: 1 | -1];

/**
 * Fills up the rounded corners of a photo: where the background reaches into the corners of a box,
 * each row is continued by the photo's pixel next to it. Left unchanged, they cost up to a third of
 * the matches in a phone's screenshots.
 * @param box a rectangle in pixels of the picture
 * @returns a plane of the box alone, in its place, or `undefined` unless at least two corners are
 *   rounded
 */
export function withoutRoundedCorners(plane: WorkingPlane, box: Rectangle): LumaPlane | undefined {
  const { scale, width, height } = plane;
  const left = Math.round(box.left / scale);
  const top = Math.round(box.top / scale);
  const right = Math.min(width, Math.round((box.left + box.width) / scale)) - 1;
  const bottom = Math.min(height, Math.round((box.top + box.height) / scale)) - 1;
  const corners: Corner[] = [
    [left, top, 1, 1],
    [right, top, -1, 1],
    [left, bottom, 1, -1],
    [right, bottom, -1, -1],
  ];
  const columns = right - left + 1;
  const rows = bottom - top + 1;
  const rounded = corners.flatMap((corner) => {
    const runs = runsOf(plane, corner, columns, rows);
    return runs === undefined ? [] : [{ corner, runs }];
  });
  if (rounded.length < 2) return undefined;
  const luma = beside(plane.luma, Float32Array, columns * rows);
  for (let y = 0; y < rows; y++) {
    const from = (top + y) * width + left;
    luma.set(plane.luma.subarray(from, from + columns), y * columns);
  }
  for (const { corner, runs } of rounded) {
    const [x, y, inX, inY] = corner;
    for (let row = 0; row < runs.length; row++) {
      const start = (y - top + row * inY) * columns + x - left;
      const end = runs[row]! + MIXED;
      const value = luma[start + end * inX]!;
      for (let i = 0; i < end; i++) luma[start + i * inX] = value;
    }
  }
  return { luma, width: columns, height: rows, scale, marginX: -left, marginY: -top };
}

/** The number of background pixels in each row of a corner, if it is rounded. */
function runsOf(
  plane: WorkingPlane,
  [x, y, inX, inY]: Corner,
  boxWidth: number,
  boxHeight: number,
): number[] | undefined {
  const { width, height } = plane;
  const corner = y * width + x;
  // The background is diagonally outside; beside the box if that reaches the border.
  const outX = x - 2 * inX;
  const outY = y - 2 * inY;
  const isOutX = outX >= 0 && outX < width;
  const isOutY = outY >= 0 && outY < height;
  if (!isOutX && !isOutY) return undefined;
  const background = colourAt(plane, (isOutY ? outY : y) * width + (isOutX ? outX : x));
  const runs: number[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (let row = 0; row < MOST_CORNER * boxHeight; row++) {
    const start = corner + row * inY * width;
    let run = 0;
    while (
      run < MOST_CORNER * boxWidth &&
      isOf(plane, start + run * inX, background, CORNER_TOLERANCE)
    ) {
      run++;
    }
    // A curve recedes from row to row; otherwise it is content of the background's colour.
    if (run >= MOST_CORNER * boxWidth || run > last + MIXED) return undefined;
    if (run === 0) break;
    last = run;
    runs.push(run);
  }
  if (runs.length < LEAST_CORNER || runs.length >= MOST_CORNER * boxHeight) return undefined;
  if (runs[0]! < LEAST_CORNER) return undefined;
  return runs;
}
