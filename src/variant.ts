import type { Hash, Resample } from './hash.js';
import { layoutOf, type Orientation } from './pixels.js';

/** The eight ways to lay a rectangle onto itself, as the PDQ reference names and orders them. */
export const DIHEDRAL_NAMES = [
  'original',
  'rotate90',
  'rotate180',
  'rotate270',
  'flipX',
  'flipY',
  'flipPlus1',
  'flipMinus1',
] as const;

/** One of the eight dihedral forms of a picture. */
export type DihedralName = (typeof DIHEDRAL_NAMES)[number];

const variantNames = () =>
  [
    ...DIHEDRAL_NAMES,
    'stored',
    'onWhite',
    'onBlack',
    'otherResample',
    'unletterbox',
    'unblurBars',
    'box',
    'rectangle',
    'unturn',
    'unturnCropped',
    'uncrop',
    'crop',
  ] as const;

/** What may have been hashed, by name. */
export const VARIANT_NAMES = /* @__PURE__ */ variantNames();

/**
 * What was hashed: `original` is the picture as displayed, `stored` as its file stores it (before EXIF
 * orientation), `onWhite` and `onBlack` its transparent parts laid on a colour, `otherResample` the picture in PDQ's
 * other size convention. The others undo an edit and have a geometry: `unletterbox` takes off borders of one colour,
 * `unblurBars` blurred bars, `box` is what lies on a background, `rectangle` what straight edges enclose, `unturn`
 * turns back a picture whose canvas grew, `unturnCropped` one whose corners were cut, `uncrop` puts back what was cut
 * off (by repeating the border pixels), `crop` is a part of a list's own photo.
 */
export type VariantName = (typeof VARIANT_NAMES)[number];

/** A rectangle in pixels of the displayed picture, from its top left corner. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Which part of the displayed picture a variant is. */
export interface VariantGeometry {
  /** may reach beyond the picture, whose border pixels are repeated there */
  readonly rectangle: Rectangle;
  /** degrees by which the rectangle is turned about its centre, clockwise as seen; absent: upright */
  readonly angle?: number;
  /** how that part was then laid, as the dihedral forms are named; absent: as it is */
  readonly dihedral?: DihedralName;
}

/** A hash of one variant of a picture. */
export interface HashedVariant {
  readonly name: VariantName;
  readonly hash: Hash;
  /** 0…100 where the algorithm has one (PDQ: always) */
  readonly quality?: number;
  /** PDQ's size convention that it was hashed in; it is not the picture's own in `otherResample` */
  readonly resample?: Resample;
  /** where the variant lies in the picture, if it is a part of it or turned */
  readonly geometry?: VariantGeometry;
}

/** A picture's hash, its quality where the algorithm has one, and the hashes of its other variants (often none). */
export interface HashedImage {
  readonly hash: Hash;
  readonly quality?: number;
  /** PDQ's size convention that it was hashed in */
  readonly resample?: Resample;
  readonly variants: readonly HashedVariant[];
}

/**
 * The EXIF orientation that shows each form. The reference turns counterclockwise, and its `flipX` is upside down.
 */
export const DIHEDRAL_ORIENTATIONS: Readonly<Record<DihedralName, Orientation>> = {
  original: 1,
  rotate90: 8,
  rotate180: 3,
  rotate270: 6,
  flipX: 4,
  flipY: 2,
  flipPlus1: 5,
  flipMinus1: 7,
};

/** How the rows of a form lie in the picture. */
export const layOf = (name: DihedralName) => layoutOf(DIHEDRAL_ORIENTATIONS[name]);
