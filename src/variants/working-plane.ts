import type { LumaPlane } from '../hashing/pdq-region.js';
import { type Corners, quadrilateralOn } from '../hashing/quadrilateral.js';
import { perspectivePixels } from '../kernels/pixels/perspective.js';
import { lower, reduce, reducedLuma, turnedPixels } from '../kernels/pixels/plane.js';
import { type Arena, beside, freeing } from '../kernels/simd/arena.js';
import type { CheckedPixels } from '../pixels.js';
import type { Point, Rectangle, VariantGeometry } from '../variant.js';
import { dihedral } from './forms.js';
import { partOf, type View, viewOf } from './view.js';

/**
 * A picture reduced for detectors and for sampling its parts, shared by all variants of one
 * picture. The mean of its luma, rounded to a whole number, is 0.
 */
export interface WorkingPlane extends LumaPlane {
  /** sides of the picture itself */
  readonly fullWidth: number;
  readonly fullHeight: number;
  /** the picture itself, for tasks that need more detail */
  readonly view: View;
  /** rounded means; one and the same array for a grey picture */
  readonly red: Uint8Array;
  readonly green: Uint8Array;
  readonly blue: Uint8Array;
}

/**
 * Pixels to which a working plane is reduced, approximately: half to twice as many if the picture
 * has them. With 1,024 a side, planes and detectors took 45 ms of a picture of one megapixel, and
 * found as much.
 */
const WORKING_AREA = 2 ** 18;
/** The longest side of a plane; running counts along it fit 16 bits. */
const LONGEST_SIDE = 4096;

/**
 * The working plane of a picture, without margins. It has the picture's own pixels up to 767 x 767
 * of them. Alpha is ignored, as in the PDQ reference.
 * @param area approximate pixels of the plane
 */
export const workingPlane = (pixels: CheckedPixels, area?: number): WorkingPlane =>
  planeOf(viewOf(pixels), area);

/** The working plane of a picture stored in memory in any order. */
export function planeOf(view: View, area: number = WORKING_AREA, arena?: Arena): WorkingPlane {
  const { data, width: fullWidth, height: fullHeight, channels } = view;
  // A whole number, so that borders of the plane are borders of pixels.
  const scale = Math.max(
    1,
    Math.round(Math.sqrt((fullWidth * fullHeight) / area)),
    Math.ceil(Math.max(fullWidth, fullHeight) / LONGEST_SIDE),
  );
  const width = Math.ceil(fullWidth / scale);
  const height = Math.ceil(fullHeight / scale);
  const luma = arena?.take(Float32Array, width * height) ?? new Float32Array(width * height);
  const colour = () => beside(luma, Uint8Array, luma.length);
  const red = colour();
  const [green, blue] = channels < 3 ? [red, red] : [colour(), colour()];
  const mean = Math.round(reduce(data, channels, view, scale, { luma, red, green, blue }));
  lower(luma, mean);
  const sides = { width, height, scale, marginX: 0, marginY: 0, fullWidth, fullHeight };
  return { ...sides, view, luma, red, green, blue };
}

/** The least pixels per sample of PDQ's grid of a part that is sampled. */
const LEAST_DETAIL = 1.9;
const DETAIL = 2.6;

/**
 * The plane from which PDQ samples a part: the given one, or, for a part that is small in it, a
 * plane of its own in more detail, 0.3 ms for its luma.
 */
export function planeOfPart(plane: WorkingPlane, { rectangle }: VariantGeometry): LumaPlane {
  const { scale, view, fullWidth, fullHeight } = plane;
  const side = sideOf(rectangle);
  if (scale === 1 || side >= LEAST_DETAIL * scale) return plane;
  // The rectangle around moved corners may begin between pixels.
  const left = Math.max(0, Math.floor(rectangle.left));
  const top = Math.max(0, Math.floor(rectangle.top));
  const width = Math.min(fullWidth, Math.ceil(rectangle.left + rectangle.width)) - left;
  const height = Math.min(fullHeight, Math.ceil(rectangle.top + rectangle.height)) - top;
  const finer = Math.max(1, Math.floor(side / DETAIL));
  const columns = Math.ceil(width / finer);
  const rows = Math.ceil(height / finer);
  const luma = beside(plane.luma, Float32Array, columns * rows);
  const part = partOf(view, { left, top, width, height });
  reducedLuma(view.data, view.channels, part, finer, luma);
  const margins = { marginX: -left / finer, marginY: -top / finer };
  return { luma, width: columns, height: rows, scale: finer, ...margins };
}

