/*
 * The second test of a place near an entry. Two pictures of one compact thing on a plain ground may
 * be within 60 bits of each other, whatever the thing. Their parts are not: a quarter, the centre
 * or the middle band of one shows something else. So whoever lists a picture can also list the PDQ
 * hashes of six of its parts, and an upload near it is compared part by part.
 */

import { hexOf, PARTS_BYTES, type Resample } from '../hash.js';
import { pdqRegion } from '../hashing/pdq-region.js';
import { perspectiveOf, perspectivePoint } from '../kernels/pixels/perspective.js';
import { layOf, type Point, type VariantGeometry, type VariantName } from '../variant.js';
import type { Placement } from './detect/detector.js';
import { insideBoxes } from './detect/inside-boxes.js';
import { quadrilaterals } from './detect/quadrilaterals.js';
import { trim } from './detect/trim.js';
import { around } from './refine.js';
import type { View } from './view.js';
import { planeOf, type WorkingPlane, withPlaneOfPart } from './working-plane.js';

/** Left, top, width and height in shares of a picture. */
type Shares = readonly [left: number, top: number, width: number, height: number];

/** The quarters by rows, the centre, the middle band. */
export const PARTS: readonly Shares[] = [
  [0, 0, 0.5, 0.5],
  [0.5, 0, 0.5, 0.5],
  [0, 0.5, 0.5, 0.5],
  [0.5, 0.5, 0.5, 0.5],
  [0.25, 0.25, 0.5, 0.5],
  [0, 0.25, 1, 0.5],
];

/** PDQ of a place, sampled from its own plane or from that of the picture. */
export const regionHash = (
  plane: WorkingPlane,
  { geometry, plane: own }: Pick<Placement, 'geometry' | 'plane'>,
  resample: Resample,
) =>
  own
    ? pdqRegion(own, geometry, resample)
    : withPlaneOfPart(plane, geometry, (sampled) => pdqRegion(sampled, geometry, resample));

/** The hashes of the parts of a place, end to end in hex: about 0.1 ms each. */
export function partHashes(
  plane: WorkingPlane,
  { name, geometry, plane: own }: Pick<Placement, 'geometry' | 'plane'> & { name?: VariantName },
  resample: Resample,
): string {
  const hashes = new Uint8Array(PARTS_BYTES);
  for (const [at, shares] of PARTS.entries()) {
    const part = partOf(geometry, shares);
    const { hash } = regionHash(plane, { geometry: part, plane: own }, resample);
    hashes.set(hash.bytes, at * hash.bytes.length);
  }
  // As luma is inverted, so is each bit.
  return hexOf(name === 'inverted' ? hashes.map((byte) => 255 - byte) : hashes);
}

/** The hashes of the parts of a picture for a list. Those of a page or the like are marked. */
export function partsOfPicture(view: View, resample: Resample): string {
  const rectangle = { left: 0, top: 0, width: view.width, height: view.height };
  const plane = planeOf(view);
  return partHashes(plane, { geometry: { rectangle } }, resample) + (isPage(plane) ? '01' : '');
}

/**
 * True if a picture seems to be a page, a screenshot, or a photo in a frame or on a screen. Two of
 * one layout have the same parts, whatever photos they show. Of 188 such copies of the tuned photos
 * 0.97 do, and of the photos themselves 4 of 19; found boxes, rectangles or blurred bars would take
 * in 0.2 to 0.8 of these.
 */
const isPage = (plane: WorkingPlane): boolean =>
  [trim, insideBoxes, quadrilaterals].some((detect) => {
    for (const _ of detect(plane)) return true;
    return false;
  });

/** The place of a part of the form that a place shows. */
function partOf(
  { rectangle, corners, angle, dihedral = 'original' }: VariantGeometry,
  shares: Shares,
): VariantGeometry {
  const { turned, fromRight, fromBottom } = layOf(dihedral);
  const [across, down, wide, high] = turned ? [shares[1], shares[0], shares[3], shares[2]] : shares;
  // From the left and the top of the place itself.
  const left = fromRight ? 1 - across - wide : across;
  const top = fromBottom ? 1 - down - high : down;
  const form = dihedral === 'original' ? {} : { dihedral };
  if (corners !== undefined) {
    const numbers = perspectiveOf(Float64Array.from(corners.flat()));
    const at = (x: number, y: number): Point => perspectivePoint(numbers, x, y);
    const [right, bottom] = [left + wide, top + high];
    const part = [at(left, top), at(right, top), at(right, bottom), at(left, bottom)] as const;
    return { rectangle: around(part), corners: part, ...form };
  }
  const width = Math.max(1, Math.round(rectangle.width * wide));
  const height = Math.max(1, Math.round(rectangle.height * high));
  // From the middle of the place to that of the part, turned about the first.
  const x = (left + wide / 2 - 0.5) * rectangle.width;
  const y = (top + high / 2 - 0.5) * rectangle.height;
  const radians = ((angle ?? 0) * Math.PI) / 180;
  const [cosine, sine] = [Math.cos(radians), Math.sin(radians)];
  const middleX = rectangle.left + rectangle.width / 2 + x * cosine - y * sine;
  const middleY = rectangle.top + rectangle.height / 2 + x * sine + y * cosine;
  const part = {
    left: Math.round(middleX - width / 2),
    top: Math.round(middleY - height / 2),
    width,
    height,
  };
  return { rectangle: part, ...(angle !== undefined && { angle }), ...form };
}