/** Pixels of the picture between samples of PDQ's grid of a part. */
const sideOf = ({ width, height }: Rectangle): number => Math.sqrt(width * height) / 64;

/** Runs `work` with the plane of a part. One of its own is then freed: there may be hundreds. */
export function withPlaneOfPart<R>(
  plane: WorkingPlane,
  part: VariantGeometry,
  work: (plane: LumaPlane) => R,
): R {
  const sampled = () => work(planeOfPart(plane, part));
  const { scale, luma } = plane;
  const isOwn = scale > 1 && sideOf(part.rectangle) < LEAST_DETAIL * scale;
  return isOwn ? freeing(luma, sampled) : sampled();
}

/**
 * Data shared by several detectors, such as running counts of edges: made from a plane on first
 * use, and kept as long as the plane.
 * @param make only reads the plane; its result is only read
 */
export function shared<T extends object>(
  make: (plane: WorkingPlane) => T,
): (plane: WorkingPlane) => T {
  const made = new WeakMap<WorkingPlane, T>();
  return (plane) => {
    const known = made.get(plane);
    if (known !== undefined) return known;
    const fresh = make(plane);
    made.set(plane, fresh);
    return fresh;
  };
}

/** Red, green, blue. */
export type Colour = readonly [number, number, number];

/** The colour of a pixel of the plane. */
export const colourAt = ({ red, green, blue }: WorkingPlane, at: number): Colour => [
  red[at]!,
  green[at]!,
  blue[at]!,
];

/** True if no channel of a pixel of the plane differs from a colour by more than `tolerance`. */
export const isOf = (
  { red, green, blue }: WorkingPlane,
  at: number,
  colour: Colour,
  tolerance: number,
): boolean =>
  Math.abs(red[at]! - colour[0]) <= tolerance &&
  Math.abs(green[at]! - colour[1]) <= tolerance &&
  Math.abs(blue[at]! - colour[2]) <= tolerance;

/**
 * The pixels of a variant at the size of the working plane: for hashes other than PDQ, and for
 * display. If it is turned or has corners they are the nearest ones; beyond the picture, those of
 * its border.
 * @returns new pixels, of one sample each if the picture is grey, else RGB
 */
export function planePixels(
  plane: WorkingPlane,
  { rectangle, corners, angle = 0, dihedral: form = 'original' }: VariantGeometry,
): CheckedPixels {
  const { scale, red, green, blue } = plane;
  if (corners !== undefined) return dihedral(uprightPixels(plane, corners), form);
  const width = Math.max(1, Math.round(rectangle.width / scale));
  const height = Math.max(1, Math.round(rectangle.height / scale));
  const grid = {
    width,
    height,
    centreX: (rectangle.left + rectangle.width / 2) / scale,
    centreY: (rectangle.top + rectangle.height / 2) / scale,
    cosine: Math.cos((angle * Math.PI) / 180),
    sine: Math.sin((angle * Math.PI) / 180),
  };
  const planes = red === green ? [red] : [red, green, blue];
  const data = new Uint8Array(width * height * planes.length);
  turnedPixels(planes, plane.width, plane.height, grid, data);
  return dihedral({ data, width, height, channels: planes.length === 1 ? 1 : 3 }, form);
}

/**
 * The pixels of a four-sided part, made upright. Its sides are the longer ones of opposite sides.
 * @param most limit of the longer side, in pixels
 */
export function uprightPixels(
  plane: WorkingPlane,
  corners: Corners,
  most = Number.POSITIVE_INFINITY,
): CheckedPixels {
  const { scale, red, green, blue } = plane;
  const [a, b, c, d] = corners;
  const across = Math.max(apart(a, b), apart(d, c)) / scale;
  const down = Math.max(apart(a, d), apart(b, c)) / scale;
  const reduced = Math.min(1, most / Math.max(across, down));
  const width = Math.max(1, Math.round(across * reduced));
  const height = Math.max(1, Math.round(down * reduced));
  const planes = red === green ? [red] : [red, green, blue];
  const data = beside(red, Uint8Array, width * height * planes.length);
  const part = { numbers: quadrilateralOn(plane, corners), width, height };
  perspectivePixels(planes, plane.width, plane.height, part, data);
  return { data, width, height, channels: planes.length === 1 ? 1 : 3 };
}

const apart = ([x0, y0]: Point, [x1, y1]: Point) => Math.hypot(x1 - x0, y1 - y0);
